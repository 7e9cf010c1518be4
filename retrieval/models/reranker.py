"""Chooses how a cross-encoder runs, and exports it the first time: ONNX Runtime in int8 on a CPU, else torch."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from retrieval.errors import ModelError
from retrieval.interfaces import Reranker, Vectors
from retrieval.models.weights import RERANKER, CrossEncoderUse, Weights, find_cross_encoder, why_not_loaded

log = structlog.get_logger(__name__)

MAX_TOKENS = 512  # of question and passage together: what most cross-encoders read, and all that a CPU has time for
_BATCH = 16
_CLASSIFIER = "ForSequenceClassification"


def load_reranker(model: str, cache_dir: Path, onnx: bool = True) -> Reranker:
    """The cross-encoder in the folder `model`, or of that name on the Hugging Face hub (from its cache alone where
    HF_HUB_OFFLINE is set).

    With `onnx` it is exported into `cache_dir` the first time (imports torch) and runs without torch from then on; one
    that cannot be exported runs in torch. Raises ModelError: missing, broken, or no cross-encoder with one label.
    """
    from retrieval.models.onnx_graph import NotExportable
    from retrieval.models.reranker_onnx import OnnxReranker, export_reranker, is_complete, reranker_folder

    weights = find_cross_encoder(model, cache_dir, RERANKER)
    _check_labels(weights)
    if not onnx:
        return TorchReranker(weights)
    folder = reranker_folder(weights, cache_dir)
    if is_complete(folder):
        try:
            return OnnxReranker(folder, weights)
        except ModelError as error:  # damaged on disk: make it again
            log.warning("exported reranker is damaged and made again", reason=str(error))
            shutil.rmtree(folder, ignore_errors=True)
    torch_reranker = TorchReranker(weights)
    try:
        export_reranker(weights, torch_reranker, folder)
    except NotExportable as error:
        log.warning("reranker runs in torch, more slowly", model=weights.name, reason=str(error))
        return torch_reranker
    except OSError as error:
        raise ModelError(
            f"The exported reranker cannot be written below {cache_dir} ({error.strerror}): make room there, or point "
            "FRONTDESK_DATA_DIR to a folder that can be written."
        ) from error
    return OnnxReranker(folder, weights)


class TorchReranker:
    """A Reranker over a sentence-transformers CrossEncoder in torch, one call at a time (one shared tokenizer)."""

    def __init__(self, weights: Weights) -> None:
        """Raises ModelError."""
        self.model = load_cross_encoder(weights, RERANKER)
        self._lock = threading.Lock()
        self.fingerprint = weights.fingerprint_for("fp32/torch")

    def score(self, query: str, texts: Sequence[str]) -> Vectors:
        """-> (len(texts),) float32 log-odds."""
        from torch import nn

        if not texts:
            return np.empty(0, np.float32)
        pairs = [(query, text) for text in texts]
        with self._lock:  # no sigmoid at the end: its argument is the log-odds
            scores = self.model.predict(pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=nn.Identity())
        return np.asarray(scores, dtype=np.float32)


def _check_labels(weights: Weights) -> None:
    """What can be told from the configuration, before any weight is read. Raises ModelError."""
    try:
        config = json.loads((weights.folder / "config.json").read_text(encoding="utf-8"))
        architecture = str((config.get("architectures") or [""])[0])
        labels = len(config.get("id2label") or range(int(config.get("num_labels", 2))))
    except (OSError, ValueError, AttributeError, IndexError, TypeError) as error:
        raise ModelError(
            f"The reranker's configuration in {weights.folder} cannot be read: set FRONTDESK_RERANKER to a complete "
            "cross-encoder, or unset it to rank without one."
        ) from error
    if not architecture.endswith(_CLASSIFIER):
        raise ModelError(
            f"{weights.name} is no cross-encoder (its architecture is {architecture or 'not named'}, not "
            f"…{_CLASSIFIER}): name one in FRONTDESK_RERANKER, or unset it to rank without one."
        )
    if labels != 1:
        raise ModelError(
            f"{weights.name} tells {labels} classes apart, which gives no order: name a cross-encoder with one label "
            "in FRONTDESK_RERANKER, or unset it to rank without one."
        )


def load_cross_encoder(weights: Weights, use: CrossEncoderUse) -> Any:
    """The sentence-transformers CrossEncoder in torch. Raises ModelError."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything is on disk: a load must not call home
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = CrossEncoder(str(weights.folder), local_files_only=True)
    except Exception as error:  # torch, safetensors and transformers each raise their own
        raise ModelError(
            f"The {use.what} in {weights.folder} cannot be loaded ({why_not_loaded(weights, error)}): set "
            f"{use.setting} to a complete cross-encoder, or unset it {use.unset}."
        ) from error
    model.max_seq_length = min(int(model.max_seq_length or MAX_TOKENS), MAX_TOKENS)
    return model
