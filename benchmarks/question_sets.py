"""The question sets that quality is measured and weights are fitted on, as the product's own search sees them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answers.evaluation import read_rooms
from bot.bootstrap import embedder_for
from bot.settings import load_settings
from retrieval.indexing.building import build_index
from retrieval.interfaces import Embedder
from retrieval.searching import calibration, fusion, signals
from retrieval.searching.languages import LanguageProbe
from retrieval.searching.retriever import choose_profile
from retrieval.text import detect_language


def folder() -> Path:
    """Where the sets lie: FRONTDESK_QUALITY_DIR, else ../shared/faq beside the project."""
    return Path(os.environ.get("FRONTDESK_QUALITY_DIR", "../shared/faq")) / "sets"


@dataclass
class Example:
    """One query: its candidates' signals (n, len(SIGNALS)), which are relevant, and the features of the ranking."""

    profile: str
    answerable: bool
    documents: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    relevant: npt.NDArray[np.bool_]
    features: dict[str, float]
    right: bool


def single_turn(name: str) -> bool:
    """Sets of conversations are no material for weights."""
    return not name.endswith("_mt")


def examples(name: str, embedder: Embedder) -> list[Example]:
    """Every query of a set as the product searches it."""
    return list(_examples(folder() / name, embedder))


def _examples(path: Path, embedder: Embedder) -> Iterator[Example]:
    probe = LanguageProbe(embedder)
    for documents, queries in read_rooms(path / "faqs.jsonl", path / "queries.jsonl"):
        index = build_index(documents, embedder)
        for row in queries:
            vector = embedder.embed_queries([row["text"]])[0]
            profile = choose_profile(probe, detect_language(row["text"]), index)
            query = signals.prepare(index, row["text"], vector, concepts=profile.concepts)
            found = signals.gather(index, query, index.dense.search(vector[None], signals.NEAREST)[0])
            scores = fusion.fuse(found, profile)
            ranking = fusion.rank(found, scores)
            wanted = {f"eval:{faq}" for faq in row["relevant"]}
            relevant = np.array([index.documents[place].url in wanted for place in found.documents.tolist()], bool)
            yield Example(
                profile=profile.name,
                answerable=row.get("answerable", True),
                documents=found.documents,
                values=found.values,
                relevant=relevant,
                features=calibration.describe(index, query, found, ranking, scores),
                right=bool(len(ranking)) and bool(relevant[ranking[0]]),
            )


def load(names: Sequence[str] = ()) -> dict[str, list[Example]]:
    """The examples of all single-turn sets (or of `names`). Exits kindly where the sets are absent."""
    if not folder().is_dir():
        raise SystemExit(f"No question sets in {folder()}: set FRONTDESK_QUALITY_DIR to the folder that holds sets/.")
    embedder = embedder_for(load_settings())
    names = names or sorted(path.name for path in folder().iterdir() if single_turn(path.name))
    return {name: examples(name, embedder) for name in names}
