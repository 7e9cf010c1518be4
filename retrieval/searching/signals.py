"""What each passage has in common with a query, one number a signal, exact for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.analysis import analyse
from retrieval.indexing.lexical import LexicalQuery, Places, Scores, ranges
from retrieval.searching.profiles import SIGNALS, Profile

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

POOL = 32  # passages taken by each lexical field
NEAREST = 64  # rows taken by vector: a passage has two or more


_COLUMN = {name: number for number, name in enumerate(SIGNALS)}


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the signals need it: its text and unit vector, what it is searched by, its distinct tokens, and these
    looked up in each field."""

    text: str
    vector: Scores
    profile: Profile
    tokens: tuple[str, ...]
    texts: LexicalQuery
    questions: LexicalQuery
    wordings: LexicalQuery


@dataclass(frozen=True, slots=True)
class Candidates:
    """`passages` are places in `Index.passages`, `documents` in `Index.documents`; `values` is (n, len(SIGNALS))."""

    passages: Places
    documents: Places
    values: Scores


def prepare(index: Index, text: str, vector: Scores, profile: Profile) -> Query:
    """Analyse `text` and look its tokens up in `index`, its concepts too if the profile wants them."""
    tokens = tuple(dict.fromkeys(analyse(text, concepts=profile.concepts)))
    looked_up = (field.query(tokens) for field in (index.texts, index.questions, index.wordings))
    return Query(text, vector, profile, tokens, *looked_up)


def gather(index: Index, query: Query, rows: Places, also: Sequence[Places] = ()) -> Candidates:
    """The candidates: those of the nearest `rows`, of the best BM25 by text and by question, `also` these, and what
    asks the same question as one of them."""
    by_text = index.texts.bm25(query.texts)
    by_question = index.questions.bm25(query.questions)
    found = np.unique(
        np.concatenate(
            [
                index.row_passage[rows[rows >= 0]],
                top(by_text, POOL),
                index.opening[top(by_question, POOL)],
                *also,
            ]
        )
    )
    if len(index.twins):
        met = np.isin(index.twins, index.passage_document[found]).any(axis=1)
        found = np.union1d(found, index.opening[index.twins[met].ravel()])
    return _measured(index, query, found, by_text, by_question)


def measure(index: Index, query: Query, passages: Places) -> Candidates:
    """Every signal of these passages for another query than the one they were found by."""
    return _measured(index, query, passages, index.texts.bm25(query.texts), index.questions.bm25(query.questions))


def _measured(index: Index, query: Query, found: Places, by_text: Scores, by_question: Scores) -> Candidates:
    """A signal that takes time and that the profile does not weigh is left at 0."""
    documents = index.passage_document[found]
    values = np.zeros((len(found), len(SIGNALS)), np.float32)
    if len(found):
        distinct, inverse = np.unique(documents, return_inverse=True)
        by_wording = _cos_question(index, query.vector, distinct)[inverse]
        by_passage = index.rows[index.first_row[found]] @ query.vector
        columns = {
            "cos_question": by_wording,
            "cos_passage": by_passage,
            "cos_best": np.maximum(by_wording, by_passage),
            "bm25_question": by_question[documents],
            "bm25_passage": by_text[found],
            "overlap": _overlap(index, query.wordings, distinct)[inverse],
        }
        if "cos_wordings" in query.profile.weights:
            columns["cos_wordings"] = index.means.cosines(query.vector, distinct)[inverse]
        if "alignment" in query.profile.weights:
            columns["alignment"] = _alignment(index, query.text, distinct)[inverse]
        for name, column in columns.items():
            values[:, _COLUMN[name]] = column
    return Candidates(found, documents, values)


def only(candidates: Candidates, numbers: Places) -> Candidates:
    """These of the candidates."""
    return Candidates(candidates.passages[numbers], candidates.documents[numbers], candidates.values[numbers])


def top(scores: Scores, count: int) -> Places:
    """The places of the `count` highest positive scores, in no order."""
    if len(scores) > 4 * count:
        places = np.argpartition(scores, -count)[-count:]
        return places[scores[places] > 0]
    return np.flatnonzero(scores > 0)


def _cos_question(index: Index, vector: Scores, documents: Places) -> Scores:
    counts = index.question_row_counts[documents]
    rows = ranges(index.question_rows[documents], counts)
    cosines: Scores = index.rows[rows] @ vector
    return np.maximum.reduceat(cosines, np.cumsum(counts) - counts)


def _overlap(index: Index, query: LexicalQuery, documents: Places) -> Scores:
    counts = index.wording_counts[documents]
    of_query, of_text = index.wordings.overlap(query, ranges(index.wording_starts[documents], counts))
    dice = 2 * of_query * of_text / np.maximum(of_query + of_text, 1e-9)
    return np.maximum.reduceat(dice, np.cumsum(counts) - counts)


def _alignment(index: Index, text: str, documents: Places) -> Scores:
    counts = index.wording_counts[documents]
    aligned = index.alignment.of(text, ranges(index.wording_starts[documents], counts))
    return np.maximum.reduceat(aligned, np.cumsum(counts) - counts)
