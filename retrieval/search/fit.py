"""Fits the confidence to a team's own questions: a scale, a shift and two thresholds for each profile.

A team has some dozens of questions, too few for weights and enough for this. All of it leans on what was fitted before,
so that few questions change little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from retrieval.search.calibration import INTERCEPT
from retrieval.search.fitted import OWN
from retrieval.search.profiles import Fitted, Profile

FEWEST = 20  # questions of a profile: below, it keeps what it has
FOLDS = 5
RIDGE = 8.0  # what pulls scale and shift back; see docs/decisions/0012
PULL = 100.0  # questions: what was there before counts as many as that when a threshold is chosen
PRECISION = 0.95  # of the answers given
SUGGESTED = 0.28  # of the questions that nothing answers
CERTAIN = 1e-9  # nearer to 0 or 1 no confidence counts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """What a profile made of a question: how sure it was of what came first, whether that is right, and whether
    anything answers it."""

    confidence: float
    right: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The logit of a confidence, scaled and shifted."""

    scale: float = 1.0
    shift: float = 0.0

    def __call__(self, confidences: Floats) -> Floats:
        """The confidences on it."""
        return sigmoid(self.scale * logit(confidences) + self.shift)

    def move_threshold(self, threshold: float) -> float:
        """The threshold that lets through what `threshold` did before."""
        return float(self(np.array([threshold]))[0])

    def adjust_profile(self, profile: Profile) -> Profile:
        """The profile whose confidence is on this line: its regression is scaled, and its intercept shifted."""
        coefficients = {name: self.scale * value for name, value in profile.confidence.items()}
        coefficients[INTERCEPT] += self.shift
        return replace(profile, confidence=coefficients)


def keep_enough(cases: Mapping[str, Sequence[Case]]) -> dict[str, Sequence[Case]]:
    """The profiles that have cases enough for a fit."""
    return {name: some for name, some in cases.items() if len(some) >= FEWEST}


def fit_own(base: Fitted, cases: Mapping[str, Sequence[Case]]) -> Fitted:
    """`base`, fitted to the cases of its profiles; those without any keep what they have. From when on a second look
    helps is not fitted anew: it is always taken."""
    profiles = (
        replace(fit_profile(each, cases[each.name]), tried_from=0.0) if cases.get(each.name) else each
        for each in base.profiles
    )
    return replace(base, profiles=tuple(profiles), origin=OWN)


def fit_profile(profile: Profile, cases: Sequence[Case]) -> Profile:
    """A profile whose confidence and thresholds are those of the cases. The thresholds are chosen by confidences of
    cases that were left out of the fit."""
    line = fit_line(cases)
    kept = line.move_threshold(profile.answer), line.move_threshold(profile.suggest)
    answer, suggest = choose_thresholds(cases, predict_left_out(cases), kept)
    return replace(line.adjust_profile(profile), answer=round(answer, 3), suggest=round(suggest, 3))


def fit_line(cases: Sequence[Case]) -> Line:
    """The likeliest line, pulled towards the one that changes nothing."""
    logits = logit(np.array([case.confidence for case in cases]))
    right = np.array([float(case.right) for case in cases])

    def loss(free: Floats) -> tuple[float, Floats]:
        grown, shift = free
        scaled = np.exp(grown) * logits
        z = scaled + shift
        surplus = sigmoid(z) - right
        gradient = np.array([surplus @ scaled, surplus.sum()]) + 2 * RIDGE * free
        return float((np.logaddexp(0, z) - right * z).sum() + RIDGE * free @ free), gradient

    grown, shift = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x
    return Line(float(np.exp(grown)), float(shift))


def predict_left_out(cases: Sequence[Case]) -> Floats:
    """-> (cases,) the confidence of each on a line that was fitted without it."""
    confidences = np.array([case.confidence for case in cases])
    predicted = np.zeros(len(cases))
    for learnt, left_out in split_in_folds(len(cases)):
        line = fit_line([cases[place] for place in learnt])
        predicted[left_out] = line(confidences[left_out])
    return predicted


def split_in_folds(count: int) -> list[tuple[list[int], list[int]]]:
    """-> for each fold: the places to learn from, and those left out. Neighbours, which are often alike, are parted."""
    return [
        ([place for place in range(count) if place % FOLDS != fold], list(range(fold, count, FOLDS)))
        for fold in range(min(FOLDS, count))
    ]


def choose_thresholds(cases: Sequence[Case], confidences: Floats, kept: tuple[float, float]) -> tuple[float, float]:
    """-> the lowest confidence from which on PRECISION of the answers are right, and the lowest at which at most
    SUGGESTED of what nothing answers is shown something; both pulled towards those that are `kept`, which change
    nothing.

    Where every question has an answer nobody can tell what else would be answered, and shown: neither is lowered.
    """
    right = np.array([case.right for case in cases])
    outside = np.array([not case.answerable for case in cases])
    precise = [each for each in confidences if right[confidences >= each].mean() >= PRECISION]
    answer = _pull_towards(min(precise, default=_just_above(confidences[~right])), kept[0], len(cases))
    if not outside.any():
        answer = max(answer, kept[0])
        return answer, min(answer, kept[1])
    few = [each for each in confidences if (confidences[outside] >= each).mean() <= SUGGESTED]
    suggest = _pull_towards(min(few, default=_just_above(confidences[outside])), kept[1], int(outside.sum()))
    return answer, min(answer, suggest)


def _just_above(confidences: Floats) -> float:
    return float(confidences.max(initial=0.0)) + 0.001


def _pull_towards(chosen: float, kept: float, count: int) -> float:
    """Between both, in log odds: the more questions chose it, the nearer."""
    share = count / (count + PULL)
    return float(sigmoid(share * logit(np.array(chosen)) + (1 - share) * logit(np.array(kept))))


def logit(confidences: Floats) -> Floats:
    """The log odds; finite."""
    inside = np.clip(confidences, CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(inside / (1 - inside)))


def sigmoid(z: Floats) -> Floats:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-z)))
