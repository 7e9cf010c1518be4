"""The coverage/accuracy curve: what share of the questions is answered at each threshold, and what share rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.evaluation.judge import Judged
from bot.evaluation.metrics import Outcome

FEWEST = 5  # answers; of fewer, a share says little


@dataclass(frozen=True, slots=True)
class Point:
    """At `threshold`, `coverage` of the answerable questions are answered, and `accuracy` of all answers are right."""

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Curve:
    """`points` from the highest threshold to the lowest; `working` is what the product's own decision came to, None
    where it answered nothing."""

    points: tuple[Point, ...]
    working: Point | None


def compute_curve(judged: Sequence[Judged]) -> Curve:
    """The curve of the questions whose answer is known."""
    known = [each.outcome for each in judged if each.golden.answerable or each.golden.unanswerable]
    answerable = sum(each.answerable for each in known)
    ordered = sorted((each for each in known if each.ranked), key=lambda each: -each.confidence)
    points: list[Point] = []
    asked = right = 0
    for count, each in enumerate(ordered, start=1):
        asked += each.answerable
        right += each.right
        if count < len(ordered) and ordered[count].confidence == each.confidence:
            continue
        if count >= FEWEST:
            points.append(Point(each.confidence, asked / answerable if answerable else 0.0, right / count))
    return Curve(tuple(points), _find_working_point(known, answerable))


def _find_working_point(known: Sequence[Outcome], answerable: int) -> Point | None:
    answered = [each for each in known if each.answered]
    if not answered or not answerable:
        return None
    lowest = min(each.confidence for each in answered)
    coverage = sum(each.answerable for each in answered) / answerable
    return Point(lowest, coverage, sum(each.right for each in answered) / len(answered))
