"""How likely a passage carries a sentence: two small logistic regressions over how both differ.

One tells what no passage speaks of, the other what turns a passage's meaning around. Their weights, and the log-odds
from which on a sentence counts as carried, are fitted by `python -m benchmarks.attribution fit --write`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.answering.attribution.comparison import MEANING, SUPPORT

NEARNESS = ("nearest", "aligned_nearness")


@dataclass(frozen=True, slots=True)
class Odds:
    """The log-odds that a passage speaks of what a sentence says, and that it means the same."""

    support: float
    meaning: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The least log-odds of either regression for a sentence to count as carried, and of the first for each clause that
    says something of its own: of what is carried by none, the rest of a sentence shall not make up for it."""

    support: float
    meaning: float
    clause: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What was fitted, with the nearness of an embedding model or by words alone. The limits are the same whether its
    writer says which passage a sentence is from or not: it says so of what it turns around, too."""

    support: Mapping[str, float]
    meaning: Mapping[str, float]
    limits: Limits

    def weigh_differences(self, features: Mapping[str, float]) -> Odds:
        """How likely the passage speaks of what a sentence says, and means the same."""
        return Odds(_sum(self.support, features, SUPPORT), _sum(self.meaning, features, MEANING))


@dataclass(frozen=True, slots=True)
class Scale:
    """The mean and spread of the cosines of paraphrases with what they paraphrase, by one embedding model."""

    mean: float
    spread: float

    def standardise_cosines(self, cosines: Sequence[float]) -> tuple[float, ...]:
        """Cosines as what models have in common."""
        return tuple((cosine - self.mean) / self.spread for cosine in cosines)


def load_weights(model: str = "") -> tuple[Weights, Scale | None]:
    """The weights for an embedding model, and the scale of its cosines; of one that was not fitted those by words
    alone, and no scale."""
    fitted = _load_fitted()
    scale = fitted["scales"].get(model)
    data = fitted["near" if scale else "words"]
    weights = Weights(data["support"], data["meaning"], Limits(**data["limits"]))
    return weights, Scale(**scale) if scale else None


def _sum(weights: Mapping[str, float], features: Mapping[str, float], names: Sequence[str]) -> float:
    return weights["intercept"] + sum(weights[name] * features[name] for name in names if name in weights)


@cache
def _load_fitted() -> dict[str, Any]:
    fitted: dict[str, Any] = json.loads((files(__package__) / "weights.json").read_text(encoding="utf-8"))
    return fitted
