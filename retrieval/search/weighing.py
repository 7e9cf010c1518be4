"""How a confidence came about: what each feature of a ranking counted for and against its first document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from retrieval.documents import LEARNED
from retrieval.search.calibration import (
    FEATURES,
    INTERCEPT,
    UNANSWERED,
    estimate_confidence,
    estimate_probability,
)
from retrieval.search.profiles import Fitted, Profile


class Adjustment(StrEnum):
    """What stood above the sum of the features."""

    NONE = ""
    VERBATIM = "verbatim"  # the question is word for word the document's: nothing else can be meant
    NAMES = "names"  # the question is nothing but names: it asks nothing
    BARE = "bare"  # the document is a question without an answer


@dataclass(frozen=True, slots=True)
class Weighing:
    """A sum of log odds: `start`, the same for every question, and of each feature what it adds or takes, the largest
    first. `needed`: from which sum on the profile answers. `adjustment` is what decided over the sum."""

    profile: str
    start: float
    parts: Mapping[str, float]
    needed: float
    adjustment: Adjustment = Adjustment.NONE

    @property
    def total(self) -> float:
        """The log odds that the document answers the question."""
        return self.start + sum(self.parts.values())


def weigh_confidence(features: Mapping[str, float], confidence: float, fitted: Fitted) -> Weighing | None:
    """How `fitted` computes this confidence from these features. None where it does not: another fit was used, or the
    confidence tells of something else as well (of two questions the less sure, of what people showed)."""
    measured = {name: value for name, value in features.items() if name != LEARNED}
    weighed = set(measured) - set(FEATURES)
    profiles = [each for each in fitted.profiles if set(each.weights) == weighed] if measured else []
    told = ((each, _find_adjustment(measured, confidence, each)) for each in profiles)
    found = [(each, adjustment) for each, adjustment in told if adjustment is not None]
    found = [pair for pair in found if pair[1] is Adjustment.NONE][:1] or found
    if len(found) != 1:
        return None
    profile, adjustment = found[0]
    counted = {
        name: profile.confidence.get(name, 0.0) * value for name, value in measured.items() if math.isfinite(value)
    }
    largest = sorted(filter(counted.__getitem__, counted), key=lambda name: -abs(counted[name]))
    return Weighing(
        profile.name,
        profile.confidence[INTERCEPT],
        {name: counted[name] for name in largest},
        _to_log_odds(profile.answer),
        adjustment,
    )


def _find_adjustment(features: Mapping[str, float], confidence: float, profile: Profile) -> Adjustment | None:
    """What, over the sum, makes this confidence of the features; None where nothing does."""
    plain = estimate_probability(features, profile.confidence)
    capped = UNANSWERED * profile.answer
    if _is_same(confidence, plain):
        return Adjustment.NONE
    if features.get("bare") and _is_same(confidence, estimate_confidence(features, profile)):
        return Adjustment.BARE
    if plain < profile.answer and _is_same(confidence, profile.answer):
        return Adjustment.VERBATIM
    if plain > capped and _is_same(confidence, capped):
        return Adjustment.NAMES
    return None


def _is_same(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=1e-9)


def _to_log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(bounded / (1 - bounded))
