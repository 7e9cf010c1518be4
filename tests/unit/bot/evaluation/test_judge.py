"""An answer is held against what was expected, on a real index."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.chat.conversation import Decision
from bot.evaluation.ask import ask_questions
from bot.evaluation.judge import Entries, Judged, Verdict, golden_figures, judge_answer
from bot.evaluation.questions import Expected, GoldenQuestion
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.retriever import FixedIndex, LiveRetriever
from tests.support.embedding import default_embedder, intent_reader

PAGE = "https://shop.test/help/returns"
DOCUMENTS = (
    Document(f"{PAGE}#how", "How do I return goods?", "Send them back within thirty days.", language="en"),
    Document(f"{PAGE}#cost", "What does a return cost?", "Nothing.", language="en"),
    Document("https://shop.test/delivery/", "How long does delivery take?", "Three days.", language="en"),
    Document("file:///srv/faq/%E9%80%80.html", "如何退货？", "请在三十天内寄回。", language="zh"),
    Document("", "Who bakes the cake?", "Ann does.", language="en", author="Ann"),
)


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index(DOCUMENTS, default_embedder())


@pytest.fixture(scope="module")
def entries(index: Index) -> Entries:
    return Entries(index)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Expected(f"{PAGE}#how"), (0,)),
        (Expected("http://shop.test/help/returns/#how"), (0,)),
        (Expected(PAGE), (0, 1)),
        (Expected(PAGE + "?utm_source=x"), (0, 1)),
        (Expected(f"{PAGE}#gone"), ()),
        (Expected("https://shop.test/delivery"), (2,)),
        (Expected("file:///srv/faq/退.html"), (3,)),
        (Expected("", "how do i RETURN goods"), (0,)),
        (Expected("", "如何退貨?"), (3,)),
        (Expected("", "who bakes the cake"), (4,)),
        (Expected("", "How do I return?"), ()),
        (Expected(PAGE, "What does a return cost?"), (1,)),
        (Expected(PAGE, "in the team's own words"), (0, 1)),
    ],
)
def test_an_entry_is_found_by_what_a_person_calls_it(
    entries: Entries, expected: Expected, found: tuple[int, ...]
) -> None:
    assert entries.find_documents(expected) == {DOCUMENTS[number].id for number in found}


HOW = (Expected("", "How do I return goods?"),)
OTHER = (Expected("", "How long does delivery take?"),)
GONE = (Expected("https://shop.test/gone"),)


@pytest.mark.parametrize(
    ("expected", "never", "decision", "first", "verdict"),
    [
        (HOW, (), Decision.ANSWER, 0, Verdict.RIGHT),
        (HOW, (), Decision.ANSWER, 1, Verdict.WRONG),
        ((*OTHER, *HOW), (), Decision.ANSWER, 0, Verdict.RIGHT),
        (HOW, (), Decision.SUGGEST, 0, Verdict.SUGGESTED),
        (HOW, (), Decision.SUGGEST, 1, Verdict.UNANSWERED),
        ((), (), Decision.SUGGEST, 0, Verdict.RIGHT),
        ((), HOW, Decision.SUGGEST, 0, Verdict.RIGHT),
        (HOW, (), Decision.ABSTAIN, 0, Verdict.UNANSWERED),
        (HOW, (), Decision.CLARIFY, 0, Verdict.UNANSWERED),
        (HOW, OTHER, Decision.ANSWER, 1, Verdict.WRONG),
        (GONE, (), Decision.ANSWER, 0, Verdict.WRONG),
        (GONE, (), Decision.ABSTAIN, 0, Verdict.UNANSWERED),
        ((), (), Decision.ANSWER, 0, Verdict.WRONG),
        ((), (), Decision.ABSTAIN, 0, Verdict.RIGHT),
        ((), (), Decision.CLARIFY, 0, Verdict.RIGHT),
        ((), HOW, Decision.ANSWER, 0, Verdict.WRONG),
        ((), HOW, Decision.ANSWER, 1, Verdict.RIGHT),
        ((), HOW, Decision.ABSTAIN, 0, Verdict.RIGHT),
        ((), GONE, Decision.ANSWER, 0, Verdict.RIGHT),
    ],
)
def test_every_kind_of_question_has_its_verdict(
    entries: Entries,
    expected: tuple[Expected, ...],
    never: tuple[Expected, ...],
    decision: Decision,
    first: int,
    verdict: Verdict,
) -> None:
    ranked = [DOCUMENTS[first], *(each for each in DOCUMENTS if each is not DOCUMENTS[first])]
    judged = judge_answer(GoldenQuestion("?", expected, never), decision, 0.5, ranked, entries)
    assert judged.verdict is verdict
    assert judged.missing == (GONE if expected == GONE else ())


def test_worse_is_less_right_and_wrong_is_worse_than_silence() -> None:
    order = [Verdict.RIGHT, Verdict.SUGGESTED, Verdict.UNANSWERED, Verdict.WRONG]
    for place, verdict in enumerate(order):
        assert [verdict.worse_than(other) for other in order] == [place > number for number in range(4)]


def test_a_page_is_one_target_however_many_entries_it_has(entries: Entries) -> None:
    golden = GoldenQuestion("?", (Expected(PAGE),))
    outcome = judge_answer(golden, Decision.ANSWER, 0.9, DOCUMENTS[:3], entries).outcome
    assert golden_figures([judge_answer(golden, Decision.ANSWER, 0.9, DOCUMENTS[:3], entries)])["nDCG@10"] == 1
    assert outcome.ranked == ("expected", DOCUMENTS[2].id)


async def asked(index: Index, questions: Sequence[GoldenQuestion], **options: float) -> list[Judged]:
    retriever = LiveRetriever(FixedIndex(index), default_embedder())
    return await ask_questions(questions, retriever, Entries(index), intent_reader(), **options)  # type: ignore[arg-type]


async def test_questions_are_asked_as_customers_ask_them(index: Index) -> None:
    questions = [
        GoldenQuestion("Hello! How do I return goods? Thanks", HOW),
        GoldenQuestion("thanks!"),
        GoldenQuestion("I want to talk to a human"),
        GoldenQuestion("who won the world cup?"),
        GoldenQuestion("我想退货，怎么弄", (Expected("", "如何退货"),)),
        GoldenQuestion("How do I pay with shells?", GONE),
    ]
    judged = await asked(index, questions)
    assert [each.golden for each in judged] == questions
    assert [each.verdict for each in judged[:5]] == [Verdict.RIGHT] * 5
    assert [each.decision for each in judged[:4]] == [
        Decision.ANSWER,
        Decision.CHITCHAT,
        Decision.HUMAN,
        Decision.ABSTAIN,
    ]
    assert judged[5].missing == GONE
    figures = golden_figures(judged)
    assert (figures["n_golden"], figures["n"], figures["n_unanswerable"]) == (6, 3, 3)
    assert figures["P@1"] == pytest.approx(2 / 3)  # the one whose entry is gone counts, as wrong
    assert figures["as_expected"] == pytest.approx(5 / 6)


async def test_a_follow_up_is_asked_with_what_was_said_before(index: Index) -> None:
    cost = (Expected("", "What does a return cost?"),)
    before = (("How do I return goods?", "Send them back within thirty days."),)
    alone, together = await asked(
        index, [GoldenQuestion("what does it cost?", cost), GoldenQuestion("what does it cost?", cost, history=before)]
    )
    assert alone.confidence != together.confidence
    assert together.ranked[0].question == "What does a return cost?"


async def test_the_threshold_decides(index: Index) -> None:
    golden = [GoldenQuestion("How do I return goods?", HOW)]
    [suggested] = await asked(index, golden, threshold=1.0)
    assert suggested.verdict is Verdict.SUGGESTED and suggested.given_answer == "suggest: How do I return goods?"
    [judged] = await asked(index, golden, threshold=1.0, suggest_threshold=1.0)
    assert judged.verdict is Verdict.UNANSWERED


async def test_what_the_listener_raises_comes_out_as_it_is(index: Index) -> None:
    class Stop(Exception):
        pass

    def stop(_done: int, _of: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        await asked(index, [GoldenQuestion(f"question {n}?") for n in range(30)], on_done=stop)  # type: ignore[arg-type]
    assert len(asyncio.all_tasks()) == 1


def test_questions_with_only_a_wrong_entry_have_figures_of_their_own(entries: Entries) -> None:
    judged = [
        judge_answer(GoldenQuestion("a", HOW), Decision.ANSWER, 0.9, DOCUMENTS, entries),
        judge_answer(GoldenQuestion("b", (), HOW), Decision.ANSWER, 0.9, DOCUMENTS, entries),
        judge_answer(GoldenQuestion("c", (), HOW), Decision.ABSTAIN, 0.1, DOCUMENTS, entries),
    ]
    figures = golden_figures(judged)
    assert (figures["n"], figures["n_refused"], figures["avoided"]) == (1, 2, 0.5)
    assert figures["as_expected"] == pytest.approx(2 / 3)
