"""One question about several things."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.search.families import (
    Family,
    ask_same_question,
    find_distinguishing_tokens,
    find_family,
    match_labels,
    promote_meant,
)
from tests.support.word_embedder import WordEmbedder


def page(lamp: str, answer: str, question: str = "Is the {} lamp waterproof?", language: str = "en") -> Document:
    return Document(f"https://shop.test/{lamp}", question.format(lamp), answer, language=language)


LAMPS = [page("desk", "No."), page("garden", "Yes, it is."), page("bicycle", "Yes, it is.")]
OTHER = Document("https://shop.test/pay", "Can I pay by card?", "Yes, by all of them.", language="en")
INDEX = build_index([*LAMPS, OTHER], WordEmbedder())
RANKED, SCORES = np.array([0, 1, 2, 3]), np.array([10, 9.9, 9.8, 2], np.float32)


@pytest.mark.parametrize(
    ("query", "meant", "differ"),
    [
        ("Is the lamp waterproof?", (0, 1, 2), True),
        ("Is the garden lamp waterproof?", (1,), False),
        ("Is the lamp for my bicycle or my garden waterproof?", (1, 2), False),
    ],
)
def test_a_question_means_the_members_that_it_names_or_all(query: str, meant: tuple[int, ...], differ: bool) -> None:
    family = find_family(INDEX, query, RANKED, SCORES)
    assert set(family.meant) == set(meant)
    assert set(family.ruled_out) == {0, 1, 2} - set(meant)
    assert family.differ is differ


def test_a_page_that_asks_something_else_is_no_member() -> None:
    assert find_family(INDEX, "Can I pay by card?", RANKED[::-1], SCORES) == Family((3,))
    assert find_family(INDEX, "?", RANKED[:0], SCORES[:0]) == Family()


def test_members_are_told_apart_by_words_that_not_all_of_them_have() -> None:
    assert find_distinguishing_tokens(LAMPS) == [{"desk"}, {"garden"}, {"bicycl"}]
    plans = [Document(f"https://shop.test/{plan}/faq", "What does it cost?", "…") for plan in ("basic", "premium")]
    assert find_distinguishing_tokens(plans) == [{"basic"}, {"premium"}]


def test_a_longer_name_rules_a_shorter_one_out() -> None:
    labels = [frozenset({"lamp"}), frozenset({"lamp", "pro"})]
    assert match_labels("the lamp pro", labels) == ([1], [0])
    assert match_labels("the lamp", labels) == ([0, 1], [])
    assert match_labels("that thing", [frozenset(), frozenset({"pro"})]) == ([0], [])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Is the desk lamp waterproof?", "Is the garden lamp waterproof?", True),
        ("台灯防水吗？", "落地灯防水吗？", True),
        ("Is the lamp waterproof?", "Is the lamp heavy?", True),  # one word that may be a name
        ("How can I pay?", "How can I return it?", False),
    ],
)
def test_questions_are_the_same_but_for_one_name(one: str, other: str, same: bool) -> None:
    assert ask_same_question(one, other) is same


def test_pages_are_read_in_their_own_language() -> None:
    assert ask_same_question("Kann ich es?", "Kann ich das zahlen?") is True
    assert ask_same_question("Kann ich es?", "Kann ich das zahlen?", "de") is False


def test_the_one_that_is_meant_goes_where_the_best_was_and_those_ruled_out_behind() -> None:
    scores = promote_meant(Family((1,), (0,)), np.array([0, 1, 2]), np.array([5, 4, 3], np.float32))
    assert scores.tolist() == [-5, 5, 3] and scores.dtype == np.float32
    before = np.array([5, 4, 3], np.float32)
    assert promote_meant(Family((0,)), np.array([0, 1, 2]), before) is before
