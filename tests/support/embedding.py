"""The real default embedder, exported once for a checkout instead of once for a test run."""

from __future__ import annotations

import fcntl
import shutil
from functools import cache
from pathlib import Path

from retrieval.indexing.embedder import load_embedder
from retrieval.indexing.glossing import GlossingEmbedder
from retrieval.interfaces import Embedder

MODELS = Path(__file__).parents[2] / ".pytest_cache" / "models"


@cache
def default_embedder() -> Embedder:
    """The embedder of an installation without settings."""
    return GlossingEmbedder(plain_embedder())


@cache
def plain_embedder() -> Embedder:
    """The model alone, which knows no Chinese."""
    MODELS.mkdir(parents=True, exist_ok=True)
    with (MODELS / "lock").open("w") as lock:  # of the workers that begin at once on a fresh checkout one exports
        fcntl.flock(lock, fcntl.LOCK_EX)
        return load_embedder("", MODELS)


def give_model(data: Path) -> None:
    """Put the default model into a data folder: exporting it takes longer than most tests."""
    plain_embedder()
    for folder in MODELS.glob("all-MiniLM*"):
        if not (data / "models" / folder.name).exists():
            shutil.copytree(folder, data / "models" / folder.name)
