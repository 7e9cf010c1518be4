"""Which questions lean on the conversation, told by their words."""

from __future__ import annotations

import pytest

from bot.answering.followups import MOST_TURNS, contextualise_question, leans_on_context

EARLIER = [("How do I return an item?", "Open the portal."), ("如何退货？", "请打开订单。")]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("and to Switzerland?", "en"),
        ("How long does it take until I see my money again?", "en"),
        ("What about the ones that I have already opened and tried?", "en"),
        ("customs?", "en"),
        ("那拆封的呢？", "zh"),
        ("如果已经拆封了，还可以申请退货吗？", "zh"),
        ("多少钱？", "zh"),
        ("它可以用洗碗机清洗吗？我刚买了一个", "zh"),
    ],
)
def test_it_leans(question: str, language: str) -> None:
    assert leans_on_context(question, language)
    assert contextualise_question(question, language, EARLIER) == (
        question,
        ("How do I return an item?", "Open the portal.", "如何退货？", "请打开订单。"),
    )
    assert contextualise_question(question, language, []) == (question, ())


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How do I cancel my subscription to the tea box?", "en"),
        ("Does the teapot survive a modern dishwasher?", "en"),
        ("请问你们的实体店周末几点开门营业？", "zh"),
    ],
)
def test_it_stands_alone(question: str, language: str) -> None:
    assert contextualise_question(question, language, EARLIER) == (question, ())


def test_of_a_long_conversation_the_last_turns_count() -> None:
    _, context = contextualise_question("and then?", "en", [(f"question {n}", "") for n in range(20)])
    assert context == tuple(f"question {n}" for n in range(20 - MOST_TURNS, 20))


def test_what_is_asked_once_more_goes_on_with_nothing() -> None:
    earlier = [("refund?", "We do when the thing is faulty.")]
    assert contextualise_question("Refund?", "en", earlier) == ("Refund?", ())
