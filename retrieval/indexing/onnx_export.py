"""Exports a sentence-transformers model once: transformer, pooling and normalisation in one ONNX graph, int8 weights.

What comes out is compared with what the model itself says in torch before it is used: int8 when that is near enough,
else float32, else not at all.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from retrieval.indexing.weights import Weights
from retrieval.interfaces import Vectors

log = structlog.get_logger(__name__)

RECIPE = "onnx1"  # change it with anything below that changes vectors
META, MODEL, TOKENIZER = "meta.json", "model.onnx", "tokenizer.json"
_OPSET = 17
_NEAR_ENOUGH = {"int8": 0.95, "fp32": 0.999}  # least cosine with torch over the samples
_ABANDONED_AFTER = 3600.0  # seconds after which a half-made export belongs to no living process
_SAMPLES = (
    "How do I return an item?",
    "How long does shipping take?\nStandard delivery takes three to five working days. Express orders placed before "
    "2 pm arrive on the next working day; large items are brought by a carrier who calls you first.",
    "如何退货？\n收到商品七天内，在“我的订单”中申请退货，审核通过后将商品寄回。",
    "Kann ich meine Bestellung ändern?",
    "reset password",
    "Refunds. " * 200,
)


class NotExportable(Exception):
    """The model cannot be run as one ONNX graph; the message says why. Internal: the caller falls back to torch."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What the runtime must know of an exported model; `inputs` are the graph's, `sizes` the files' in bytes."""

    fingerprint: str
    dimension: int
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    query_prompt: str
    document_prompt: str
    sizes: dict[str, int]


def cache_folder(weights: Weights, cache_dir: Path) -> Path:
    """Where the export of `weights` lies."""
    name = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in weights.name)
    return cache_dir / f"{name}-{weights.digest}-{RECIPE}"


def read_meta(folder: Path) -> Meta | None:
    """The export in `folder`, or None when there is none or it is incomplete."""
    try:
        data = json.loads((folder / META).read_text(encoding="utf-8"))
        meta = Meta(**{**data, "inputs": tuple(data["inputs"])})
        complete = all((folder / name).stat().st_size == size for name, size in meta.sizes.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return meta if complete else None


def export(weights: Weights, model: Any, folder: Path) -> None:
    """Export `model` (a SentenceTransformer) to `folder` by one rename; two processes may do so at once.

    Raises NotExportable.
    """
    started = time.perf_counter()
    _remove_abandoned(folder.parent)
    temporary = folder.parent / f".export-{secrets.token_hex(8)}"
    temporary.mkdir(parents=True)
    try:
        meta = _export_into(temporary, weights, model)
        _take_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    log.info("embedding model exported", fingerprint=meta.fingerprint, seconds=round(time.perf_counter() - started, 1))


def _export_into(folder: Path, weights: Weights, model: Any) -> Meta:
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False) or tokenizer.padding_side != "right":
        raise NotExportable("its tokenizer is not of the tokenizers library, or pads on the left")
    backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_padding()
    backend.no_truncation()
    backend.save(str(folder / TOKENIZER))
    try:
        with _quiet():
            inputs = _trace(model, folder / "fp32.onnx")
            _quantise(folder / "fp32.onnx", folder / "int8.onnx")
    except Exception as error:  # whatever the tracer or the quantiser stumbles over
        raise NotExportable(f"{type(error).__name__} while it was traced") from error
    cosines = {}
    for precision, least in _NEAR_ENOUGH.items():
        (folder / f"{precision}.onnx").replace(folder / MODEL)
        meta = _meta(folder, weights, model, inputs, precision)
        (folder / META).write_text(json.dumps(asdict(meta), indent=1, ensure_ascii=False), encoding="utf-8")
        cosines[precision] = _least_cosine(folder, model)
        if cosines[precision] >= least:
            for leftover in folder.glob("*p32.onnx"):
                leftover.unlink()
            return meta
    raise NotExportable(f"its vectors come out different (least cosine {cosines})")


