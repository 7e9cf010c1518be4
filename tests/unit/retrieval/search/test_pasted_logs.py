"""A pasted log does not hide the question."""

from __future__ import annotations

import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.pasted_logs import question_of
from tests.support.embedding import default_embedder

LOG = [f"Nov 29 12:{n}:07 host app[{n}31]: WARN retry {n} to 10.0.0.{n}:8080 code E-1043" for n in range(10, 40)]


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index([Document("https://a.example", "What does E-1043 mean?", "No connection.")], default_embedder())


@pytest.mark.parametrize("question", ["Why does the app not sync any more?", "为什么应用不能同步了？"])
def test_the_question_and_the_codes_that_the_pages_know_are_left(index: Index, question: str) -> None:
    assert question_of("\n".join([question, *LOG]), index) == f"{question} e1043"
    assert question_of("\n".join([*LOG, question]), index) == f"{question} e1043"


def test_fenced_code_is_left_out(index: Index) -> None:
    text = "How do I call this?\n\n```python\nprint('hello')\nfor each in range(3):\n    pass\n```"
    assert question_of(text, index) == "How do I call this?"


@pytest.mark.parametrize("text", ["E-1043", "How do I pay?", "Hello,\nI have a question.\nHow do I pay?\nThank you!"])
def test_a_message_without_a_log_stays_as_it_is(index: Index, text: str) -> None:
    assert question_of(text, index) == text
