"""What came of the golden questions at some time, as it is kept to be compared with later runs."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.evaluation.curve import compute_curve
from bot.evaluation.judge import Judged, Verdict, golden_figures


@dataclass(frozen=True, slots=True)
class AmissQuestion:
    """A golden question that was not answered as expected; `given` is what it was answered with, in a line."""

    question: str
    wanted: str
    given: str
    verdict: str
    confidence: float


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """`figures` are `golden_figures`, without those that had nothing to count; `curve` are points (threshold, coverage,
    accuracy), shares of 0..1, from the highest threshold to the lowest."""

    id: str
    at: datetime
    version: str
    figures: Mapping[str, float]
    curve: Sequence[tuple[float, float, float]]
    amiss: Sequence[AmissQuestion]

    @classmethod
    def of(cls, judged: Sequence[Judged], version: str, at: datetime) -> EvaluationRun:
        """The record of what came of all golden questions."""
        figures = {name: value for name, value in golden_figures(judged).items() if not math.isnan(value)}
        points = [(point.threshold, point.coverage, point.accuracy) for point in compute_curve(judged).points]
        amiss = [
            AmissQuestion(
                each.golden.question, each.golden.wanted, each.given_answer, each.verdict.value, each.confidence
            )
            for each in judged
            if each.verdict is not Verdict.RIGHT
        ]
        return cls(uuid.uuid4().hex, at, version, figures, points, amiss)


class EvaluationRunStore(Protocol):
    """The last runs. Every method raises StorageError."""

    async def add(self, run: EvaluationRun) -> None:
        """Keep it, with the 49 before it."""

    async def list(self) -> Sequence[EvaluationRun]:
        """Newest first."""
