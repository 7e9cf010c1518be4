"""A search with models that nobody has fitted: the generic weights, which count in standard deviations of a model's own
cosines, are scaled to each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.profiles import GENERIC, Fitted, Profile, read_profile

if TYPE_CHECKING:
    from retrieval.interfaces import Embedder

ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Background:
    """Mean and standard deviation of a model's cosines between texts that have nothing to do with each other."""

    mean: float
    spread: float


def read_unrelated() -> list[str]:
    """Questions that have nothing to do with each other."""
    text = (files("retrieval.search") / "unrelated.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def measure_background(model: Embedder) -> Background:
    """What cosines mean nothing, by the questions of `unrelated.txt`: none answers another."""
    texts = read_unrelated()
    cosines = model.embed_queries(texts) @ model.embed_documents(texts).T
    unrelated = cosines[~np.eye(len(texts), dtype=bool)]
    return Background(float(unrelated.mean()), float(unrelated.std()))


def fit_generically(data: Mapping[str, Any], models: EmbeddingModels) -> Fitted:
    """The generic fit for these models: each counts alike."""
    backgrounds = {name_model(model.fingerprint): measure_background(model) for model in models.models}
    profiles = tuple(scale_profile(read_profile(each), backgrounds) for each in data["profiles"])
    # what texts share is taken from the vectors before they are compared, so that models differ little there
    clustering = dict.fromkeys(backgrounds, data["clustering"][ANY_MODEL])
    return Fitted(tuple(backgrounds), profiles, GENERIC, clustering)


def scale_profile(profile: Profile, backgrounds: Mapping[str, Background]) -> Profile:
    """A profile whose weights name ANY_MODEL, for these models."""
    weights: dict[str, float] = {}
    confidence: dict[str, float] = {}
    for given, scaled in ((profile.weights, weights), (profile.confidence, confidence)):
        for name, value in given.items():
            signal, _, model = name.partition(":")
            if model != ANY_MODEL:
                scaled[name] = scaled.get(name, 0.0) + value
                continue
            for own, background in backgrounds.items():
                part = value / len(backgrounds) / background.spread
                scaled[f"{signal}:{own}"] = part
                if given is profile.confidence:
                    scaled["intercept"] = scaled.get("intercept", 0.0) - part * background.mean
    return replace(profile, weights=weights, confidence=confidence)
