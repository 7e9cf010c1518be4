"""Chooses how an embedding model runs, and exports it the first time."""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog

from retrieval.errors import ModelError
from retrieval.indexing.weights import Prompts, Weights, find_weights
from retrieval.interfaces import Embedder

log = structlog.get_logger(__name__)


def load_embedder(model: str, cache_dir: Path, onnx: bool = True, prefixes: Prompts | None = None) -> Embedder:
    """The embedder for `model`: "" for the default weights, a sentence-transformers folder, or a hub name; `prefixes`
    where the model lacks the prompts it was trained with.

    With `onnx` the model is exported into `cache_dir` the first time (some ten seconds, imports torch) and runs
    without torch from then on; a model that cannot be exported runs in torch. Raises ModelError.
    """
    weights = find_weights(model, cache_dir, prefixes)
    if not onnx:
        from retrieval.indexing.embedder_torch import TorchEmbedder

        return TorchEmbedder(weights)
    return _exported(weights, cache_dir) or _export(weights, cache_dir)


def _exported(weights: Weights, cache_dir: Path) -> Embedder | None:
    from retrieval.indexing.embedder_onnx import OnnxEmbedder
    from retrieval.indexing.onnx_export import cache_folder, read_meta

    folder = cache_folder(weights, cache_dir)
    if read_meta(folder) is None:
        return None
    try:
        return OnnxEmbedder(folder, weights)
    except ModelError as error:  # damaged on disk: make it again
        log.warning("exported embedding model is damaged and made again", reason=str(error))
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _export(weights: Weights, cache_dir: Path) -> Embedder:
    from retrieval.indexing.embedder_onnx import OnnxEmbedder
    from retrieval.indexing.embedder_torch import TorchEmbedder
    from retrieval.indexing.onnx_export import cache_folder, export
    from retrieval.indexing.onnx_graph import NotExportable
    from retrieval.indexing.weights import load_sentence_transformer

    model = load_sentence_transformer(weights)
    try:
        export(weights, model, cache_folder(weights, cache_dir))
    except NotExportable as error:
        log.warning("embedding model runs in torch, more slowly", model=weights.name, reason=str(error))
        return TorchEmbedder(weights, model)
    except OSError as error:
        raise ModelError(
            f"The exported embedding model cannot be written below {cache_dir} ({error.strerror}): free some 200 MB "
            "there, or point FRONTDESK_DATA_DIR to a folder that can be written."
        ) from error
    return OnnxEmbedder(cache_folder(weights, cache_dir), weights)
