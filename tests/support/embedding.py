"""The real default embedder, exported once for a checkout instead of once for a test run."""

from __future__ import annotations

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
    return load_embedder("", MODELS)
