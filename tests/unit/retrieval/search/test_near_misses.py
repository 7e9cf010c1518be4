"""Signs that a question is beside what a passage answers."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.near_misses import NEAR_MISSES
from retrieval.text.named_kinds import find_things
from tests.support.embedding import default_embedder

DOCUMENTS = [
    Document("https://tea.example#1", "Are you open on Sunday?", "Yes, from noon.", language="en"),
    Document("https://tea.example#2", "Can I return opened tea?", "No, it stays with you.", language="en"),
    Document("https://tea.example#3", "What does error E-1043 mean?", "No connection.", language="en"),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index(DOCUMENTS, default_embedder())


@pytest.mark.parametrize(
    ("sign", "passage", "miss", "answerable"),
    [
        ("another_of_its_kind", 0, "Do you open on Monday?", "open Sundays?"),
        ("swapped", 0, "Are you open on Easter?", "Are you open on Sunday?"),
        ("uncovered", 0, "Are you open on Easter?", "open sunday?"),
        ("opposed", 1, "Can I return unopened tea?", "return opened tea"),
        ("opposed", 1, "Can I return tea that I have not opened?", "Is opened tea returnable?"),
        ("missing_numbers", 2, "I get error E-1044", "I get error E1043"),
        ("missing_elsewhere", 0, "Is tea open?", "open on sunday?"),
    ],
)
def test_a_sign_is_higher_for_the_near_miss(index: Index, sign: str, passage: int, miss: str, answerable: str) -> None:
    measure = NEAR_MISSES[sign]
    beside, on_it = (float(measure(index, text, np.array([passage]))[0]) for text in (miss, answerable))
    assert 0 <= on_it < beside <= 1


@pytest.mark.parametrize(
    ("text", "languages", "thing"),
    [
        ("Do you open on Monday?", {"en"}, ("weekday", "0")),
        ("周一营业吗", {"zh"}, ("weekday", "0")),
        ("Liefern Sie nach Österreich?", {"de"}, ("territory", "AT")),
        ("a parcel to New Zealand", {"en"}, ("territory", "NZ")),
        ("월요일에", {"ko"}, ("weekday", "0")),
    ],
)
def test_things_of_a_kind_are_read_in_each_language(text: str, languages: set[str], thing: tuple[str, str]) -> None:
    assert thing in find_things(text, languages)


def test_may_is_no_month_in_a_question() -> None:
    assert not find_things("May I come?", {"en"})
