"""Whether the product's answer to a golden question is the right one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bot.chat.conversation import Decision
from bot.evaluation.metrics import Outcome, compute_figures
from bot.evaluation.questions import Expected, GoldenQuestion
from retrieval.crawling.urls import to_canonical_url
from retrieval.documents import Document

if TYPE_CHECKING:  # the real one brings FAISS along
    from retrieval.index.index import Index

_TARGET = "expected"  # the id of whatever is expected, which is one thing however many entries fit


class Verdict(StrEnum):
    """What an answer is worth, the best first."""

    RIGHT = "right"  # the expected entry, or rightly none
    SUGGESTED = "suggested"  # the expected entry, as the nearest thing found
    UNANSWERED = "unanswered"  # it showed no expected entry
    WRONG = "wrong"  # an entry that is not expected

    def worse_than(self, other: Verdict) -> bool:
        """Whether a customer is served worse by it."""
        order = list(Verdict)
        return order.index(self) > order.index(other)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one golden question. `ranked` are the documents found, best first, `fitting` those ids among all
    that are expected; `missing` are the expectations that name no entry of the index; `profile` names what it was
    searched by, "" where it was not."""

    golden: GoldenQuestion
    decision: Decision
    confidence: float
    ranked: tuple[Document, ...]
    fitting: frozenset[str]
    missing: tuple[Expected, ...]
    verdict: Verdict
    profile: str = ""

    @property
    def answered(self) -> bool:
        """Whether the product answered."""
        return self.decision is Decision.ANSWER

    @property
    def given_answer(self) -> str:
        """What the customer would get, in one line: the first entry's question, or the decision."""
        if self.decision is Decision.SUGGEST and self.ranked:
            return f"{self.decision.value}: {self.ranked[0].question}"
        return self.ranked[0].question or self.answer_url if self.answered else self.decision.value

    @property
    def answer_url(self) -> str:
        """The URL of the entry that answers; "" where none does, or it has none."""
        return self.ranked[0].url if self.answered else ""

    @property
    def outcome(self) -> Outcome:
        """As the figures take it."""
        ids = [_TARGET if each.id in self.fitting else each.id for each in self.ranked]
        return Outcome(
            ranked=tuple(dict.fromkeys(ids)),
            relevant=frozenset({_TARGET}) if self.golden.answerable else frozenset(),
            answerable=self.golden.answerable,
            confidence=self.confidence,
            answered=self.answered,
        )


class Entries:
    """The entries of an index, by what a person calls them."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._at: dict[tuple[str, str], list[Document]] = {}
        for document in index.documents:
            page, fragment = _split_url(document.url)
            for place in {(page, ""), (page, fragment)} if page else ():
                self._at.setdefault(place, []).append(document)

    def find_documents(self, expected: Expected) -> frozenset[str]:
        """The ids of the documents that `expected` names. By its question as the index tells equal ones: in whatever
        case, width, script of Chinese and punctuation. A question beside a URL picks among the entries there, if it is
        one of theirs."""
        asked = {document.id for document in self._find_same_question(expected.text)} if expected.text else set()
        if not expected.url:
            return frozenset(asked)
        there = {document.id for document in self._at.get(_split_url(expected.url), ())}
        return frozenset(there & asked or there)

    def _find_same_question(self, question: str) -> Iterable[Document]:
        index = self._index
        for wording in index.wordings.find_same_words(question):
            yield index.documents[bisect_right(index.wording_starts, wording) - 1]


def judge_answer(
    golden: GoldenQuestion,
    decision: Decision,
    confidence: float,
    ranked: Sequence[Document],
    entries: Entries,
    profile: str = "",
) -> Judged:
    """Hold an answer against what was expected.

    Where an entry is expected, only an answer whose first document is such a one is right, and a suggestion of it the
    next best; with one that is not in the index, none is. Where nothing is expected, whatever is no answer is right;
    where only an entry is named that must not answer, so is every other answer.
    """
    found = {expected: entries.find_documents(expected) for expected in (*golden.expected, *golden.never)}
    fitting = frozenset().union(*(found[expected] for expected in golden.expected))
    refused = frozenset().union(*(found[expected] for expected in golden.never))
    answered = decision is Decision.ANSWER and bool(ranked)
    first = ranked[0].id if ranked else ""
    if golden.answerable and first in fitting and decision in {Decision.ANSWER, Decision.SUGGEST}:
        verdict = Verdict.RIGHT if answered else Verdict.SUGGESTED
    elif golden.answerable:
        verdict = Verdict.WRONG if answered else Verdict.UNANSWERED
    else:
        verdict = Verdict.WRONG if answered and (golden.unanswerable or first in refused) else Verdict.RIGHT
    missing = tuple(expected for expected in golden.expected if not found[expected]) if not fitting else ()
    return Judged(golden, decision, confidence, tuple(ranked), fitting, missing, verdict, profile)


def golden_figures(judged: Sequence[Judged]) -> dict[str, float | int]:
    """`as_expected`, the share of all golden questions that are right; `suggested`, the share of the answerable whose
    entry is shown as the nearest thing found; the figures of `metrics` over those whose answer is known; `avoided`, of
    those with an entry that must not answer, the share where it does not."""
    known = [each.outcome for each in judged if each.golden.answerable or each.golden.unanswerable]
    refused = [each for each in judged if not (each.golden.answerable or each.golden.unanswerable)]
    result: dict[str, float | int] = {"as_expected": _compute_share(judged), "n_golden": len(judged)}
    if answerable := [each for each in judged if each.golden.answerable]:
        result["suggested"] = _compute_share(answerable, Verdict.SUGGESTED)
    if known:
        result |= compute_figures(known)
    if refused:
        result |= {"n_refused": len(refused), "avoided": _compute_share(refused)}
    return result


def _compute_share(judged: Sequence[Judged], verdict: Verdict = Verdict.RIGHT) -> float:
    return sum(each.verdict is verdict for each in judged) / len(judged) if judged else float("nan")


def _split_url(url: str) -> tuple[str, str]:
    """A URL's page, the same for http and https and with or without a slash at its end, and its fragment."""
    page, _, fragment = url.partition("#")
    page = unquote(to_canonical_url(page) or page).rstrip("/")
    return page.partition("://")[2] if page.startswith(("http://", "https://")) else page, unquote(fragment)
