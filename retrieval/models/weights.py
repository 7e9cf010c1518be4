"""Finds an embedding model's files, and names their content, without importing torch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from retrieval.documents import content_id
from retrieval.errors import ModelError
from retrieval.files import sha256_file, write_atomically
from retrieval.models.packages import Package, find_package

_SHAPES_VECTORS = {".json", ".txt", ".safetensors", ".bin", ".model"}
_OTHER_RUNTIMES = ("onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.tflite", "*.pdf", "*.png")
_LARGE = 1 << 22  # bytes; hashing less than this takes a few milliseconds


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a model wants before each text it embeds, by what the text is."""

    query: str = ""
    document: str = ""

    @property
    def tell_apart(self) -> bool:
        """Whether a question is embedded otherwise than a text of the same words."""
        return self.query != self.document


@dataclass(frozen=True, slots=True)
class Weights:
    """A model on disk. `digest` is 12 hex digits over every file that shapes its vectors; `pooling` is "mean", "cls" …;
    `package` is the one that they were installed with."""

    name: str
    folder: Path
    digest: str
    pooling: str
    package: Package | None = None
    prompts: Prompts = field(default_factory=Prompts)

    @property
    def packed_file(self) -> Path | None:
        """The one file of 4-bit weights, where they are no sentence-transformers model."""
        return self.folder / next(iter(self.package.pinned)) if self.package and self.package.packed else None

    def fingerprint_for(self, runtime: str) -> str:
        """Names what shapes the vectors that these weights make in `runtime`; the prompts too, where there are any."""
        prompts = "" if self.prompts == Prompts() else f"/prompts-{content_id(*astuple(self.prompts))[:8]}"
        return f"{self.name}@{self.digest}/{self.pooling}{prompts}/{runtime}"

    def verify_files(self) -> None:
        """Read the files of a package again. Raises ModelError when one is not the pinned one."""
        if self.package:
            self.package.verify_files(self.folder)


def find_weights(model: str, cache_dir: Path, prefixes: Prompts | None = None) -> Weights:
    """The files of `model`: a packaged one ("": the default), a folder, or a name on the Hugging Face hub.

    `prefixes`, where they are not empty, stand in for the prompts of the model's own configuration. `cache_dir` keeps
    the hashes of large files, by size and time. Raises ModelError when they cannot be had.
    """
    package = find_package(model)
    if package:
        folder, name = package.find_folder(), package.model
    elif _is_path(model):
        folder = Path(model).expanduser().resolve()
        name = folder.name
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            raise ModelError(
                f"{folder} holds no sentence-transformers model (no modules.json, no config.json): set "
                "FRONTDESK_EMBEDDING_MODEL to a folder that does, or unset it for the default model."
            )
    else:
        folder, name = _hub_folder(model), model
    pinned = package.pinned if package else {}
    files = pinned if package and package.packed else _files_that_shape_vectors(folder)
    digest = _digest_files(folder, files, pinned, cache_dir / "hashes.json")
    pooling = "mean" if package else _read_pooling(folder)
    return Weights(name, folder, digest, pooling, package, _read_prompts(folder, prefixes or Prompts(), package))


@dataclass(frozen=True, slots=True)
class CrossEncoderUse:
    """What a cross-encoder is for, as its faults tell: `what` it is called, its `setting`, and what unsetting that is
    `unset` for."""

    what: str
    setting: str
    unset: str


RERANKER = CrossEncoderUse("reranker", "FRONTDESK_RERANKER", "to rank without one")
ENTAILMENT = CrossEncoderUse("entailment model", "FRONTDESK_ENTAILMENT_MODEL", "to attribute sentences without one")


def find_cross_encoder(model: str, cache_dir: Path, use: CrossEncoderUse) -> Weights:
    """The files of a cross-encoder: a folder, or a name on the Hugging Face hub. Raises ModelError."""
    if _is_path(model):
        folder = Path(model).expanduser().resolve()
        name = folder.name
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"{folder} holds no cross-encoder (no config.json): set {use.setting} to a folder that does, or "
                f"unset it {use.unset}."
            )
    else:
        folder, name = _hub_folder(model, use.what, use.setting, use.unset), model
    digest = _digest_files(folder, _files_that_shape_vectors(folder), {}, cache_dir / "hashes.json")
    return Weights(name, folder, digest, "pair")


