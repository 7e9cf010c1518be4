"""Exports a sentence-transformers model once: transformer, pooling and normalisation in one ONNX graph, int8 weights.

What comes out is compared with what the model itself says in torch before it is used: int8 when that is near enough,
else float32, else not at all.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from retrieval.interfaces import Vectors
from retrieval.models import onnx_graph
from retrieval.models.onnx_graph import META, MODEL, NotExportable
from retrieval.models.onnx_meta import Meta, is_complete
from retrieval.models.weights import Weights

log = structlog.get_logger(__name__)

_NEAR_ENOUGH = {"int8": 0.95, "fp32": 0.999}  # least cosine with torch over the samples
_SAMPLES = (
    "How do I return an item?",
    "How long does shipping take?\nStandard delivery takes three to five working days. Express orders placed before "
    "2 pm arrive on the next working day; large items are brought by a carrier who calls you first.",
    "如何退货？\n收到商品七天内，在“我的订单”中申请退货，审核通过后将商品寄回。",
    "Kann ich meine Bestellung ändern?",
    "reset password",
    "Refunds. " * 200,
)


def export_embedder(weights: Weights, model: Any, folder: Path) -> None:
    """Export `model` (a SentenceTransformer) to `folder` by one rename; two processes may do so at once.

    Raises NotExportable.
    """
    started = time.perf_counter()
    with onnx_graph.write_folder_atomically(folder, is_complete) as temporary:
        precision = _export_into(temporary, weights, model)
    seconds = round(time.perf_counter() - started, 1)
    log.info("embedding model exported", model=weights.name, precision=precision, seconds=seconds)


def _export_into(folder: Path, weights: Weights, model: Any) -> str:
    if not all(getattr(module, "include_prompt", True) for module in model):
        raise NotExportable("its pooling leaves the prompt out")
    onnx_graph.save_tokenizer(model, folder)
    texts = ["one text", "another text, of another length"]
    inputs = onnx_graph.trace_model(model, texts, "sentence_embedding", folder / "fp32.onnx", normalise=True)
    onnx_graph.quantise_graph(folder / "fp32.onnx", folder / "int8.onnx")
    cosines = {}
    for precision, least in _NEAR_ENOUGH.items():
        (folder / f"{precision}.onnx").replace(folder / MODEL)
        meta = Meta(
            precision=precision,
            dimension=int(model.get_embedding_dimension()),
            max_tokens=int(model.max_seq_length or 512),
            pad_id=int(model.tokenizer.pad_token_id or 0),
            inputs=inputs,
            sizes=onnx_graph.sizes_of(folder),
        )
        (folder / META).write_text(json.dumps(asdict(meta), indent=1), encoding="utf-8")
        cosines[precision] = _least_cosine(folder, weights, model)
        if cosines[precision] >= least:
            onnx_graph.remove_leftovers(folder, precision)
            return precision
    raise NotExportable(f"its vectors come out different (least cosine {cosines})")


def _least_cosine(folder: Path, weights: Weights, model: Any) -> float:
    from retrieval.models.embedder_onnx import OnnxEmbedder
    from retrieval.models.embedder_torch import TorchEmbedder

    theirs = TorchEmbedder(weights, model)
    try:
        ours = OnnxEmbedder(folder, weights)
        pairs = [
            (ours.embed_queries(_SAMPLES), theirs.embed_queries(_SAMPLES)),
            (ours.embed_documents(_SAMPLES), theirs.embed_documents(_SAMPLES)),
        ]
    except Exception as error:  # onnxruntime cannot build or run the graph
        raise NotExportable(f"{type(error).__name__} in ONNX Runtime") from error
    return min(float(_row_products(our, their).min()) for our, their in pairs)


def _row_products(one: Vectors, other: Vectors) -> Vectors:
    return np.asarray(np.einsum("ij,ij->i", one, other), dtype=np.float32)
