"""The embedder of a CPU: an exported model in ONNX Runtime. Needs no torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from retrieval.errors import ModelError
from retrieval.interfaces import Vectors
from retrieval.models import onnx_graph
from retrieval.models.onnx_graph import META, MODEL
from retrieval.models.onnx_meta import read_meta, recipe_of
from retrieval.models.tokenizer import open_tokenizer
from retrieval.models.weights import Weights


class OnnxEmbedder:
    """An Embedder over the export of `weights` in `folder`. Many texts are sorted by length, so that little is spent on
    padding, and shared out over the cores, one thread each: a small model gains nothing from several threads on one
    batch."""

    def __init__(self, folder: Path, weights: Weights) -> None:
        """Raises ModelError when the export is missing or cannot be loaded."""
        meta = read_meta(folder)
        if meta is None:
            raise ModelError(f"{folder} holds no complete exported model: delete it and start again.")
        self.fingerprint = weights.fingerprint_for(f"{meta.precision}/onnxruntime-{recipe_of(weights)}")
        self.dimension = meta.dimension
        self._meta = meta
        self._prompts = weights.prompts
        self.tells_questions_apart = weights.prompts.tell_apart
        self._tokenizer = open_tokenizer(folder, meta.max_tokens, meta.around)
        self._session = onnx_graph.open_session(folder / MODEL)
        prompt = self.count_tokens(self._prompts.document) - self.count_tokens("") if self._prompts.document else 0
        self.max_tokens = meta.max_tokens - prompt
        try:
            self._embed_texts(["try"])
        except Exception as error:  # numpy's or onnxruntime's own
            raise ModelError(
                f"The graph in {folder} is not what its {META} says: delete it and start again."
            ) from error

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1."""
        return self._embed_texts([self._prompts.query + text.strip() for text in texts])

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """The same, for the questions of pages."""
        return self._embed_texts([self._prompts.query + text.strip() for text in texts], on_progress)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1; a text given twice is embedded once."""
        return self._embed_texts([self._prompts.document + text.strip() for text in texts], on_progress)

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, special tokens included."""
        return self._tokenizer.count_tokens(text)

    def _embed_texts(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        tokens = self._tokenizer.encode(list(place))
        rows = np.empty((len(place), self.dimension), np.float32)
        report = threading.Lock()

        def embed_batch(batch: list[int]) -> None:
            ids = [tokens[row] for row in batch]
            rows[batch] = onnx_graph.run_graph(self._session, ids, self._meta.inputs, self._meta.pad_id)
            if on_progress:
                with report:
                    on_progress(len(batch))

        onnx_graph.in_batches(tokens, embed_batch)
        if on_progress and len(place) < len(texts):
            on_progress(len(texts) - len(place))
        return rows[[place[text] for text in texts]] if len(place) < len(texts) else rows
