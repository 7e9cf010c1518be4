"""The question sets that quality is measured and weights are fitted on, as the product's own search sees them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answers.evaluation import read_rooms
from bot.bootstrap import embedder_for
from bot.settings import load_settings
from retrieval.indexing.building import build_index
from retrieval.indexing.glossing import GlossingEmbedder
from retrieval.indexing.index import Index
from retrieval.interfaces import Embedder
from retrieval.languages import script_language
from retrieval.searching import calibration, fusion, signals
from retrieval.searching.languages import LanguageProbe
from retrieval.searching.profiles import SIGNALS, Profile
from retrieval.searching.retriever import choose_profile
from retrieval.searching.signals import Candidates, Query

Mask = npt.NDArray[np.bool_]


def folder() -> Path:
    """Where the sets lie: FRONTDESK_QUALITY_DIR, else ../shared/faq beside the project."""
    return Path(os.environ.get("FRONTDESK_QUALITY_DIR", "../shared/faq")) / "sets"


@dataclass
class Example:
    """One query, measured on every passage of its room (the FAQs it is asked among), and which of them are relevant."""

    id: str
    room: str
    index: Index
    query: Query
    answerable: bool
    candidates: Candidates
    relevant: Mask

    @property
    def profile(self) -> Profile:
        """What it is searched by."""
        return self.query.profile


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a query: the features of its ranking and whether the first document is right."""

    features: dict[str, float]
    answerable: bool
    right: bool
    similarity: float


def single_turn(name: str) -> bool:
    """Sets of conversations are no material for weights."""
    return not name.endswith("_mt")


def judge(example: Example, kept: Mask | None = None) -> Judged:
    """An example as the product ranks and describes it; `kept` (documents,) where only a part of the FAQs is there."""
    candidates, relevant = example.candidates, example.relevant
    if kept is not None:
        there = np.flatnonzero(kept[candidates.documents])
        candidates, relevant = signals.only(candidates, there), relevant[there]
    scores = fusion.fuse(candidates, example.profile)
    ranking = fusion.rank(candidates, scores)
    features = calibration.describe(example.index, example.query, candidates, ranking, scores)
    right = bool(len(ranking)) and bool(relevant[ranking[0]])
    similarity = float(candidates.values[:, SIGNALS.index("cos_best")].max(initial=0))
    return Judged(features, example.answerable and bool(relevant.any()), right, similarity)


def examples(name: str, embedder: Embedder) -> list[Example]:
    """Every query of a set."""
    return list(_examples(folder() / name, embedder))


def _examples(path: Path, embedder: Embedder) -> Iterator[Example]:
    probe = LanguageProbe(embedder)
    for documents, queries in read_rooms(path / "faqs.jsonl", path / "queries.jsonl"):
        index = build_index(documents, embedder)
        everything = np.arange(len(index.passages))
        for row in queries:
            profile = choose_profile(probe, script_language(row["text"]), index)
            every_signal = replace(profile, weights=dict.fromkeys(SIGNALS, 1.0))
            vector = embedder.embed_queries([row["text"]])[0]
            query = signals.prepare(index, row["text"], vector, every_signal)
            found = signals.measure(index, query, everything)
            wanted = {f"eval:{faq}" for faq in row["relevant"]}
            relevant = np.array([index.documents[place].url in wanted for place in found.documents.tolist()], bool)
            yield Example(
                id=str(row["id"]),
                room=str(row.get("site", "")),
                index=index,
                query=replace(query, profile=profile),
                answerable=row.get("answerable", True),
                candidates=found,
                relevant=relevant,
            )


def load(names: Sequence[str] = (), *, glossed: bool = True) -> dict[str, list[Example]]:
    """The examples of all single-turn sets (or of `names`); where not `glossed`, as an embedder sees them that nobody
    helps with Chinese. Exits kindly where the sets are absent."""
    if not folder().is_dir():
        raise SystemExit(f"No question sets in {folder()}: set FRONTDESK_QUALITY_DIR to the folder that holds sets/.")
    embedder = embedder_for(load_settings())
    if not glossed and isinstance(embedder, GlossingEmbedder):
        embedder = embedder.inner
    names = names or sorted(path.name for path in folder().iterdir() if single_turn(path.name))
    return {name: examples(name, embedder) for name in names}