def _trace(model: Any, path: Path) -> tuple[str, ...]:
    """Write the whole pipeline of `model`, ended by a normalisation, as one graph; -> the names of its inputs."""
    import torch

    model = model.to("cpu").eval()
    features = model.preprocess(["one text", "another text, of another length"])
    names = tuple(name for name in features if isinstance(features[name], torch.Tensor))

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.modules_in_order = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            state = dict(zip(names, tensors, strict=True))
            for module in self.modules_in_order:
                state = module(state)
            return torch.nn.functional.normalize(state["sentence_embedding"], dim=1)

    with _plain_attention(model), torch.no_grad():
        torch.onnx.export(
            Pipeline().eval(),
            tuple(features[name] for name in names),
            str(path),
            input_names=list(names),
            output_names=["embedding"],
            dynamic_axes={**{name: {0: "batch", 1: "tokens"} for name in names}, "embedding": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    return names


def _quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(source, target, per_channel=True, op_types_to_quantize=["MatMul"])


def _meta(folder: Path, weights: Weights, model: Any, inputs: tuple[str, ...], precision: str) -> Meta:
    prompts, default = model.prompts, model.prompts.get(model.default_prompt_name, "")
    document_names = [name for name in ("document", "passage", "corpus") if name in prompts]
    tokenizer = model.tokenizer
    return Meta(
        fingerprint=f"{weights.name}@{weights.digest}/{weights.pooling}/{precision}/onnxruntime-{RECIPE}",
        dimension=int(model.get_embedding_dimension()),
        max_tokens=int(model.max_seq_length or 512),
        pad_id=int(tokenizer.pad_token_id or 0),
        inputs=inputs,
        query_prompt=prompts.get("query", default),
        document_prompt=prompts[document_names[0]] if document_names else default,
        sizes={name: (folder / name).stat().st_size for name in (MODEL, TOKENIZER)},
    )


def _least_cosine(folder: Path, model: Any) -> float:
    from retrieval.indexing.embedder_onnx import OnnxEmbedder

    try:
        embedder = OnnxEmbedder(folder)
        ours = [embedder.embed_queries(_SAMPLES), embedder.embed_documents(_SAMPLES)]
    except Exception as error:  # onnxruntime cannot build or run the graph
        raise NotExportable(f"{type(error).__name__} in ONNX Runtime") from error
    options = {"normalize_embeddings": True, "show_progress_bar": False}
    theirs = [model.encode_query(list(_SAMPLES), **options), model.encode_document(list(_SAMPLES), **options)]
    return min(float(_row_products(our, their).min()) for our, their in zip(ours, theirs, strict=True))


def _row_products(one: Vectors, other: Vectors) -> Vectors:
    return np.asarray(np.einsum("ij,ij->i", one, other), dtype=np.float32)


def _take_place(temporary: Path, folder: Path) -> None:
    """Move the export to `folder`; one that another process finished first stays, an incomplete one goes."""
    if folder.exists() and read_meta(folder) is None:
        broken = temporary.with_name(f"{temporary.name}-broken")
        with suppress(FileNotFoundError):  # the other process was here
            folder.replace(broken)
        shutil.rmtree(broken, ignore_errors=True)
    try:
        temporary.rename(folder)
    except OSError:
        if read_meta(folder) is None:
            raise


def _remove_abandoned(parent: Path) -> None:
    for path in parent.glob(".export-*"):
        try:
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue


@contextmanager
def _plain_attention(model: Any) -> Iterator[None]:
    """Attention as plain matrix products: the graph is 7% faster than that of torch's fused kernel, which the exporter
    takes apart again and guards against NaN in every layer."""
    networks = [module.auto_model for module in model if hasattr(module, "auto_model")]
    before = [network.config._attn_implementation for network in networks]
    try:
        for network in networks:
            network.set_attn_implementation("eager")
        yield
    finally:
        for network, implementation in zip(networks, before, strict=True):
            network.set_attn_implementation(implementation)


@contextmanager
def _quiet() -> Iterator[None]:
    """Tracer and quantiser warn at length of what is checked afterwards anyway."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
