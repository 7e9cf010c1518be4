"""One question about several things: asked back, unless one is named or all agree."""

from __future__ import annotations

import pytest

from bot.answering.decide import make_decision
from bot.chat.conversation import Decision
from retrieval.documents import Document
from retrieval.search.retriever import retriever_over
from tests.support.embedding import default_embedder


def page(name: str, answer: str, question: str = "Is it waterproof?") -> Document:
    return Document(f"https://shop.example/{name}", question, answer, heading_path=(name,), language="en")


DESK = page("Desk lamp", "No, it is not waterproof and has to stay indoors.")
GARDEN = page("Garden lamp", "Yes, it is waterproof and may stay in the rain.")
SHIP = page("Help", "In three days.", "How long is delivery?")
SHOP = [DESK, GARDEN, SHIP]


async def test_which_one_is_asked_where_a_question_names_none() -> None:
    result = await retriever_over(SHOP, default_embedder()).retrieve("Is it waterproof?")
    decided = make_decision(result)
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
    assert make_decision(result).decision is Decision.ANSWER
    assert result.passages[0].passage.document == meant


async def test_pages_that_say_the_same_are_not_asked_about() -> None:
    both = [DESK, page("Garden lamp", DESK.answer), SHIP]
    result = await retriever_over(both, default_embedder()).retrieve("Is it waterproof?")
    assert not result.family and make_decision(result).decision is Decision.ANSWER
