"""What people showed of which entry some words mean, at search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from retrieval.documents import LEARNED, Document, Passage, RetrievalResult, ScoredPassage
from retrieval.search.learned_wordings import (
    LearnedEntry,
    LearnedRetriever,
    LearnedWordings,
    can_be_learned,
    question_key,
)

PAY = Document("https://shop.example/pay#how", "Which payment methods do you accept?", "Card and invoice.")
RETURNS = Document("https://shop.example/returns", "How do I return goods?", "Open the portal.")
MEANT = LearnedEntry(PAY.url, PAY.question, PAY.id, 3)


def scored(*documents: Document) -> tuple[ScoredPassage, ...]:
    return tuple(
        ScoredPassage(Passage(each.id, each, each.answer), -float(rank)) for rank, each in enumerate(documents)
    )


class Pages:
    """Finds documents by the question asked; for all others the rest."""

    def __init__(self, *rest: Document, **by_question: Document) -> None:
        self.rest, self.known = rest, {each.question: each for each in by_question.values()}
        self.asked: list[str] = []

    async def retrieve(self, query: str, *, context: Sequence[str] = (), limit: int = 10, **_: Any) -> RetrievalResult:
        self.asked.append(query)
        first = [self.known[query]] if query in self.known else []
        return RetrievalResult(query, "en", scored(*first, *self.rest)[:limit], 0.4, "v1", "test", {"top": 0.5})


async def ask(pages: Pages, query: str, *, entry: LearnedEntry = MEANT, context: Sequence[str] = ()) -> RetrievalResult:
    learned = LearnedWordings([("Do you take money?", entry)])
    return await LearnedRetriever(pages, lambda: learned).retrieve(query, context=context)


@pytest.mark.parametrize("query", ["Do you take money?", "do you take  MONEY", "Ｄo you take money?!"])
async def test_the_entry_that_people_showed_stands_first_and_is_sure(query: str) -> None:
    result = await ask(Pages(RETURNS, PAY), query)
    assert [each.passage.document for each in result.passages] == [PAY, RETURNS]
    assert result.passages[0].score == result.passages[1].score == 0.0
    assert (result.confidence, result.features) == (1.0, {"top": 0.5, LEARNED: 3.0})


@pytest.mark.parametrize("query", ["Do you take my money?", "Do you take food?", "Do you take money back?", ""])
async def test_other_words_are_searched_as_ever(query: str) -> None:
    result = await ask(Pages(RETURNS, PAY), query)
    assert (result.passages[0].passage.document, result.confidence) == (RETURNS, 0.4)
    assert LEARNED not in result.features


async def test_an_entry_that_these_words_do_not_find_is_looked_up_by_its_own_question() -> None:
    pages = Pages(RETURNS, pay=PAY)
    result = await ask(pages, "Do you take money?")
    assert pages.asked == ["Do you take money?", PAY.question]
    assert [each.passage.document for each in result.passages] == [PAY, RETURNS]
    assert result.query == "Do you take money?"


async def test_an_entry_that_is_gone_changes_nothing() -> None:
    result = await ask(Pages(RETURNS), "Do you take money?")
    assert (result.confidence, len(result.passages)) == (0.4, 1)
    moved = replace(PAY, question="How can I pay?")
    assert (await ask(Pages(RETURNS, moved), "Do you take money?")).confidence == 0.4


async def test_an_entry_whose_answer_was_rewritten_is_still_the_same() -> None:
    anew = replace(PAY, answer="Card alone.")
    assert (await ask(Pages(RETURNS, anew), "Do you take money?")).passages[0].passage.document == anew


async def test_of_entries_of_one_page_that_ask_the_same_the_one_that_was_seen_is_meant() -> None:
    lamp, kettle = (replace(PAY, heading_path=(name,), answer=name) for name in ("Lamp", "Kettle"))
    seen = replace(MEANT, passage_id=kettle.id)
    assert (await ask(Pages(lamp, kettle), "Do you take money?", entry=seen)).passages[0].passage.document == kettle
    assert (await ask(Pages(lamp, kettle), "Do you take money?")).confidence == 0.4  # nobody can tell which


async def test_a_teammate_s_answer_to_the_same_question_stands_above_the_page() -> None:
    taught = Document("", PAY.question.upper(), "Cash, too.", author="Li")
    assert (await ask(Pages(RETURNS, PAY, taught), "Do you take money?")).passages[0].passage.document == taught


async def test_words_that_lean_on_a_conversation_mean_what_it_is_about() -> None:
    learned = LearnedWordings([("And how much is it?", MEANT), ("How do I pay?", MEANT)])
    retriever = LearnedRetriever(Pages(RETURNS, PAY), lambda: learned)
    assert (await retriever.retrieve("And how much is it?", context=["Sofas?"])).confidence == 0.4
    assert (await retriever.retrieve("How do I pay?", context=["Sofas?"])).confidence == 1.0


@pytest.mark.parametrize(
    ("question", "learned"),
    [
        ("How do I pay?", True),
        ("PayPal?", True),
        ("怎么付款", True),
        ("how do I turn that on?", False),
        ("and to Canada?", False),
        ("那这个呢？", False),
        ("how long?", False),
        ("pay " * 100, False),
    ],
)
def test_only_words_that_say_what_they_are_about_can_be_learned(question: str, learned: bool) -> None:
    assert can_be_learned(question) is learned


def test_words_are_the_same_in_any_script_and_punctuation() -> None:
    assert question_key("如何付款？") == question_key("如何 付款") == question_key("如何付款!")
    assert question_key("退貨") == question_key("退货")
    assert question_key("not opened") != question_key("opened")


async def test_with_one_of_a_family_the_customer_is_asked_all_the_same() -> None:
    class Catalogue(Pages):
        async def retrieve(
            self, query: str, *, context: Sequence[str] = (), limit: int = 10, **_: Any
        ) -> RetrievalResult:
            result = await super().retrieve(query, context=context, limit=limit)
            return replace(result, family=result.passages[:2])

    lamp = Document("https://shop.example/lamp", "How do I pay for the lamp?", "By card.")
    asked = await ask(Catalogue(lamp, PAY, RETURNS), "Do you take money?")
    assert {each.passage.document.question for each in asked.family} == {lamp.question, PAY.question}
    other = await ask(Catalogue(lamp, RETURNS, PAY), "Do you take money?")
    assert (other.family, other.passages[0].passage.document) == ((), PAY)


async def test_no_more_passages_come_than_were_asked_for() -> None:
    learned = LearnedWordings([("Do you take money?", MEANT)])
    result = await LearnedRetriever(Pages(RETURNS, pay=PAY), lambda: learned).retrieve("do you take money", limit=1)
    assert [each.passage.document for each in result.passages] == [PAY]
