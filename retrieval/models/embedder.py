"""Chooses how an embedding model runs, and exports it the first time."""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog

from retrieval.errors import ModelError
from retrieval.interfaces import Embedder
from retrieval.models.weights import Prompts, Weights, find_weights

log = structlog.get_logger(__name__)


def load_embedder(model: str, cache_dir: Path, onnx: bool = True, prefixes: Prompts | None = None) -> Embedder:
    """The embedder for `model`: a packaged model's name ("": the default one), a sentence-transformers folder, or a hub
    name; `prefixes` where the model lacks the prompts it was trained with.

    With `onnx` the model is exported into `cache_dir` when it is first needed (some ten seconds, imports torch), and
    runs without torch from then on, loaded when the first text is embedded; a model that cannot be exported runs in
    torch. A packed model always runs in ONNX Runtime, and never needs torch. Raises ModelError, now or when needed.
    """
    weights = find_weights(model, cache_dir, prefixes)
    if not onnx and not weights.packed_file:
        from retrieval.models.embedder_torch import TorchEmbedder

        return TorchEmbedder(weights)
    from retrieval.models.lazy_embedder import LazyEmbedder
    from retrieval.models.onnx_meta import cache_folder, read_meta

    folder = cache_folder(weights, cache_dir)
    return LazyEmbedder(
        weights, read_meta(folder), lambda: _load_exported(weights, folder) or _export_model(weights, folder)
    )


def _load_exported(weights: Weights, folder: Path) -> Embedder | None:
    from retrieval.models.embedder_onnx import OnnxEmbedder
    from retrieval.models.onnx_meta import is_complete

    if not is_complete(folder):
        return None
    try:
        return OnnxEmbedder(folder, weights)
    except ModelError as error:  # damaged on disk: make it again
        log.warning("exported embedding model is damaged and made again", reason=str(error))
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _export_model(weights: Weights, folder: Path) -> Embedder:
    from retrieval.models.embedder_onnx import OnnxEmbedder
    from retrieval.models.packed_export import export_packed

    log.warning("embedding model is made ready for this machine, which takes up to half a minute", model=weights.name)
    try:
        if weights.packed_file is None:
            return _export_by_tracing(weights, folder)
        export_packed(weights, weights.packed_file, folder)
    except OSError as error:
        raise ModelError(
            f"The exported embedding model cannot be written below {folder.parent} ({error.strerror}): free some 200 "
            "MB there, or point FRONTDESK_DATA_DIR to a folder that can be written."
        ) from error
    return OnnxEmbedder(folder, weights)


def _export_by_tracing(weights: Weights, folder: Path) -> Embedder:
    from retrieval.models.embedder_onnx import OnnxEmbedder
    from retrieval.models.embedder_torch import TorchEmbedder
    from retrieval.models.onnx_export import export_embedder
    from retrieval.models.onnx_graph import NotExportable
    from retrieval.models.weights import load_sentence_transformer

    model = load_sentence_transformer(weights)
    try:
        export_embedder(weights, model, folder)
    except NotExportable as error:
        log.warning("embedding model runs in torch, more slowly", model=weights.name, reason=str(error))
        return TorchEmbedder(weights, model)
    return OnnxEmbedder(folder, weights)
