"""How good rankings, confidences and decisions are. Pure functions on outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CUT = 10  # of MRR and nDCG
FEWEST_ANSWERS = 20  # below, a precision says nothing
BINS = 10  # of the calibration error


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one query. `ranked` are FAQ ids best first, `answered` whether the product answered."""

    ranked: tuple[str, ...]
    relevant: frozenset[str]
    answerable: bool
    confidence: float
    answered: bool

    @property
    def right(self) -> bool:
        """Whether the first FAQ is a relevant one."""
        return bool(self.ranked) and self.ranked[0] in self.relevant


def compute_figures(outcomes: Sequence[Outcome]) -> dict[str, float | int]:
    """P@1, MRR@10, nDCG@10 and R@5 over the answerable; the rest tells how well confidence and decision abstain.

    AUROC: how well confidence tells answerable from unanswerable. cov@P95: the largest share of the answerable answered
    rightly above one confidence while 95% of all answers are right. FA@90: the share of the unanswerable answered when
    90% of the answerable are. ECE: expected calibration error of the confidence as the probability of being right.
    answered, right_of_answered and false_answers are of the product's own decision. NaN where nothing is to count.
    """
    answerable = [outcome for outcome in outcomes if outcome.answerable]
    unanswerable = [outcome for outcome in outcomes if not outcome.answerable]
    answered = [outcome for outcome in outcomes if outcome.answered]
    result: dict[str, float | int] = {
        "n": len(answerable),
        "n_unanswerable": len(unanswerable),
        "P@1": _mean_or_nan([outcome.right for outcome in answerable]),
        "MRR@10": _mean_or_nan([reciprocal_rank(outcome) for outcome in answerable]),
        "nDCG@10": _mean_or_nan([ndcg(outcome) for outcome in answerable]),
        "R@5": _mean_or_nan([bool(outcome.relevant & set(outcome.ranked[:5])) for outcome in answerable]),
    }
    if answerable and unanswerable:
        inside = [outcome.confidence for outcome in answerable]
        outside = [outcome.confidence for outcome in unanswerable]
        needed = sorted(inside)[int(0.1 * len(inside))]
        result |= {
            "AUROC": auroc(inside, outside),
            "cov@P95": coverage_at_precision(outcomes, 0.95),
            "cov@P90": coverage_at_precision(outcomes, 0.90),
            "FA@90": _mean_or_nan([confidence >= needed for confidence in outside]),
        }
    result |= {
        "ECE": calibration_error(outcomes),
        "answered": _mean_or_nan([outcome.answered for outcome in answerable]),
        "right_of_answered": _mean_or_nan([outcome.right for outcome in answered]),
    }
    if unanswerable:
        result["false_answers"] = _mean_or_nan([outcome.answered for outcome in unanswerable])
    return result


def reciprocal_rank(outcome: Outcome) -> float:
    """1 / rank of the first relevant FAQ among the first ten, else 0."""
    ranks = (rank for rank, faq in enumerate(outcome.ranked[:CUT], start=1) if faq in outcome.relevant)
    first = next(ranks, None)
    return 1 / first if first else 0.0


def ndcg(outcome: Outcome) -> float:
    """Normalised discounted cumulative gain of the first ten, every relevant FAQ worth the same."""
    gain = sum(1 / math.log2(rank + 1) for rank, faq in enumerate(outcome.ranked[:CUT], 1) if faq in outcome.relevant)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(CUT, len(outcome.relevant)) + 1))
    return gain / ideal if ideal else 0.0


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The probability that one of `inside` exceeds one of `outside`, a tie counting half (Mann-Whitney)."""
    ranked = sorted([(value, True) for value in inside] + [(value, False) for value in outside])
    rank_sum, start = 0.0, 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        rank_sum += sum(positive for _, positive in ranked[start:end]) * (start + end + 1) / 2
        start = end
    pairs = len(inside) * len(outside)
    return (rank_sum - len(inside) * (len(inside) + 1) / 2) / pairs if pairs else math.nan


def coverage_at_precision(outcomes: Sequence[Outcome], precision: float) -> float:
    """The largest share of the answerable answered rightly above one confidence, `precision` of all answers right.

    A threshold lies between two different confidences and lets through at least FEWEST_ANSWERS; NaN where there are not
    so many answerable.
    """
    ordered = sorted(outcomes, key=lambda outcome: -outcome.confidence)
    best = right = 0
    for count, outcome in enumerate(ordered, start=1):
        right += outcome.right
        tied = count < len(ordered) and ordered[count].confidence == outcome.confidence
        if count >= FEWEST_ANSWERS and not tied and right / count >= precision:
            best = max(best, right)
    answerable = sum(outcome.answerable for outcome in outcomes)
    return best / answerable if answerable >= FEWEST_ANSWERS else math.nan


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Expected calibration error: the mean gap of confidence and rightness, by tenths of confidence."""
    gaps = [0.0] * BINS
    for outcome in outcomes:
        gaps[min(BINS - 1, int(outcome.confidence * BINS))] += outcome.confidence - outcome.right
    return sum(map(abs, gaps)) / len(outcomes) if outcomes else math.nan


def _mean_or_nan(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
