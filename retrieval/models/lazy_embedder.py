"""An exported model that costs nothing before the first text is embedded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from retrieval.interfaces import Embedder, Vectors
from retrieval.models.onnx_meta import Meta, recipe_of
from retrieval.models.weights import Weights


class LazyEmbedder:
    """An Embedder that is made by `load` when it is needed, once however many threads ask. What identifies it is known
    from `meta`, the notes of its export; where there is none yet, asking for it makes the export."""

    def __init__(self, weights: Weights, meta: Meta | None, load: Callable[[], Embedder]) -> None:
        self._weights, self._meta, self._load = weights, meta, load
        self._lock = threading.Lock()
        self._loaded: Embedder | None = None

    @property
    def fingerprint(self) -> str:
        if self._meta is None or self._loaded:
            return self.load().fingerprint
        return self._weights.fingerprint_for(f"{self._meta.precision}/onnxruntime-{recipe_of(self._weights)}")

    @property
    def dimension(self) -> int:
        return self.load().dimension if self._meta is None or self._loaded else self._meta.dimension

    @property
    def max_tokens(self) -> int:
        known = self._meta.tokens_beside(self._weights.prompts.document) if self._meta else None
        return self.load().max_tokens if known is None or self._loaded else known

    @property
    def tells_questions_apart(self) -> bool:
        return self._weights.prompts.tell_apart

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self.load().embed_queries(texts)

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self.load().embed_questions(texts, on_progress)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self.load().embed_documents(texts, on_progress)

    def count_tokens(self, text: str) -> int:
        return self.load().count_tokens(text)

    def load(self) -> Embedder:
        """The embedder itself, loaded by the first who asks. Raises ModelError."""
        if self._loaded is None:
            with self._lock:
                self._loaded = self._loaded or self._load()
        return self._loaded
