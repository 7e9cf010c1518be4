"""What denies something, and what only sounds like it; and that it makes an answer less sure that denies nothing."""

from __future__ import annotations

import pytest

from retrieval.documents import Document
from retrieval.searching import calibration
from retrieval.searching.calibration import DEFAULT_THRESHOLD
from retrieval.searching.negation import negates
from retrieval.searching.profiles import WORDED
from retrieval.searching.retriever import retriever_over
from tests.support.embedding import default_embedder


@pytest.mark.parametrize(
    "text",
    [
        "I can't join the contest",
        "I can’t join",
        "cant log in",
        "I am unable to pay",
        "Why is my card not working?",
        "My payment failed",
        "It no longer turns on",
        "The parcel never arrived",
        "Why doesn't the app sync?",
    ],
)
def test_it_denies(text: str) -> None:
    assert negates(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I join the contest?",
        "Can't I pay by card?",
        "Why don't you ship to Canada?",
        "Isn't there a discount?",
        "I want a knot",
        "Do you have notebooks?",
        "",
        "怎么参加？",
    ],
)
def test_it_does_not(text: str) -> None:
    assert not negates(text)


def test_a_second_denial_counts() -> None:
    assert negates("Isn't there help? I cannot log in")


async def test_a_question_that_denies_is_less_sure_where_no_wording_does() -> None:
    def game(problem: str) -> list[Document]:
        names = {
            "join": ("How do I join a contest?", "join a contest", "I want to join a contest", problem),
            "pay": ("How do I add money?", "add money to my wallet", "top up my wallet", "put money in"),
            "team": ("How do I rename my team?", "rename my team", "change the name of my team", "another team name"),
        }
        return [Document(f"https://game.test/{n}", q, "", alternatives=tuple(more)) for n, (q, *more) in names.items()]

    asked = "I am not able to join any contest"
    embedder = default_embedder()
    how_to = await retriever_over(game("joining a contest"), embedder).retrieve(asked)
    problem = await retriever_over(game("I can't join a contest"), embedder).retrieve(asked)
    assert how_to.features["denied"] == 1
    assert problem.features["denied"] == 0
    assert how_to.confidence < calibration.confidence({**how_to.features, "denied": 0}, WORDED) - 0.02
    assert problem.confidence > DEFAULT_THRESHOLD
