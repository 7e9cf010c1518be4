"""One question about several things: asked back, unless one is named or all agree."""

from __future__ import annotations

import pytest

from bot.answers.decision import decide
from bot.conversation import Decision
from retrieval.documents import Document
from retrieval.searching.families import ask_the_same, names_of
from retrieval.searching.retriever import retriever_over
from tests.support.embedding import default_embedder


def page(name: str, answer: str, question: str = "Is it waterproof?") -> Document:
    return Document(f"https://shop.example/{name}", question, answer, heading_path=(name,), language="en")


DESK = page("Desk lamp", "No, it is not waterproof and has to stay indoors.")
GARDEN = page("Garden lamp", "Yes, it is waterproof and may stay in the rain.")
SHIP = page("Help", "In three days.", "How long is delivery?")
SHOP = [DESK, GARDEN, SHIP]


async def test_which_one_is_asked_where_a_question_names_none() -> None:
    result = await retriever_over(SHOP, default_embedder()).retrieve("Is it waterproof?")
    decided = decide(result)
    assert decided.decision is Decision.CLARIFY
    assert {option.passage.document for option in decided.options} == {DESK, GARDEN}


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Is the garden lamp waterproof?", GARDEN),
        ("is the GARDEN one waterproof?", GARDEN),
        ("Is the gardne lamp waterproof?", GARDEN),
        ("Is the desk lamp waterproof?", DESK),
    ],
)
async def test_the_one_that_is_named_answers(question: str, meant: Document) -> None:
    result = await retriever_over(SHOP, default_embedder()).retrieve(question)
    assert decide(result).decision is Decision.ANSWER
    assert result.passages[0].passage.document == meant


async def test_pages_that_say_the_same_are_not_asked_about() -> None:
    both = [DESK, page("Garden lamp", DESK.answer), SHIP]
    result = await retriever_over(both, default_embedder()).retrieve("Is it waterproof?")
    assert not result.family and decide(result).decision is Decision.ANSWER


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Is the desk lamp waterproof?", "Is the travel kettle waterproof?", True),
        ("台灯防水吗？", "落地灯防水吗？", True),
        ("How do I clean it?", "How do I clean it?", True),
        ("How do I cancel Pro?", "How long does it take to cancel the order of a Pro?", False),
        ("Should I be tested?", "Where can I get tested?", False),
        ("How do I pay?", "How do I return goods?", False),
    ],
)
def test_questions_are_the_same_but_for_a_name(one: str, other: str, same: bool) -> None:
    assert ask_the_same(one, other) is same


LABELS = [frozenset({"desk", "lamp"}), frozenset({"garden", "lamp"}), frozenset({"floor", "fan"})]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("the garden lamp", [1]),
        ("the lamp", [0, 1]),
        ("the fan", [2]),
        ("is it good?", [0, 1, 2]),
        ("desk lamp or garden lamp?", [0, 1]),
    ],
)
def test_a_member_is_ruled_out_by_a_better_named_one(query: str, meant: list[int]) -> None:
    found, ruled_out = names_of(query, LABELS)
    assert found == meant and sorted(found + ruled_out) == [0, 1, 2]


def test_a_question_without_a_name_means_the_member_without_one() -> None:
    assert names_of("how do I pay?", [frozenset(), frozenset({"paypal"})]) == ([0], [])
