"""What the exports of embedding models and cross-encoders share: tracing, int8 weights, a folder that appears whole."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.errors import ModelError
from retrieval.models.weights import Weights

META, MODEL, TOKENIZER = "meta.json", "model.onnx", "tokenizer.json"
_OPSET = 17
_ABANDONED_AFTER = 3600.0  # seconds after which a half-made export belongs to no living process

# Measured with MiniLM on a core with 1 MiB of L2 cache, microseconds a token: 4 rows of 100 tokens 96, 16 of them 111,
# 32 of them 130; 1 row of 240 tokens 121, 16 of them 149; 16 rows of 20 tokens 90, 1 of them 153.
_BATCH_ROWS = 32
_BATCH_TOKENS = 400

Array = npt.NDArray[np.float32]
Complete = Callable[[Path], bool]


class NotExportable(Exception):
    """The model cannot be run as one ONNX graph; the message says why. Internal: the caller falls back to torch."""


def folder_of(weights: Weights, cache_dir: Path, recipe: str) -> Path:
    """Where the export of `weights` lies."""
    name = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in weights.name)
    return cache_dir / f"{name}-{weights.digest}-{recipe}"


def read_record(folder: Path) -> dict[str, Any]:
    """What was noted with the export in `folder`; empty when there is none or its files have not the noted `sizes`."""
    try:
        data: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        complete = all((folder / name).stat().st_size == size for name, size in data["sizes"].items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return data if complete else {}


def sizes_of(folder: Path, *names: str) -> dict[str, int]:
    """The sizes in bytes of an export's large files (the graph and the tokenizer, unless other `names` are given)."""
    return {name: (folder / name).stat().st_size for name in names or (MODEL, TOKENIZER)}


@contextmanager
def write_folder_atomically(folder: Path, complete: Complete) -> Iterator[Path]:
    """A temporary folder, which becomes `folder` by one rename if the block ends well; two processes may do so."""
    _remove_abandoned(folder.parent)
    temporary = folder.parent / f".export-{secrets.token_hex(8)}"
    temporary.mkdir(parents=True)
    try:
        yield temporary
        take_place(temporary, folder, complete)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def take_place(temporary: Path, folder: Path, complete: Complete) -> None:
    """Move the export to `folder`; one that another process finished first stays, an incomplete one goes."""
    with _alone_in(folder.parent):  # else what looked incomplete may be whole by the time it is moved away
        if complete(folder):
            return
        broken = temporary.with_name(f"{temporary.name}-broken")
        with suppress(FileNotFoundError):
            folder.replace(broken)
        temporary.rename(folder)
    shutil.rmtree(broken, ignore_errors=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time, by a lock on the folder itself, which the kernel frees however its holder ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network file system that cannot lock: two exports at once are rare there too
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def save_tokenizer(model: Any, folder: Path) -> None:
    """Write the tokenizer of a sentence-transformers model, with no padding, no truncation. Raises NotExportable."""
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False) or tokenizer.padding_side != "right":
        raise NotExportable("its tokenizer is not of the tokenizers library, or pads on the left")
    backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_padding()
    backend.no_truncation()
    backend.save(str(folder / TOKENIZER))


def trace_model(model: Any, texts: Sequence[Any], output: str, path: Path, *, normalise: bool) -> tuple[str, ...]:
    """Write all modules of `model` in order as one graph that ends in its feature `output`; -> the names of its inputs.

    `texts` are two examples of different lengths. Raises NotExportable, OSError.
    """
    import torch

    model = model.to("cpu").eval()
    features = model.preprocess(list(texts))
    names = tuple(name for name in features if isinstance(features[name], torch.Tensor))

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.modules_in_order = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            state = dict(zip(names, tensors, strict=True))
            for module in self.modules_in_order:
                state = module(state)
            return torch.nn.functional.normalize(state[output], dim=1) if normalise else state[output]

    try:
        with _silence_warnings(), _plain_attention(model), torch.no_grad():
            torch.onnx.export(
                Pipeline().eval(),
                tuple(features[name] for name in names),
                str(path),
                input_names=list(names),
                output_names=["output"],
                dynamic_axes={**{name: {0: "batch", 1: "tokens"} for name in names}, "output": {0: "batch"}},
                opset_version=_OPSET,
                dynamo=False,
            )
    except OSError:  # a full disk is no fault of the model's
        raise
    except Exception as error:  # whatever the tracer stumbles over
        raise NotExportable(f"{type(error).__name__} while it was traced") from error
    return names


def quantise_graph(source: Path, target: Path) -> None:
    """Write the graph `source` with the weights of its matrix products in int8. Raises NotExportable, OSError."""
    from onnxruntime.quantization import quantize_dynamic

    try:
        with _silence_warnings():
            quantize_dynamic(source, target, per_channel=True, op_types_to_quantize=["MatMul"])
    except OSError:
        raise
    except Exception as error:  # whatever the quantiser stumbles over
        raise NotExportable(f"{type(error).__name__} while its weights were made int8") from error


def remove_leftovers(folder: Path, precision: str) -> None:
    """Remove what the int8 graph was made from; a float32 graph of more than 2 GB keeps its weights in files beside."""
    for path in folder.iterdir():
        if precision == "int8" and path.name not in {META, MODEL, TOKENIZER}:
            path.unlink()


def open_session(path: Path) -> Any:
    """The graph, ready to run on one thread a call. Raises ModelError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    # Without VNNI, 8-bit products saturate at 16 bits and an index of one machine would not fit another: exact ones
    # instead, .5 ms a question; other CPUs are left alone (onnxruntime_session_options_config_keys.h, decision 0011).
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own hierarchy
        raise ModelError(f"{path} cannot be loaded by ONNX Runtime: delete its folder and start again.") from error


def load_tokenizer(path: Path, max_tokens: int = 0) -> Any:
    """The tokenizer, which cuts after `max_tokens` if that is given. Raises ModelError."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the binding raises bare Exception
        raise ModelError(f"{path} cannot be read: delete its folder and start again.") from error
    if max_tokens:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer


def run_graph(
    session: Any,
    ids: Sequence[Sequence[int]],
    inputs: Sequence[str],
    pad_id: int,
    types: Sequence[Sequence[int]] = (),
) -> Array:
    """What the graph says of a batch of token ids, padded to the longest; `types` tell a pair's two texts apart."""
    shape = len(ids), max(map(len, ids))
    padded = np.full(shape, pad_id, np.int64)
    mask, type_ids = np.zeros_like(padded), np.zeros_like(padded)
    for row, own in enumerate(ids):
        padded[row, : len(own)] = own
        mask[row, : len(own)] = 1
    for row, own in enumerate(types):
        type_ids[row, : len(own)] = own
    arrays: Mapping[str, npt.NDArray[np.int64]]
    arrays = {"input_ids": padded, "attention_mask": mask, "token_type_ids": type_ids}
    return np.asarray(session.run(None, {name: arrays[name] for name in inputs})[0], dtype=np.float32)


def in_batches(tokens: Sequence[Sequence[int]], work: Callable[[list[int]], None]) -> None:
    """Do `work` on the numbers of the texts, those of a length together, shared out over the cores."""
    batches = list(_split_in_batches(tokens))
    workers = min(len(os.sched_getaffinity(0)), len(batches))
    if workers < 2:
        for batch in batches:
            work(batch)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="model") as pool:
        try:
            for done in [pool.submit(work, batch) for batch in batches]:
                done.result()
        except BaseException:  # a cancelled refresh: go on no further
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _split_in_batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
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
def _silence_warnings() -> Iterator[None]:
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
