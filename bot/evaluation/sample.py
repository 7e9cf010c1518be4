"""How far figures can be trusted: bootstrap intervals over the questions, paired where two sides are compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.evaluation.judge import Judged, Verdict, golden_figures
from bot.evaluation.metrics import BINS, CUT, FEWEST_ANSWERS, Outcome, ndcg, reciprocal_rank

RESAMPLES = 2_000
SEED = 20_261_126
_AT_ONCE = 2_000_000  # weights held in memory, of as many resamples as that makes
_LOW, _HIGH = 2.5, 97.5  # percentiles

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Between these lies a figure with 95% confidence; NaN where too few questions tell."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure on both sides. `difference` is the other side's less this one's, `interval` that difference's."""

    figure: str
    here: float
    other: float
    difference: float
    interval: Interval

    @property
    def is_significant(self) -> bool:
        """Whether there is a difference: the interval does not hold 0."""
        return self.interval.low > 0 or self.interval.high < 0


def bootstrap_intervals(judged: Sequence[Judged]) -> dict[str, Interval]:
    """The interval of each figure that is a share."""
    [samples] = _resample_figures(judged)
    return {name: _to_interval(values) for name, values in samples.items()}


def compare_sides(here: Sequence[Judged], other: Sequence[Judged]) -> list[Compared]:
    """The figures of the same questions, asked on two sides, and whether they differ: both sides are resampled alike.

    Raises ValueError when the questions are not the same.
    """
    if [each.golden for each in here] != [each.golden for each in other]:
        raise ValueError("Only the same questions in the same order can be compared.")
    mine, theirs = _resample_figures(here, other)
    values, others = golden_figures(here), golden_figures(other)
    return [
        Compared(name, values[name], others[name], others[name] - values[name], _to_interval(theirs[name] - mine[name]))
        for name in mine
    ]


def _resample_figures(*sides: Sequence[Judged]) -> list[dict[str, Floats]]:
    """-> for each side, all of the same questions: figure -> (RESAMPLES,)."""
    tables = [_Table(side) for side in sides]
    parts = [[table.compute_figures(weights) for table in tables] for weights in _draw_weights(len(sides[0]))]
    return [{name: np.concatenate([part[name] for part in of]) for name in of[0]} for of in zip(*parts, strict=True)]


