"""Several embedding models as one: what an index is made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.interfaces import Embedder


@dataclass(frozen=True)
class EmbeddingModels:
    """The models of an index, in the order of its vector fields; the first one's tokenizer measures passages."""

    models: tuple[Embedder, ...]

    @cached_property
    def fingerprint(self) -> str:
        """Names them all: an index with another one has other fields."""
        return " + ".join(model.fingerprint for model in self.models)

    @property
    def max_tokens(self) -> int:
        """How many tokens a passage may have, by `count_tokens`."""
        return self.models[0].max_tokens

    def count_tokens(self, text: str) -> int:
        """How many tokens the first model reads `text` as."""
        return self.models[0].count_tokens(text)

    def find_model(self, fingerprint: str) -> Embedder | None:
        """The model of that fingerprint, if it is one of these."""
        return next((model for model in self.models if model.fingerprint == fingerprint), None)


def combine_models(models: Embedder | EmbeddingModels | Sequence[Embedder]) -> EmbeddingModels:
    """One model, or several, as what an index is made with."""
    if isinstance(models, EmbeddingModels):
        return models
    return EmbeddingModels(tuple(models) if isinstance(models, Sequence) else (models,))


def name_model(fingerprint: str) -> str:
    """The name in an embedder's fingerprint: "all-MiniLM-L6-v2"."""
    return fingerprint.partition("@")[0]
