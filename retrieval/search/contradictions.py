"""Which entries answer the same question differently: "The warranty is 2 years" on one page, "… 3 years" on another.

Each entry is compared with those whose questions lie nearest to its own. How likely a pair contradicts itself is told
by what both are about and how what they state differs; the weights are fitted by
`python -m benchmarks.contradictions fit --write`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.documents import Document
from retrieval.index.lexical_field import Places, join_ranges
from retrieval.search.page_subjects import PAGE_FEATURES, PageSubjects
from retrieval.search.same_question import same_question_thresholds
from retrieval.search.statement_pairs import PAIR_FEATURES, Difference, ask_of_other_numbers, compare_answers
from retrieval.text.languages import language_of

if TYPE_CHECKING:
    from retrieval.index.index import Index
    from retrieval.index.vector_field import VectorField

FEATURES = ("nearest", "furthest", "text_nearest", "text_furthest", *PAGE_FEATURES, *PAIR_FEATURES)
_DISJOINT, _CROSSED = FEATURES.index("fact_disjoint"), FEATURES.index("fact_crossed")
_NEAREST = 12  # rows looked at for each wording of an entry
_BATCH = 256  # entries whose neighbours are looked up at once
_FURTHEST = -8.0  # below, questions are about something else by every model
_MOST = 16  # neighbours of one entry that are compared

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two entries that ask the same and answer it differently, of which `kind` tells in what: "price", "duration",
    "date", "time", "number", "place", "contact", "name", "yes_no" or "words". `probability` is in 0..1."""

    one: Document
    other: Document
    kind: str
    probability: float


def find_contradictions(
    index: Index, numbers: Sequence[int], on_progress: Callable[[int, int], None] = lambda _done, _of: None
) -> list[Contradiction]:
    """The pairs of the documents at these `numbers` with any of the index that contradict each other, the likeliest
    first. `on_progress(done, total)` counts the numbers; what it raises ends the search."""
    found = []
    least = load_weights()["least"]
    for pair, difference, values in describe_pairs(index, numbers, on_progress):
        probability = estimate_probability(values)
        if probability >= least:
            one, other = (index.documents[number] for number in pair)
            found.append(Contradiction(one, other, difference.kind, round(probability, 4)))
    return sorted(found, key=lambda each: (-each.probability, each.one.id, each.other.id))


def describe_pairs(
    index: Index, numbers: Sequence[int], on_progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Iterator[tuple[Pair, Difference, tuple[float, ...]]]:
    """Each pair of the documents at `numbers` with a neighbour that states something else, once: how they differ, and
    the values of FEATURES."""
    if not numbers:
        return
    seen: set[Pair] = set()
    pages, needed = PageSubjects(index), same_question_thresholds(index, index.fields)
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        on_progress(start, len(numbers))
        for pair, nearness in _find_neighbours(index, batch, needed).items():
            if pair in seen:
                continue
            seen.add(pair)
            one, other = (index.documents[number] for number in pair)
            language = language_of(one)
            if not (one.answer.strip() and other.answer.strip()) or language_of(other) != language:
                continue
            if ask_of_other_numbers(one.question, other.question, language):
                continue
            if difference := compare_answers(one, other, language):
                texts = _measure_texts(index, pair, needed)
                near = (max(nearness), min(nearness), max(texts), min(texts))
                yield pair, difference, (*near, *pages.compare(one, other), *difference.features)
    on_progress(len(numbers), len(numbers))


def estimate_probability(values: Sequence[float]) -> float:
    """How likely a pair with these values of FEATURES contradicts itself."""
    weights = load_weights()
    own = weights[choose_weights(values)]
    odds = own["intercept"] + sum(own[name] * value for name, value in zip(FEATURES, values, strict=True))
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))


def choose_weights(values: Sequence[float]) -> str:
    """Which weights judge a pair with these values of FEATURES: those of "facts" that differ, or of "words" alone."""
    return "facts" if values[_DISJOINT] or values[_CROSSED] else "words"


def fingerprint_measure() -> str:
    """Another one whenever the same entries may be judged otherwise."""
    return hashlib.sha256(json.dumps(load_weights(), sort_keys=True).encode()).hexdigest()[:12]


def _find_neighbours(index: Index, numbers: Sequence[int], needed: Sequence[float]) -> dict[Pair, tuple[float, ...]]:
    """-> for each pair of one of `numbers` and a neighbour by any model, how near their questions are by each: 0 is
    where questions begin to be one, 1 the same vector."""
    fields = index.fields
    counts = index.question_row_counts[list(numbers)]
    rows = join_ranges(index.question_rows[list(numbers)], counts)
    owners = np.repeat(np.array(numbers, np.int64), counts)
    found: set[Pair] = set()
    for field in fields:
        found |= _by_vector(index, field, rows, owners)
    found |= {pair for number in numbers for pair in _by_words(index, number)}
    pairs: dict[Pair, tuple[float, ...]] = {}
    for pair in sorted(found):
        nearness = tuple(
            _scale(_cosine(index, field, pair), least) for field, least in zip(fields, needed, strict=True)
        )
        if nearness and max(nearness) >= _FURTHEST:
            pairs[pair] = nearness
    return pairs


def _by_vector(index: Index, field: VectorField, rows: Places, owners: Places) -> set[Pair]:
    near = field.dense.search(field.rows[rows], _NEAREST)
    owners = np.repeat(owners, near.shape[1])
    near = near.ravel()
    owners, near = owners[near >= 0], near[near >= 0]
    documents = index.passage_document[index.row_passage[near]]
    place = near - index.question_rows[documents]
    asks = (place >= 0) & (place < index.question_row_counts[documents]) & (documents != owners)
    return {(min(a, b), max(a, b)) for a, b in zip(owners[asks].tolist(), documents[asks].tolist(), strict=True)}


def _by_words(index: Index, number: int) -> Iterator[Pair]:
    document = index.documents[number]
    for wording in (document.question, *document.alternatives):
        for text in index.wordings.find_same_words(wording, language_of(document))[:_MOST]:
            other = int(np.searchsorted(index.wording_starts, text, "right")) - 1
            if other != number:
                yield min(number, other), max(number, other)


def _cosine(index: Index, field: VectorField, pair: Pair) -> float:
    """The highest cosine of two documents' wordings."""
    one, other = (
        field.rows[index.question_rows[number] : index.question_rows[number] + index.question_row_counts[number]]
        for number in pair
    )
    return float((one @ other.T).max())


def _measure_texts(index: Index, pair: Pair, needed: Sequence[float]) -> list[float]:
    """How near two documents' first passages are, with their questions, on the scale of `_find_neighbours`."""
    one, other = (index.first_row[index.opening[number]] for number in pair)
    return [
        _scale(float(field.rows[one] @ field.rows[other]), least)
        for field, least in zip(index.fields, needed, strict=True)
    ]


def _scale(cosine: float, least: float) -> float:
    """0 where questions begin to be one, 1 for the same vector."""
    return (cosine - least) / max(1e-3, 1 - least)


@cache
def load_weights() -> dict[str, Any]:
    """The fitted weights of FEATURES and the intercept, of pairs that differ in "facts" and of those that differ in
    "words" alone, and the "least" probability that counts."""
    weights: dict[str, Any] = json.loads((files("retrieval.search") / "contradictions.json").read_text("utf-8"))
    return weights
