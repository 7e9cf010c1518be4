"""The question sets that quality is measured and weights are fitted on, as the product's own search sees them."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.app import embedding_models_for
from bot.evaluation.question_files import read_rooms
from bot.settings import load_settings
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.interfaces import Embedder, Vectors
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search import signals
from retrieval.search.near_misses import NEAR_MISSES
from retrieval.search.profiles import VECTOR_SIGNALS, WORD_SIGNALS, Profile, name_signal
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.retriever import detect_query_language

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEAR_MISS_ROOMS = Path(__file__).parent / "data" / "near_misses.json"
CACHE = Path("var/fit")  # vectors are kept here from run to run
NEAREST = 24  # documents whose signs of a near miss are measured: others come first in no ranking that is fitted
MEASURED_WHOLE = 400  # passages up to which every one is measured for a query; of a larger index the likeliest


def folder() -> Path:
    """Where the sets lie: FRONTDESK_QUALITY_DIR, else ../shared/faq beside the project."""
    return Path(os.environ.get("FRONTDESK_QUALITY_DIR", "../shared/faq")) / "sets"


@dataclass(frozen=True)
class Example:
    """One query of a set: every signal of each document that it was measured on, the best that any of its passages has.

    `room` names the FAQs it is asked among; `documents` are places among its `count` documents, `values` (documents,
    signals) in the order of `signal_names`, `near_misses` (documents, signs) in that of NEAR_MISSES, `covered` and
    `bare` as in `calibration.FEATURES`, `relevant` which are right.
    """

    id: str
    room: str
    language: str
    documents_language: str
    worded: bool
    answerable: bool
    count: int
    tokens: int
    documents: Places
    values: Floats
    near_misses: Floats
    covered: Floats
    bare: Mask
    relevant: Mask


class RememberingEmbedder:
    """`inner`, embedding no text twice: sets share entries, and the vectors are kept in a file from run to run."""

    def __init__(self, inner: Embedder, cache: Path) -> None:
        self._inner = inner
        self.fingerprint, self.dimension, self.max_tokens = inner.fingerprint, inner.dimension, inner.max_tokens
        self.tells_questions_apart = inner.tells_questions_apart
        self.count_tokens = inner.count_tokens
        self._path = cache / f"{name_model(self.fingerprint).replace('/', '_')}.pickle"
        self._known: dict[tuple[str, str], Vectors] = {}
        if self._path.is_file():
            self._known = pickle.loads(self._path.read_bytes())

    def save(self) -> None:
        """Keep the vectors for the next run."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(pickle.dumps(self._known))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        return self._embed("q", texts, self._inner.embed_queries)

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """See the port."""
        return self._embed("q", texts, self._inner.embed_queries)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """See the port."""
        return self._embed("d", texts, self._inner.embed_documents)

    def _embed(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if (kind, text) not in self._known]
        for text, vector in zip(missing, embed(missing) if missing else (), strict=True):
            self._known[kind, text] = vector.astype(np.float16)
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([self._known[kind, text] for text in texts]).astype(np.float32)


def remembering_models(cache: Path) -> EmbeddingModels:
    """The models of the settings, remembering what they embedded."""
    return EmbeddingModels(
        tuple(RememberingEmbedder(model, cache) for model in embedding_models_for(load_settings()).models)
    )


def signal_names(models: EmbeddingModels) -> tuple[str, ...]:
    """Every signal that there is with these models."""
    names = [name_model(model.fingerprint) for model in models.models]
    return (*(name_signal(signal, name) for name in names for signal in VECTOR_SIGNALS), *WORD_SIGNALS)


def single_turn(name: str) -> bool:
    """Sets of conversations are no material for weights."""
    return not name.endswith("_mt")


def load_sets(models: EmbeddingModels, names: Sequence[str] = ()) -> Iterator[tuple[str, list[Example]]]:
    """The examples of all single-turn sets (or of `names`). Exits kindly where the sets are absent."""
    if not folder().is_dir():
        raise SystemExit(f"No question sets in {folder()}: set FRONTDESK_QUALITY_DIR to the folder that holds sets/.")
    for name in names or sorted(path.name for path in folder().iterdir() if single_turn(path.name)):
        examples: list[Example] = []
        path = folder() / name
        for documents, queries in read_rooms(path / "faqs.jsonl", path / "queries.jsonl"):
            index = build_index(documents, models)
            for row in queries:
                wanted = {f"eval:{faq}" for faq in row["relevant"]}
                right = np.array([passage.document.url in wanted for passage in index.passages], bool)
                examples.append(measure_query(index, models, row, right))
        yield name, examples


