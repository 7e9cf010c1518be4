"""Exports a sentence-transformers model once: transformer, pooling and normalisation in one ONNX graph, int8 weights.

What comes out is compared with what the model itself says in torch before it is used: int8 when that is near enough,
else float32, else not at all.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from retrieval.indexing import onnx_graph
from retrieval.indexing.onnx_graph import META, MODEL, NotExportable
from retrieval.indexing.weights import Weights
from retrieval.interfaces import Vectors

log = structlog.get_logger(__name__)

RECIPE = "onnx2"  # change it with anything below that changes vectors
PACKED_RECIPE = "packed1"  # and this with anything in packed_graph.py or tokens.py
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


@dataclass(frozen=True, slots=True)
class Meta:
    """What the runtime must know of an exported model; `inputs` are the graph's, `sizes` the files' in bytes, `around`
    the ids before and after a text where the tokenizer does not add them.

    Prompts are no part of it: they are put before the texts, whatever the graph. `prompt_tokens` only remembers how
    long one is.
    """

    precision: str
    dimension: int
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    sizes: dict[str, int]
    around: tuple[int, ...] = ()
    prompt_tokens: dict[str, int] = field(default_factory=dict)

    def tokens_beside(self, prompt: str) -> int | None:
        """How many tokens of a text are read beside `prompt`; None where that must be counted."""
        taken = self.prompt_tokens.get(prompt, None if prompt else 0)
        return None if taken is None else self.max_tokens - taken


def recipe_of(weights: Weights) -> str:
    """How `weights` are exported."""
    return PACKED_RECIPE if weights.packed_file else RECIPE


def cache_folder(weights: Weights, cache_dir: Path) -> Path:
    """Where the export of `weights` lies."""
    return onnx_graph.folder_of(weights, cache_dir, recipe_of(weights))


def read_meta(folder: Path) -> Meta | None:
    """The export in `folder`, or None when there is none or it is incomplete."""
    data = onnx_graph.read_record(folder)
    try:
        meta = Meta(**{**data, "inputs": tuple(data["inputs"]), "around": tuple(data.get("around", ()))})
    except (TypeError, KeyError):
        return None
    numbers = (meta.dimension, meta.max_tokens, meta.pad_id)
    return meta if all(type(number) is int for number in numbers) else None


def export_embedder(weights: Weights, model: Any, folder: Path) -> None:
    """Export `model` (a SentenceTransformer) to `folder` by one rename; two processes may do so at once.

    Raises NotExportable.
    """
    started = time.perf_counter()
    with onnx_graph.write_folder_atomically(folder, is_complete) as temporary:
        precision = _export_into(temporary, weights, model)
    seconds = round(time.perf_counter() - started, 1)
    log.info("embedding model exported", model=weights.name, precision=precision, seconds=seconds)


def is_complete(folder: Path) -> bool:
    """Whether `folder` holds a whole export."""
    return read_meta(folder) is not None


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
    from retrieval.indexing.embedder_onnx import OnnxEmbedder
    from retrieval.indexing.embedder_torch import TorchEmbedder

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
