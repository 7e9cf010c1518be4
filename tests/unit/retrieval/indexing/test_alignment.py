"""Texts aligned word against word."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.indexing.alignment import Alignment

TEXTS = ["How do I return goods?", "怎么提升额度", "What does shipping cost?", "如何退货", "Where is my parcel?"]
ALL = np.arange(len(TEXTS))


def aligned(query: str, texts: list[str] | None = None) -> list[float]:
    known = TEXTS if texts is None else texts
    return Alignment(known, np.ones(len(known), bool)).of(query, np.arange(len(known))).tolist()


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("can I retrun goods", 0),  # a typing error
        ("returning of goods", 0),  # another form
        ("提高额度", 1),  # a shared character
        ("退款怎么办", 3),  # a shared concept
        ("shippping costs", 2),
    ],
)
def test_like_words_meet(query: str, best: int) -> None:
    assert int(np.argmax(aligned(query))) == best


def test_the_same_text_is_aligned_wholly_and_a_strange_one_not_at_all() -> None:
    assert aligned("where is my parcel")[4] == pytest.approx(1, abs=1e-6)
    assert max(aligned("xylophone")) == 0


def test_words_of_texts_that_do_not_count_are_no_less_rare() -> None:
    counted = np.array([True] * 5 + [False])
    query = "return goods to the shop"
    with_twin = Alignment([*TEXTS, "How do I return goods?"], counted).of(query, ALL)
    assert np.allclose(with_twin, aligned(query))


def test_nothing_to_align_with() -> None:
    assert aligned("return", []) == []
    assert aligned("", ["", "goods"]) is not None
    assert Alignment(TEXTS, np.ones(5, bool)).of("return", np.zeros(0, np.int64)).tolist() == []
