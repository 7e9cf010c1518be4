"""Questions offered while one types."""

from __future__ import annotations

import pytest

from bot.sources.catalogue import matching
from retrieval.documents import Document, DocumentKind

QUESTIONS = (
    "How do I return goods?",
    "Can goods be returned from abroad?",
    "Do gift cards expire?",
    "如何退货？",
    "退款需要多久？",
    "What is " + "very " * 30 + "long?",
)
DOCUMENTS = [Document(f"https://shop.test/#{question}", question, "An answer.") for question in QUESTIONS]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("return", ["How do I return goods?", "Can goods be returned from abroad?"]),
        ("goods ret", ["How do I return goods?", "Can goods be returned from abroad?"]),
        ("Do gif", ["Do gift cards expire?"]),
        ("退", ["退款需要多久？", "如何退货？"]),
        ("退货", ["如何退货？"]),
        ("zebra", []),
        ("very", []),  # too long to be offered
    ],
)
def test_every_word_typed_so_far_counts(typed: str, offered: list[str]) -> None:
    assert list(matching(DOCUMENTS, typed, 25, 100)) == offered


def test_no_more_than_asked_for_and_sections_are_no_questions() -> None:
    section = Document("https://shop.test/s", "Return", "…", kind=DocumentKind.SECTION)
    assert len(matching([*DOCUMENTS, section], "", 3, 100)) == 3
    assert "Return" not in matching([*DOCUMENTS, section], "return", 25, 100)
