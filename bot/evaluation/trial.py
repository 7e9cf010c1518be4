"""Golden questions as the trial of a new index version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.chat.ports import IntentReader
from bot.evaluation.ask import OnDone, ask_questions
from bot.evaluation.judge import Entries, Judged, Verdict
from bot.evaluation.questions import GoldenQuestion
from retrieval.interfaces import Retriever
from retrieval.refresh.trial import TrialReport, WorseLine

if TYPE_CHECKING:
    from retrieval.index.index import Index

OpenIndex = Callable[["Index"], tuple["Index", Retriever]]


class GoldenTrial:
    """Implements `retrieval.refresh.Trial`. `open_index` lays over an index what answers beside the pages, and searches
    it; `intents` tells what asks nothing; `mask` hides personal data in questions, which reports repeat."""

    def __init__(
        self,
        questions: Sequence[GoldenQuestion],
        open_index: OpenIndex,
        intents: Callable[[], IntentReader],
        *,
        threshold: float | None,
        suggest_threshold: float | None = None,
        mask: Callable[[str], str],
    ) -> None:
        self._questions = questions
        self._open = open_index
        self._intents = intents
        self._thresholds = threshold, suggest_threshold
        self._mask = mask

    def __call__(self, before: Index | None, after: Index, on_done: OnDone) -> TrialReport:
        """For a thread without an event loop."""
        count = len(self._questions)
        sides = 2 if before else 1
        after_judged = self._ask_questions(after, lambda done, _: on_done(done, sides * count))
        if before is None:
            return self._build_report(None, after_judged)
        return self._build_report(
            self._ask_questions(before, lambda done, _: on_done(count + done, sides * count)), after_judged
        )

    def _ask_questions(self, index: Index, on_done: OnDone) -> list[Judged]:
        index, retriever = self._open(index)
        entries = Entries(index)
        threshold, suggest_threshold = self._thresholds
        return asyncio.run(
            ask_questions(
                self._questions,
                retriever,
                entries,
                self._intents(),
                threshold=threshold,
                suggest_threshold=suggest_threshold,
                mask=self._mask,
                on_done=on_done,
            )
        )

    def _build_report(self, before: Sequence[Judged] | None, after: Sequence[Judged]) -> TrialReport:
        pairs = list(zip(before or (), after, strict=bool(before)))
        missing = [f"{self._mask(each.golden.question)}: {entry}" for each in after for entry in each.missing]
        return TrialReport(
            asked=len(after),
            right=_count_right(after),
            right_before=_count_right(before) if before is not None else None,
            better=sum(old.verdict.worse_than(new.verdict) for old, new in pairs),
            worse=tuple(self._build_line(old, new) for old, new in pairs if new.verdict.worse_than(old.verdict)),
            missing=tuple(missing),
        )

    def _build_line(self, old: Judged, new: Judged) -> WorseLine:
        before, after = old.given_answer, new.given_answer
        if before == after:  # entries with one question, on two pages
            before, after = f"{before} {old.answer_url}", f"{after} {new.answer_url}"
        return WorseLine(self._mask(new.golden.question), new.golden.wanted, before, after)


def _count_right(judged: Sequence[Judged]) -> int:
    return sum(each.verdict is Verdict.RIGHT for each in judged)