def load_sites(models: EmbeddingModels, questions: Path, data: Path) -> Iterator[Example]:
    """The questions about help sites (JSON lines with `site`, `text`, `answerable` and the places of `gold`) on the
    indexes that lie in `data`, a data folder for each site; `right` tells a passage that answers."""
    from benchmarks.gold import answers_question

    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    for site in sorted({row["site"] for row in rows}):
        root = data / site / "index"
        if not (root / "active").is_file():
            continue
        held = Index.load(root / "versions" / (root / "active").read_text().strip())
        index = build_index(held.documents, models)
        for row in rows:
            if row["site"] == site:
                right = np.array([answers_question(row["gold"], passage) for passage in index.passages], bool)
                yield measure_query(index, models, row, right)


def load_near_misses(models: EmbeddingModels, half: str = "open") -> Iterator[Example]:
    """The questions of our own small FAQs, with those that lie near an entry and that nothing answers."""
    for number, room in enumerate(json.loads(NEAR_MISS_ROOMS.read_text(encoding="utf-8"))):
        if room["half"] != half:
            continue
        documents = [
            Document(f"near:{place}", *entry, language=room["language"]) for place, entry in enumerate(room["entries"])
        ]
        index = build_index(documents, models)
        for entry, answerable, miss in room["pairs"]:
            for text, wanted in ((answerable, entry), (miss, None)):
                row = {"id": text, "text": text, "site": str(number), "answerable": wanted is not None}
                right = np.array([passage.document.url == f"near:{wanted}" for passage in index.passages], bool)
                yield measure_query(index, models, row, right)


def measure_query(index: Index, models: EmbeddingModels, row: dict[str, object], right: Mask) -> Example:
    """A row of a set with its signals; `right` (passages,) tells which passages answer it."""
    text = str(row["text"])
    names = signal_names(models)
    everything = Profile("everything", dict.fromkeys(names, 1.0), {})
    vectors = QuestionVectors(models).embed_texts([text], everything.models)[0]
    language = detect_query_language(text, index)
    query = signals.prepare_query(index, text, vectors, everything, language)
    if len(index.passages) <= MEASURED_WHOLE:
        found = signals.measure_signals(index, query, np.arange(len(index.passages)))
    else:
        found = signals.gather_candidates(index, query, [np.flatnonzero(right)])
    documents, inverse = np.unique(found.documents, return_inverse=True)
    values = np.full((len(documents), len(names)), -np.inf, np.float32)
    np.maximum.at(values, inverse, found.values)
    covered = np.zeros(len(documents), np.float32)
    np.maximum.at(covered, inverse, index.texts.measure_overlap(query.texts, found.passages)[0])
    relevant = np.zeros(len(documents), bool)
    np.logical_or.at(relevant, inverse, right[found.passages])
    misses = measure_near_misses(index, text, names, documents, values)
    bare = [not (held := index.documents[place]).answer.strip() and not held.alternatives for place in documents]
    return Example(
        id=str(row["id"]),
        room=str(row.get("site", "")),
        language=language,
        documents_language=language if index.languages[language] else index.main_language,
        worded=index.has_several_wordings,
        answerable=bool(row.get("answerable", True)),
        count=len(index.documents),
        tokens=len(query.tokens),
        documents=documents,
        values=values,
        near_misses=misses,
        covered=covered,
        bare=np.array(bare, bool),
        relevant=relevant,
    )


def measure_near_misses(index: Index, text: str, names: Sequence[str], documents: Places, values: Floats) -> Floats:
    """The signs of a near miss of the likeliest documents, as each's opening passage has them."""
    spread = values.std(axis=0) + 1e-6
    likeliest = np.argsort(-(values / spread).sum(axis=1), kind="stable")[:NEAREST]
    passages = index.opening[documents[likeliest]]
    signs = np.zeros((len(documents), len(NEAR_MISSES)), np.float32)
    for number, sign in enumerate(NEAR_MISSES.values()):
        signs[likeliest, number] = sign(index, text, passages)
    return signs
