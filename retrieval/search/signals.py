"""What each passage has in common with a query, one number a signal, exact for every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import LexicalQuery, Places, Scores, join_ranges
from retrieval.models.embedding_models import name_model
from retrieval.search.profiles import VECTOR_SIGNALS, Profile, name_signal
from retrieval.text.analysis import analyse_text

if TYPE_CHECKING:
    from retrieval.index.index import Index
    from retrieval.index.vector_field import VectorField

POOL = 32  # passages taken by each lexical field
NEAREST = 64  # rows taken by vector: a passage has two or more


@dataclass(frozen=True)
class Lookup:
    """What a text finds in an index whatever it is searched by: its distinct tokens, these looked up in each lexical
    field, how well every text there fits them, and the passages nearest by each model's name. For one thread."""

    index: Index
    tokens: tuple[str, ...]
    texts: LexicalQuery
    questions: LexicalQuery
    wordings: LexicalQuery
    near: dict[str, Places] = field(default_factory=dict)

    @cached_property
    def by_text(self) -> Scores:
        """(passages,) BM25 of the whole texts."""
        return self.index.texts.score_bm25(self.texts)

    @cached_property
    def by_question(self) -> Scores:
        """(documents,) BM25 of the questions."""
        return self.index.questions.score_bm25(self.questions)

    def find_nearest(self, field: VectorField, vector: Scores) -> Places:
        """The passages nearest to the text's `vector` by one model."""
        if field.model not in self.near:
            rows = field.dense.search(vector[None], NEAREST)[0]
            self.near[field.model] = np.asarray(self.index.row_passage[rows[rows >= 0]], np.int64)
        return self.near[field.model]


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the signals need it: its text, its unit vector by each model's name, what it is searched by, and what
    it finds."""

    text: str
    vectors: Mapping[str, Scores]
    profile: Profile
    lookup: Lookup

    @property
    def tokens(self) -> tuple[str, ...]:
        """The distinct tokens of the text."""
        return self.lookup.tokens

    @property
    def texts(self) -> LexicalQuery:
        """The tokens in the field of whole texts."""
        return self.lookup.texts


@dataclass(frozen=True, slots=True)
class Candidates:
    """`passages` are places in `Index.passages`, `documents` in `Index.documents`; `values` is (n, signals), a column
    for each signal that the profile weighs, in its order."""

    passages: Places
    documents: Places
    values: Scores


def prepare_query(
    index: Index, text: str, vectors: Mapping[str, Scores], profile: Profile, language: str = "en"
) -> Query:
    """Analyse `text`, which is in `language`, and look its tokens up in `index`."""
    return Query(text, vectors, profile, look_up(index, text, language))


def look_up(index: Index, text: str, language: str) -> Lookup:
    """What `text`, which is in `language`, finds in `index`."""
    tokens = tuple(dict.fromkeys(analyse_text(text, language)))
    return Lookup(
        index, tokens, index.texts.look_up(tokens), index.questions.look_up(tokens), index.wordings.look_up(tokens)
    )


def gather_candidates(index: Index, query: Query, also: Sequence[Places] = ()) -> Candidates:
    """The candidates: those nearest by each model's vectors, of the best BM25 by text and by question, `also` these,
    and what asks the same question as one of them."""
    lookup = query.lookup
    near = [lookup.find_nearest(field, query.vectors[name_model(field.model)]) for field in _find_fields(index, query)]
    lexical = [find_highest(lookup.by_text, POOL), index.opening[find_highest(lookup.by_question, POOL)]]
    found = np.unique(np.concatenate([*near, *lexical, *also]))
    if len(index.same_question_pairs):
        met = np.isin(index.same_question_pairs, index.passage_document[found]).any(axis=1)
        found = np.union1d(found, index.opening[index.same_question_pairs[met].ravel()])
    if len(index.hidden):
        found = found[~np.isin(index.passage_document[found], index.hidden)]
    return measure_signals(index, query, found)


def select_candidates(candidates: Candidates, numbers: Places) -> Candidates:
    """These of the candidates."""
    return Candidates(candidates.passages[numbers], candidates.documents[numbers], candidates.values[numbers])


def find_highest(scores: Scores, count: int) -> Places:
    """The places of the `count` highest positive scores, in no order."""
    if len(scores) > 4 * count:
        places = np.argpartition(scores, -count)[-count:]
        return places[scores[places] > 0]
    return np.flatnonzero(scores > 0)


def _find_fields(index: Index, query: Query) -> list[VectorField]:
    """The fields of the models that the query was embedded by."""
    return [field for field in index.fields if name_model(field.model) in query.vectors]


def measure_signals(index: Index, query: Query, found: Places) -> Candidates:
    """The signals of these passages, also for another query than the one they were found by.

    What the profile does not weigh is not measured; a model without a field here is worth 0 for all.
    """
    wanted = query.profile.weights
    documents = index.passage_document[found]
    values = np.zeros((len(found), len(wanted)), np.float32)
    if len(found):
        distinct, inverse = np.unique(documents, return_inverse=True)
        columns = {
            "bm25_question": query.lookup.by_question[documents],
            "bm25_passage": query.lookup.by_text[found],
        }
        if "overlap" in wanted:
            columns["overlap"] = _measure_overlap(index, query.lookup.wordings, distinct)[inverse]
        for field in _find_fields(index, query):
            columns |= _vector_signals(index, field, query, found, distinct, inverse)
        for number, name in enumerate(wanted):
            if name in columns:
                values[:, number] = columns[name]
    return Candidates(found, documents, values)


def _vector_signals(
    index: Index, field: VectorField, query: Query, found: Places, documents: Places, inverse: Places
) -> dict[str, Scores]:
    """The signals of one field that the profile weighs; `documents[inverse]` are those of `found`."""
    model, wanted = name_model(field.model), query.profile.weights
    vector = query.vectors[model]
    names = {signal: name_signal(signal, model) for signal in VECTOR_SIGNALS}
    by_wording = _by_wording(index, field, vector, documents, as_questions=False)[inverse]
    by_passage = field.rows[index.first_row[found]] @ vector
    columns = {
        names["cos_question"]: by_wording,
        names["cos_passage"]: by_passage,
        names["cos_best"]: np.maximum(by_wording, by_passage),
    }
    if (name := names["cos_alike"]) in wanted:
        columns[name] = _by_wording(index, field, vector, documents, as_questions=True)[inverse]
    if (name := names["cos_wordings"]) in wanted:
        columns[name] = field.means.compare_documents(vector, documents)[inverse]
    return columns


def _by_wording(index: Index, field: VectorField, vector: Scores, documents: Places, *, as_questions: bool) -> Scores:
    """-> (documents,) the highest cosine with any of a document's wordings."""
    counts = index.question_row_counts[documents]
    places = join_ranges(index.question_starts[documents], counts)
    cosines = field.compare_wordings(vector, places, as_questions=as_questions)
    return np.maximum.reduceat(cosines, np.cumsum(counts) - counts)


def _measure_overlap(index: Index, query: LexicalQuery, documents: Places) -> Scores:
    counts = index.wording_counts[documents]
    of_query, of_text = index.wordings.measure_overlap(query, join_ranges(index.wording_starts[documents], counts))
    dice = 2 * of_query * of_text / np.maximum(of_query + of_text, 1e-9)
    return np.maximum.reduceat(dice, np.cumsum(counts) - counts)
