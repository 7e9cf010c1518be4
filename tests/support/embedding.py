"""The real default embedding models, exported once for a checkout instead of once for a test run."""

from __future__ import annotations

import fcntl
import os
import shutil
from functools import cache
from pathlib import Path

from bot.answering.intent import reader
from bot.answering.intent.reader import LearnedReader
from retrieval.interfaces import Embedder
from retrieval.models.embedder import load_embedder
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.models.packages import MULTILINGUAL_MODEL

MODELS = Path(__file__).parents[2] / ".pytest_cache" / "models"


@cache
def default_embedder() -> EmbeddingModels:
    """The models of an installation without settings."""
    return EmbeddingModels((plain_embedder(), multilingual_embedder()))


@cache
def intent_reader() -> LearnedReader:
    """What tells questions from what asks nothing in an installation without settings."""
    require_fitted_readings(default_embedder())
    return LearnedReader(default_embedder(), MODELS)


def require_fitted_readings(models: EmbeddingModels) -> None:
    """The product would fit them by itself, in every process, for ten minutes each."""
    for model in models.models:
        file = Path(reader.__file__).parent / "fitted" / f"{reader.name_head(name_model(model.fingerprint))}.json"
        told = f"{file.name} has learned other examples than there are: run .venv/bin/python -m benchmarks.fit_intent"
        assert reader.parse_heads(file.read_text(encoding="utf-8")), told


@cache
def plain_embedder() -> Embedder:
    """MiniLM, which knows English."""
    return _ready("")


@cache
def multilingual_embedder() -> Embedder:
    """The packaged model that knows a hundred languages."""
    return _ready(MULTILINGUAL_MODEL)


def _ready(model: str) -> Embedder:
    MODELS.mkdir(parents=True, exist_ok=True)
    with (MODELS / "lock").open("w") as lock:  # of the workers that begin at once on a fresh checkout one exports
        fcntl.flock(lock, fcntl.LOCK_EX)
        embedder = load_embedder(model, MODELS)
        assert embedder.dimension == 384  # known from the export, which is made where there is none
        return embedder


def give_model(data: Path) -> None:
    """Put the packaged models into a data folder: exporting them takes longer than most tests."""
    intent_reader()  # for which both are made ready
    for folder in MODELS.glob("all-MiniLM*"):
        if not (data / "models" / folder.name).exists():
            shutil.copytree(folder, data / "models" / folder.name, copy_function=_link)
    for folder in MODELS.glob(f"{MULTILINGUAL_MODEL}-*"):
        if not (data / "models" / folder.name).exists():
            (data / "models" / folder.name).symlink_to(folder)


def _link(source: str, target: str) -> None:
    """A copy that takes no room: a suite makes hundreds of data folders, each with 90 MB of models."""
    try:
        os.link(source, target)
    except OSError:  # on another file system
        shutil.copy2(source, target)