def _draw_weights(questions: int) -> Iterator[Floats]:
    """-> (some resamples, questions), RESAMPLES in all: how often each question was drawn."""
    draws, even = np.random.default_rng(SEED), np.full(questions, 1 / max(1, questions))
    some = max(1, _AT_ONCE // max(1, questions))
    for done in range(0, RESAMPLES, some):
        yield draws.multinomial(questions, even, min(some, RESAMPLES - done)).astype(np.float64)


def _to_interval(values: Floats) -> Interval:
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(math.nan, math.nan)
    low, high = np.percentile(values, [_LOW, _HIGH])
    return Interval(float(low), float(high))


class _Table:
    """The figures of `golden_figures` for questions that count more or less often than once, computed for many
    weightings at a time."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        outcomes = [each.outcome for each in judged]
        self._answerable = _to_column([each.golden.answerable for each in judged])
        self._unanswerable = _to_column([each.golden.unanswerable for each in judged])
        self._known = self._answerable + self._unanswerable
        self._expected = _to_column([each.verdict is Verdict.RIGHT for each in judged])
        self._suggested = _to_column([each.verdict is Verdict.SUGGESTED for each in judged])
        self._answered = _to_column([outcome.answered for outcome in outcomes])
        self._right = _to_column([outcome.right for outcome in outcomes])
        self._confidence = _to_column([outcome.confidence for outcome in outcomes])
        self._ranks = {"P@1": self._right} | _rank_columns(outcomes)

    def compute_figures(self, weights: Floats) -> dict[str, Floats]:
        """The same as `golden_figures`, for each row of `weights` (weightings, questions)."""
        result = {"as_expected": _weighted_mean(weights, np.ones(weights.shape[1]), self._expected)}
        if self._answerable.any():
            result["suggested"] = _weighted_mean(weights, self._answerable, self._suggested)
        if self._known.any():
            result |= {name: _weighted_mean(weights, self._answerable, values) for name, values in self._ranks.items()}
            if self._answerable.any() and self._unanswerable.any():
                result |= self._compute_separation(weights)
            result["ECE"] = self._compute_calibration_error(weights)
            result["answered"] = _weighted_mean(weights, self._answerable, self._answered)
            result["right_of_answered"] = _weighted_mean(weights, self._known * self._answered, self._right)
            if self._unanswerable.any():
                result["false_answers"] = _weighted_mean(weights, self._unanswerable, self._answered)
        if not self._known.all():
            result["avoided"] = _weighted_mean(weights, 1 - self._known, self._expected)
        return result

    def _compute_separation(self, weights: Floats) -> dict[str, Floats]:
        """What tells answerable from unanswerable questions."""
        inside, outside = self._answerable > 0, self._unanswerable > 0
        own, foreign = self._confidence[inside], self._confidence[outside]
        own_weights, foreign_weights = weights[:, inside], weights[:, outside]
        totals, foreign_totals = own_weights.sum(axis=1), foreign_weights.sum(axis=1)
        lowest_first = np.argsort(foreign, kind="stable")
        below = np.pad(np.cumsum(foreign_weights[:, lowest_first], axis=1), ((0, 0), (1, 0)))
        beaten, tied = (np.searchsorted(foreign[lowest_first], own, side) for side in ("left", "right"))
        won = np.einsum("ro,ro->r", own_weights, (below[:, beaten] + below[:, tied]) / 2)  # a tie counts half
        order = np.argsort(own, kind="stable")
        passed = np.cumsum(own_weights[:, order], axis=1) > np.floor(0.1 * totals)[:, None]
        needed = own[order][np.argmax(passed, axis=1)]
        false = (foreign_weights * (foreign >= needed[:, None])).sum(axis=1)
        both = totals * foreign_totals > 0  # else the draw has questions of one kind alone, and nothing to separate
        figures = {
            "AUROC": _divide_or_nan(won, totals * foreign_totals),
            "cov@P95": self._compute_coverage(weights, 0.95),
            "cov@P90": self._compute_coverage(weights, 0.90),
            "FA@90": _divide_or_nan(false, foreign_totals),
        }
        return {name: np.where(both, values, np.nan) for name, values in figures.items()}

    def _compute_coverage(self, weights: Floats, precision: float) -> Floats:
        known = np.flatnonzero(self._known)
        order = known[np.argsort(-self._confidence[known], kind="stable")]
        confidence = self._confidence[order]
        ends = np.append(confidence[1:] != confidence[:-1], True)
        counts = np.cumsum(weights[:, order], axis=1)[:, ends]
        right = np.cumsum(weights[:, order] * self._right[order], axis=1)[:, ends]
        good = (counts >= FEWEST_ANSWERS) & (right >= precision * counts - 1e-9)
        answerable = weights @ self._answerable
        shares = _divide_or_nan(np.where(good, right, 0.0).max(axis=1), answerable)
        return np.where(answerable >= FEWEST_ANSWERS, shares, np.nan)

    def _compute_calibration_error(self, weights: Floats) -> Floats:
        bins = np.minimum(BINS - 1, (self._confidence * BINS).astype(int))
        gaps = (self._confidence - self._right) * self._known
        each = weights @ (gaps[:, None] * (bins[:, None] == np.arange(BINS)))
        return _divide_or_nan(np.abs(each).sum(axis=1), weights @ self._known)


def _rank_columns(outcomes: Sequence[Outcome]) -> dict[str, Floats]:
    return {
        f"MRR@{CUT}": _to_column([reciprocal_rank(outcome) for outcome in outcomes]),
        f"nDCG@{CUT}": _to_column([ndcg(outcome) for outcome in outcomes]),
        "R@5": _to_column([bool(outcome.relevant & set(outcome.ranked[:5])) for outcome in outcomes]),
    }


def _to_column(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)


def _weighted_mean(weights: Floats, among: Floats, values: Floats) -> Floats:
    """The weighted mean of `values` over the questions of `among`."""
    return _divide_or_nan(weights @ (among * values), weights @ among)


def _divide_or_nan(part: Floats, whole: Floats) -> Floats:
    result = np.full(len(whole), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
