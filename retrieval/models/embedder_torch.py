"""The embedder that runs sentence-transformers as it is: for a GPU, and for models that ONNX export cannot take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from retrieval.errors import ModelError
from retrieval.interfaces import Vectors
from retrieval.models.weights import Weights, load_sentence_transformer

_CHUNK = 512  # texts between two reports of progress
_DEFAULT_MAX_TOKENS = 512  # of a model that declares no limit


class TorchEmbedder:
    """An Embedder over a sentence-transformers model in torch, float32, one call at a time (one shared tokenizer)."""

    def __init__(self, weights: Weights, model: Any = None) -> None:
        """Loads the model unless it is given. Raises ModelError."""
        self._model = model if model is not None else load_sentence_transformer(weights)
        self._lock = threading.Lock()
        self._prompts = weights.prompts
        self.tells_questions_apart = weights.prompts.tell_apart
        self.fingerprint = weights.fingerprint_for("fp32/torch")
        dimension = self._model.get_embedding_dimension()
        if not dimension:
            raise ModelError(f"{weights.name} makes no sentence embeddings: name another in FRONTDESK_EMBEDDING_MODEL.")
        self.dimension = int(dimension)
        prompt = self.count_tokens(self._prompts.document) - self.count_tokens("") if self._prompts.document else 0
        self.max_tokens = int(self._model.max_seq_length or _DEFAULT_MAX_TOKENS) - prompt

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1."""
        return self._embed_texts(self._model.encode_query, self._prompts.query, texts)

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """The same, for the questions of pages."""
        return self._embed_many(self._model.encode_query, self._prompts.query, texts, on_progress)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1; a text given twice is embedded once."""
        return self._embed_many(self._model.encode_document, self._prompts.document, texts, on_progress)

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, special tokens included."""
        with self._lock:
            return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def _embed_many(
        self,
        encode: Callable[..., Any],
        prompt: str,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None,
    ) -> Vectors:
        unique = list(dict.fromkeys(texts))
        rows = np.empty((len(unique), self.dimension), np.float32)
        for start in range(0, len(unique), _CHUNK):
            chunk = unique[start : start + _CHUNK]
            rows[start : start + len(chunk)] = self._embed_texts(encode, prompt, chunk)
            if on_progress:
                on_progress(len(chunk))
        if on_progress and len(unique) < len(texts):
            on_progress(len(texts) - len(unique))
        place = {text: row for row, text in enumerate(unique)}
        return rows[[place[text] for text in texts]]

    def _embed_texts(self, encode: Callable[..., Any], prompt: str, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            rows = encode(list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)
