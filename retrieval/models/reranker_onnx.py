"""The reranker of a CPU: a cross-encoder exported once, int8 where that says nearly the same. Needs no torch to run."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import structlog

from retrieval.errors import ModelError
from retrieval.interfaces import Vectors
from retrieval.models import onnx_graph
from retrieval.models.onnx_graph import META, MODEL, TOKENIZER, NotExportable
from retrieval.models.weights import Weights

if TYPE_CHECKING:
    from retrieval.models.reranker import TorchReranker

log = structlog.get_logger(__name__)

RECIPE = "pairs1"  # change it with anything below that changes scores
_NEAR_ENOUGH = {"int8": 0.3, "fp32": 0.01}  # largest difference in log-odds, as a part of their spread over the samples
_QUESTION = "How do I return an item?"
_SAMPLES = (
    "Returns\nHow do I return an item?\nSend it back within thirty days; we pay the postage.",
    "Shipping\nHow long does shipping take?\nStandard delivery takes three to five working days. Orders placed before "
    "2 pm arrive on the next working day; large items are brought by a carrier who calls you first.",
    "如何退货？\n收到商品七天内，在“我的订单”中申请退货，审核通过后将商品寄回。",
    "Item",
    "Kann ich meine Bestellung ändern?\nJa, bis zum Versand.",
    "Refunds. " * 200,
)


@dataclass(frozen=True, slots=True)
class Meta:
    """What the runtime must know of an exported cross-encoder; `inputs` are the graph's, `sizes` the files'."""

    precision: str
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    sizes: dict[str, int]


def reranker_folder(weights: Weights, cache_dir: Path) -> Path:
    """Where the export of `weights` lies."""
    return onnx_graph.folder_of(weights, cache_dir, RECIPE)


def is_complete(folder: Path) -> bool:
    """Whether `folder` holds a whole export."""
    return _read_meta(folder) is not None


def export_reranker(weights: Weights, reranker: TorchReranker, folder: Path) -> None:
    """Export the cross-encoder to `folder` by one rename; two processes may do so at once. Raises NotExportable."""
    started = time.perf_counter()
    with onnx_graph.write_folder_atomically(folder, is_complete) as temporary:
        precision = _export_into(temporary, weights, reranker)
    log.info(
        "reranker exported", model=weights.name, precision=precision, seconds=round(time.perf_counter() - started, 1)
    )


class OnnxReranker:
    """A Reranker over the export in `folder`. The passages of a question are shared out over the cores."""

    def __init__(self, folder: Path, weights: Weights) -> None:
        """Raises ModelError when the export is missing or cannot be loaded."""
        meta = _read_meta(folder)
        if meta is None:
            raise ModelError(f"{folder} holds no complete exported reranker: delete it and start again.")
        self.fingerprint = weights.fingerprint_for(f"{meta.precision}/onnxruntime-{RECIPE}")
        self._meta = meta
        self._tokenizer = onnx_graph.load_tokenizer(folder / TOKENIZER, meta.max_tokens)
        self._session = onnx_graph.open_session(folder / MODEL)

    def score(self, query: str, texts: Sequence[str]) -> Vectors:
        """-> (len(texts),) float32 log-odds."""
        encodings = self._tokenizer.encode_batch([(query, text) for text in texts]) if texts else []
        ids, types = [each.ids for each in encodings], [each.type_ids for each in encodings]
        scores = np.empty(len(ids), np.float32)

        def score_batch(batch: list[int]) -> None:
            rows = [ids[row] for row in batch], [types[row] for row in batch]
            found = onnx_graph.run_graph(self._session, rows[0], self._meta.inputs, self._meta.pad_id, rows[1])
            scores[batch] = found.reshape(len(batch))

        onnx_graph.in_batches(ids, score_batch)
        return scores


def _read_meta(folder: Path) -> Meta | None:
    data = onnx_graph.read_record(folder)
    try:
        return Meta(**{**data, "inputs": tuple(data["inputs"])})
    except (TypeError, KeyError):
        return None


def _export_into(folder: Path, weights: Weights, reranker: TorchReranker) -> str:
    model = reranker.model
    if any(model.prompts.values()):
        raise NotExportable("it puts a prompt before its pairs")
    onnx_graph.save_tokenizer(model, folder)
    pairs = [("one text", "another"), ("a text", "another one, of another length")]
    inputs = onnx_graph.trace_model(model, pairs, "scores", folder / "fp32.onnx", normalise=False)
    onnx_graph.quantise_graph(folder / "fp32.onnx", folder / "int8.onnx")
    differences = {}
    for precision, most in _NEAR_ENOUGH.items():
        (folder / f"{precision}.onnx").replace(folder / MODEL)
        meta = Meta(
            precision=precision,
            max_tokens=int(model.max_seq_length),
            pad_id=int(model.tokenizer.pad_token_id or 0),
            inputs=inputs,
            sizes=onnx_graph.sizes_of(folder),
        )
        (folder / META).write_text(json.dumps(asdict(meta), indent=1), encoding="utf-8")
        differences[precision] = _measure_difference(folder, weights, reranker)
        if differences[precision] <= most:
            onnx_graph.remove_leftovers(folder, precision)
            return precision
    raise NotExportable(f"its scores come out different (by {differences} of their spread)")


def _measure_difference(folder: Path, weights: Weights, reranker: TorchReranker) -> float:
    try:
        ours = OnnxReranker(folder, weights).score(_QUESTION, _SAMPLES)
    except Exception as error:  # onnxruntime cannot build or run the graph
        raise NotExportable(f"{type(error).__name__} in ONNX Runtime") from error
    theirs = reranker.score(_QUESTION, _SAMPLES)
    return float(np.abs(ours - theirs).max() / max(float(theirs.std()), 1.0))
