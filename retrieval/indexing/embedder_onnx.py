"""The embedder of a CPU: an exported model in ONNX Runtime. Needs no torch."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from retrieval.errors import ModelError
from retrieval.indexing.onnx_export import MODEL, TOKENIZER, read_meta
from retrieval.interfaces import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Measured with MiniLM on a core with 1 MiB of L2 cache, microseconds a token: 4 rows of 100 tokens 96, 16 of them 111,
# 32 of them 130; 1 row of 240 tokens 121, 16 of them 149; 16 rows of 20 tokens 90, 1 of them 153.
_BATCH_ROWS = 32
_BATCH_TOKENS = 400


class OnnxEmbedder:
    """An Embedder over the export in `folder`. Many texts are sorted by length, so that little is spent on padding,
    and shared out over the cores, one thread each: a small model gains nothing from several threads on one batch."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError when the export is missing or cannot be loaded."""
        meta = read_meta(folder)
        if meta is None:
            raise ModelError(f"{folder} holds no complete exported model: delete it and start again.")
        self.fingerprint = meta.fingerprint
        self.dimension = meta.dimension
        self.max_tokens = meta.max_tokens
        self._meta = meta
        self._tokenizer_file = folder / TOKENIZER
        self._tokenizer = self._load_tokenizer()
        self._tokenizer.enable_truncation(meta.max_tokens)
        self._session = _session(folder / MODEL)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1."""
        return self._embed([self._meta.query_prompt + text.strip() for text in texts])

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """-> (len(texts), dimension) float32 rows of L2 norm 1; a text given twice is embedded once."""
        return self._embed([self._meta.document_prompt + text.strip() for text in texts], on_progress)

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, special tokens included."""
        return len(self._whole_text_tokenizer.encode(text).ids)

    def _embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(place))]
        rows = np.empty((len(place), self.dimension), np.float32)
        report = threading.Lock()

        def run(batch: list[int]) -> None:
            rows[batch] = self._run([tokens[row] for row in batch])
            if on_progress:
                with report:
                    on_progress(len(batch))

        batches = list(_batches(tokens))
        workers = min(len(os.sched_getaffinity(0)), len(batches))
        if workers < 2:
            for batch in batches:
                run(batch)
        else:
            with ThreadPoolExecutor(workers, thread_name_prefix="embed") as pool:
                try:
                    for done in [pool.submit(run, batch) for batch in batches]:
                        done.result()
                except BaseException:  # a cancelled refresh: embed no further
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        if on_progress and len(place) < len(texts):
            on_progress(len(texts) - len(place))
        return rows[[place[text] for text in texts]] if len(place) < len(texts) else rows

    def _run(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        width = max(map(len, tokens))
        ids = np.full((len(tokens), width), self._meta.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        inputs: dict[str, npt.NDArray[np.int64]] = {name: arrays[name] for name in self._meta.inputs}
        return np.asarray(self._session.run(None, inputs)[0], dtype=np.float32)

    @cached_property
    def _whole_text_tokenizer(self) -> Tokenizer:
        return self._load_tokenizer()

    def _load_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_file(str(self._tokenizer_file))
        except Exception as error:  # the binding raises bare Exception
            raise ModelError(f"{self._tokenizer_file} cannot be read: delete its folder and start again.") from error


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Row numbers, longest texts first, at most _BATCH_ROWS rows and _BATCH_TOKENS padded tokens together."""
    batch: list[int] = []
    limit = 0
    for row in sorted(range(len(tokens)), key=lambda row: -len(tokens[row])):
        if batch and len(batch) >= limit:
            yield batch
            batch = []
        if not batch:
            limit = max(1, min(_BATCH_ROWS, _BATCH_TOKENS // max(1, len(tokens[row]))))
        batch.append(row)
    if batch:
        yield batch


def _session(path: Path):  # type: ignore[no-untyped-def]  # onnxruntime publishes no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own hierarchy
        raise ModelError(f"{path} cannot be loaded by ONNX Runtime: delete its folder and start again.") from error
