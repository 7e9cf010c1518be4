"""An embedding model for tests that need several: a text's vector is the sum of its words' random ones."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from retrieval.interfaces import Vectors


class WordEmbedder:
    """Implements the port `Embedder`; `texts` are all that it has embedded, in order."""

    max_tokens = 64

    def __init__(self, name: str = "words", dimension: int = 32, *, tells_questions_apart: bool = False) -> None:
        self.fingerprint = f"{name}@test"
        self.dimension = dimension
        self.tells_questions_apart = tells_questions_apart
        self.texts: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, "query " if self.tells_questions_apart else "")

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self._told(self.embed_queries(texts), on_progress)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self._told(self._embed(texts, ""), on_progress)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def _told(self, vectors: Vectors, on_progress: Callable[[int], None] | None) -> Vectors:
        if on_progress:
            on_progress(len(vectors))
        return vectors

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        self.texts += texts
        rows = np.array([self._vector(prefix + text) for text in texts], np.float32).reshape(-1, self.dimension)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def _vector(self, text: str) -> Vectors:
        seeds = [zlib.crc32(word.encode()) for word in (f"{self.fingerprint} {text}").casefold().split()]
        return np.sum([np.random.default_rng(seed).normal(size=self.dimension) for seed in seeds], axis=0)
