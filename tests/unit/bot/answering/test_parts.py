"""A message that asks two things, over a retriever that knows what answers what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.answering.clarify import extract_lead, list_choices, shown_in_full
from bot.answering.parts import MOST_SEAMS, find_splits
from bot.answering.pipeline import AnswerPipeline
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import Decision, Final, IncomingMessage, Turn
from retrieval.documents import Document, RetrievalResult
from tests.fakes import MemoryConversations, found
from tests.support.embedding import intent_reader

SHIP = Document("https://shop.example/s", "Which countries do you ship to?", "France and Spain.", language="en")
TIME = Document("https://shop.example/t", "How long does delivery take?", "Four days.", language="en")
SAME = Document("https://shop.example/u", "Where do you deliver?", "France and Spain.", language="en")
OTHER = Document("https://shop.example/o", "Do you sell tea?", "Yes, and pots.", language="en")
BOTH = "do you ship to France and how long does it take"


class Knowing:
    """Finds SHIP and TIME for whatever is asked, first and as surely as it is told for the parts."""

    def __init__(self, whole: float, parts: dict[str, tuple[Document, float]], among: Sequence[Document]) -> None:
        self.whole, self.parts, self.among = whole, parts, among
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def retrieve(self, query: str, *, context: Sequence[str] = (), limit: int = 10, **_: Any) -> RetrievalResult:
        self.asked.append((query, tuple(context)))
        if query in self.parts:
            document, confidence = self.parts[query]
            return found(document, query=query, confidence=confidence)
        among = self.among if len(self.asked) == 1 else (OTHER,)
        confidence = self.whole if len(self.asked) == 1 else 0.1
        return found(*among, query=query, confidence=confidence, scores=[2.0 - 0.5 * n for n in range(len(among))])


async def asked(text: str, retriever: Knowing) -> Turn:
    answering = AnswerPipeline(retriever, MemoryConversations(), ExtractiveWriter(), intents=intent_reader())
    events = [event async for event in answering.answer_message(IncomingMessage("c1", text))]
    assert isinstance(events[-1], Final)
    return events[-1].turn


def parts(one: float, other: float, second: Document = TIME) -> dict[str, tuple[Document, float]]:
    return {"do you ship to France": (SHIP, one), "and how long does it take": (second, other)}


async def test_both_questions_are_answered_each_with_its_source() -> None:
    turn = await asked(BOTH, Knowing(0.7, parts(0.9, 0.95), (TIME, SHIP, OTHER)))
    assert turn.decision is Decision.ANSWER and turn.confidence == 0.9
    assert turn.answer == (
        "**Which countries do you ship to?**\n\nFrance and Spain. [1]\n\n"
        "**How long does delivery take?**\n\nFour days. [2]"
    )
    assert [citation.url for citation in turn.citations] == [SHIP.url, TIME.url]
    assert turn.standalone_question == BOTH


@pytest.mark.parametrize(
    ("whole", "one", "other", "second", "among"),
    [
        (0.7, 0.9, 0.6, TIME, (SHIP, TIME)),  # a part that is not answered
        (0.95, 0.9, 0.99, TIME, (SHIP, TIME)),  # the whole is answered more surely
        (0.7, 0.9, 0.9, SAME, (SHIP, SAME)),  # both parts are answered alike
        (0.7, 0.9, 0.9, TIME, (SHIP, OTHER)),  # what the whole message is not about
    ],
)
async def test_one_question_stays_one(
    whole: float, one: float, other: float, second: Document, among: tuple[Document, ...]
) -> None:
    turn = await asked(BOTH, Knowing(whole, parts(one, other, second), among))
    assert "[1]\n\n**" not in turn.answer


async def test_a_question_mark_between_them_tells_of_two_however_sure_the_whole_is() -> None:
    known = {"Do you ship to France?": (SHIP, 0.8), "How long does it take?": (TIME, 0.9)}
    turn = await asked("Do you ship to France? How long does it take?", Knowing(0.99, known, (TIME, SHIP)))
    assert [citation.url for citation in turn.citations] == [SHIP.url, TIME.url]


async def test_the_second_part_is_understood_after_the_first() -> None:
    retriever = Knowing(0.7, parts(0.9, 0.9), (TIME, SHIP))
    await asked(BOTH, retriever)
    assert ("and how long does it take", ("do you ship to France", "France and Spain.")) in retriever.asked


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (BOTH, "en", ("do you ship to France", "and how long does it take")),
        ("如何退货，多久退款？", "zh", ("如何退货，", "多久退款？")),
        ("如何退货和如何付款", "zh", ("如何退货", "和如何付款")),
        (
            "Was kostet der Versand und wie lange dauert er?",
            "de",
            ("Was kostet der Versand", "und wie lange dauert er?"),
        ),
        ("返品できますか。送料はいくらですか", "ja", ("返品できますか。", "送料はいくらですか")),
    ],
)
def test_a_message_is_cut_at_its_own_seams(text: str, language: str, expected: tuple[str, str]) -> None:
    assert expected in find_splits(text, language)


@pytest.mark.parametrize("text", ["", "refund", "How do I do it?", "and, and, and", "?!?!", "的，吗"])
def test_what_says_one_thing_has_no_seam(text: str) -> None:
    assert find_splits(text, "en") == []


def test_a_story_is_cut_after_its_sentences_or_not_at_all() -> None:
    told = "I bought the pot in May and the lid of it broke at the shop when the bag fell."
    story = f"{told} Can I return the pot with the lid or have the lid repaired?"
    assert [first for first, _ in find_splits(story, "en")] == [told]
    assert find_splits(story * (MOST_SEAMS + 1), "en") == []


async def test_where_one_of_two_questions_is_answered_the_nearest_to_the_other_is_suggested_with_it() -> None:
    turn = await asked(BOTH, Knowing(0.3, parts(0.9, 0.6), (TIME, SHIP, OTHER)))
    assert turn.decision is Decision.SUGGEST and turn.confidence == 0.6
    shown, _, offered = turn.answer.partition("Or did you mean")
    assert "France and Spain. [1]" in shown and "Four days. [2]" in shown
    assert "3. Do you sell tea? [3]" in offered
    assert extract_lead(turn) == shown.rstrip()
    assert [each.title for each in shown_in_full(turn)] == [SHIP.question, TIME.question]
    assert [each.number for each in list_choices(turn)] == [3]


async def test_of_a_message_that_is_answered_as_a_whole_no_part_is_suggested() -> None:
    turn = await asked(BOTH, Knowing(0.85, parts(0.95, 0.6), (SHIP, TIME, OTHER)))
    assert turn.decision is Decision.ANSWER and "Four days" not in turn.answer


async def test_what_answers_a_part_surely_is_read_by_a_model_although_the_whole_message_is_about_the_other() -> None:
    among = (TIME, *(Document(f"https://shop.example/{n}", f"Do you sell {n}?", "Yes.") for n in range(7)), SHIP)
    sure_of_time = Knowing(0.97, {"do you ship to France": (SHIP, 0.9)}, among)
    turn = await asked(BOTH, sure_of_time)
    assert turn.decision is Decision.ANSWER and len(turn.citations) == 1
    assert [used.title for used in turn.passages][:3] == [TIME.question, SHIP.question, among[1].question]