def _is_path(model: str) -> bool:
    return model.startswith(("/", "./", "../", "~")) or Path(model).is_dir()


def _hub_folder(
    name: str,
    what: str = "embedding model",
    setting: str = "FRONTDESK_EMBEDDING_MODEL",
    unset: str = "for the default model",
) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        try:
            return Path(snapshot_download(name, local_files_only=True))
        except LocalEntryNotFoundError:
            return Path(snapshot_download(name, ignore_patterns=list(_OTHER_RUNTIMES)))
    except HFValidationError as error:
        raise ModelError(
            f"{name!r} is neither a folder nor a model's name on the Hugging Face hub: correct {setting}."
        ) from error
    except Exception as error:  # the hub's client raises whatever its HTTP library does
        raise ModelError(
            f"The {what} {name!r} cannot be had from the Hugging Face hub ({type(error).__name__}): check the "
            f"name and the network, or set {setting} to a folder, or unset it {unset}."
        ) from error


def _files_that_shape_vectors(folder: Path) -> list[str]:
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in _SHAPES_VECTORS and path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if not name.startswith((".", "onnx/", "openvino/"))]


def _digest_files(folder: Path, files: Iterable[str], pinned: Mapping[str, str], hashes: Path) -> str:
    digest = hashlib.sha256()
    for name in files:
        digest.update(f"{name}\0{pinned.get(name) or _cached_sha256(folder / name, hashes)}\0".encode())
    return digest.hexdigest()[:12]


def _cached_sha256(path: Path, hashes: Path) -> str:
    """SHA-256 of `path`, remembered for large files as long as size and modification time stay."""
    stat = path.stat()
    if stat.st_size < _LARGE:
        return sha256_file(path)
    try:
        known = json.loads(hashes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    key = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    if key not in known:
        known[key] = sha256_file(path)
        write_atomically(hashes, json.dumps(known, indent=1))
    return str(known[key])


def _read_pooling(folder: Path) -> str:
    """The pooling mode as the model's own configuration names it, "custom" where it names none. Raises ModelError."""
    for path in sorted(folder.glob("*_Pooling/config.json")):
        try:
            config = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(
                f"{path} cannot be read ({type(error).__name__}): set FRONTDESK_EMBEDDING_MODEL to a complete "
                "sentence-transformers model, or unset it for the default one."
            ) from error
        if "pooling_mode" in config:
            return str(config["pooling_mode"])
        modes = [
            key.removeprefix("pooling_mode_") for key, on in config.items() if key[:8] == "pooling_" and on is True
        ]
        if modes:
            return "+".join(mode.removesuffix("s").removesuffix("_token") for mode in modes)
    return "custom"


def _read_prompts(folder: Path, prefixes: Prompts, package: Package | None) -> Prompts:
    """The prompts of the model's own configuration or its `package`, but for the `prefixes` that are set.

    A model may name the one for documents "passage" or "corpus"; sentence-transformers would then use an empty
    "document" of its own making instead.
    """
    try:
        own = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8")).get("prompts")
    except (OSError, ValueError, AttributeError):
        own = None
    own = own if isinstance(own, dict) else {}
    document = next((own[name] for name in ("document", "passage", "corpus") if own.get(name)), "")
    query, document = str(own.get("query") or ""), str(document)
    if package:
        query, document = query or package.query_prompt, document or package.document_prompt
    return Prompts(prefixes.query or query, prefixes.document or document)


def why_not_loaded(weights: Weights, error: Exception) -> str:
    """The reason in one line why sentence-transformers could not load a model."""
    with suppress(OSError, ValueError):
        if "auto_map" in json.loads((weights.folder / "config.json").read_text(encoding="utf-8")):
            return "it brings code of its own, which Frontdesk does not run"
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no reason given'}"


def load_sentence_transformer(weights: Weights) -> Any:
    """The model in torch, on the GPU if there is one; checks the pinned files first. Imports torch (seconds).

    Raises ModelError when the files are no such model.
    """
    weights.verify_files()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything is on disk: a load must not call home
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(weights.folder), local_files_only=True)
    except Exception as error:  # torch, safetensors and transformers each raise their own
        raise ModelError(
            f"The embedding model in {weights.folder} cannot be loaded ({why_not_loaded(weights, error)}): set "
            "FRONTDESK_EMBEDDING_MODEL to a complete sentence-transformers model, or unset it for the default one."
        ) from error
