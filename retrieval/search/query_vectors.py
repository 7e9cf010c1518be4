"""The vectors of questions, by each model that a search looks at; those of the last questions are remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property

from retrieval.documents import content_id
from retrieval.index.lexical_field import Scores
from retrieval.interfaces import Embedder
from retrieval.models.embedding_models import EmbeddingModels, name_model

REMEMBERED = 2048  # questions; 1.5 kB each


class QuestionVectors:
    """Embeds questions by the models named, once each. Safe in any thread; keeps no text of a question."""

    def __init__(self, models: EmbeddingModels) -> None:
        self._embedders = models
        self._known: OrderedDict[tuple[str, str], Scores] = OrderedDict()
        self._lock = threading.Lock()

    @cached_property
    def _models(self) -> Mapping[str, Embedder]:
        """By name, which a model that was never exported is exported for."""
        return {name_model(model.fingerprint): model for model in self._embedders.models}

    def embed_texts(self, texts: Sequence[str], models: Sequence[str]) -> list[Mapping[str, Scores]]:
        """-> for each text, its unit vector by the name of each of the models."""
        found: list[dict[str, Scores]] = [{} for _ in texts]
        for name in models:
            for vectors, vector in zip(found, self._embed_by(name, texts), strict=True):
                vectors[name] = vector
        return list(found)

    def _embed_by(self, name: str, texts: Sequence[str]) -> list[Scores]:
        keys = [(name, content_id(text)) for text in texts]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for key, text in missing.items():  # one at a time: company changes a vector a little
            known[key] = self._models[name].embed_queries([text])[0]
        with self._lock:
            for key in keys:
                self._known[key] = known[key]
                self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [known[key] for key in keys]
