"""What a confidence is said to be made of is what it was made of."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import pytest

from retrieval.documents import LEARNED, Document, RetrievalResult
from retrieval.search.calibration import INTERCEPT, UNANSWERED
from retrieval.search.retriever import LiveRetriever, retriever_over
from retrieval.search.weighing import Adjustment, Weighing, weigh_confidence
from tests.support.embedding import default_embedder

DOCUMENTS = [
    Document("https://s.example/a", "How do I return a lamp?", "Within 30 days, in its box.", language="en"),
    Document("https://s.example/b", "Do you ship to Norway?", "Yes, in a week, for 9 euros.", language="en"),
    Document("https://s.example/c", "Which bulbs fit the Ember?", "Those with an E27 base.", language="en"),
    Document("https://s.example/d", "Can I pay by invoice?", "", language="en"),
    Document("https://s.example/e", "如何更换灯泡？", "先断电，再旋下旧灯泡。", language="zh"),
]


@cache
def retriever() -> LiveRetriever:
    return retriever_over(DOCUMENTS, default_embedder())


async def weigh(question: str) -> tuple[RetrievalResult, Weighing | None]:
    found = await retriever().retrieve(question)
    return found, weigh_confidence(found.features, found.confidence, retriever().fitted)


@pytest.mark.parametrize(
    "question",
    [
        "can I send a lamp back to you",
        "do you deliver to Sweden or to Norway",
        "what is the capital of France",
        "bulb for ember please",
        "灯泡坏了怎么换",
        "Wie kann ich die Lampe zurückgeben?",
    ],
)
async def test_the_parts_are_the_sum_that_the_confidence_is(question: str) -> None:
    found, weighing = await weigh(question)
    assert weighing
    assert weighing.profile == found.profile
    assert weighing.adjustment is Adjustment.NONE
    assert 1 / (1 + math.exp(-weighing.total)) == pytest.approx(found.confidence)
    assert 1 / (1 + math.exp(-weighing.needed)) == pytest.approx(found.answer_from)
    sizes = [abs(value) for value in weighing.parts.values()]
    assert sizes == sorted(sizes, reverse=True) and all(sizes)


async def test_what_stood_above_the_sum_is_said() -> None:
    found, weighing = await weigh("could I be paying by an invoice")
    assert weighing and weighing.adjustment is Adjustment.BARE
    assert weighing.total > weighing.needed and found.confidence < found.answer_from
    fitted = retriever().fitted
    unsure = replace(
        fitted,
        profiles=tuple(replace(each, confidence={**each.confidence, INTERCEPT: -30.0}) for each in fitted.profiles),
    )
    asked = await retriever_over(DOCUMENTS, default_embedder(), fitted=unsure).retrieve("do you ship to norway")
    weighing = weigh_confidence(asked.features, asked.confidence, unsure)
    assert weighing and weighing.adjustment is Adjustment.VERBATIM
    assert weighing.total < weighing.needed and asked.confidence == asked.answer_from
    sure = await retriever().retrieve("do you ship to norway")
    weighing = weigh_confidence(sure.features, UNANSWERED * sure.answer_from, fitted)
    assert weighing and weighing.adjustment is Adjustment.NAMES


async def test_of_another_confidence_nothing_is_said() -> None:
    found, _ = await weigh("can I send a lamp back to you")
    fitted = retriever().fitted
    assert weigh_confidence(found.features, found.confidence - 0.01, fitted) is None
    assert weigh_confidence({}, 0.0, fitted) is None
    assert weigh_confidence({"top": 0.875}, 0.9, fitted) is None
    assert weigh_confidence({**found.features, LEARNED: 2.0}, 1.0, fitted) is None
    refitted = replace(
        fitted,
        profiles=tuple(replace(each, confidence={**each.confidence, "lead": 9.0}) for each in fitted.profiles),
    )
    assert weigh_confidence(found.features, found.confidence, refitted) is None
