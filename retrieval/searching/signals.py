"""What each passage has in common with a query, one number a signal, exact for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.analysis import analyse
from retrieval.indexing.lexical import LexicalQuery, Places, Scores, ranges

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

SIGNALS = ("cos_question", "cos_passage", "cos_best", "bm25_question", "bm25_passage", "overlap")
"""In the order of the columns of `Candidates.values`; all grow with likeness.

cos_question   cosine with the nearest of the question's wordings
cos_passage    cosine with question and text together
cos_best       the higher of these two
bm25_question  BM25 of the question and its wordings as one text, as a part of the best possible
bm25_passage   BM25 of headings, question, wordings and text, likewise
overlap        idf-weighted Dice coefficient with the nearest wording
"""

POOL = 32  # passages taken by each lexical field
NEAREST = 64  # rows taken by vector: a passage has two or more


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the signals need it: its unit vector, its distinct tokens, and these looked up in each field."""

    vector: Scores
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


def prepare(index: Index, text: str, vector: Scores, *, concepts: bool) -> Query:
    """Analyse `text` and look its tokens up in `index`, its concepts too if wanted."""
    tokens = tuple(dict.fromkeys(analyse(text, concepts)))
    return Query(vector, tokens, index.texts.query(tokens), index.questions.query(tokens), index.wordings.query(tokens))


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
    documents = index.passage_document[found]
    distinct, inverse = np.unique(documents, return_inverse=True)
    values = np.empty((len(found), len(SIGNALS)), np.float32)
    if len(found):
        values[:, 0] = _cos_question(index, query.vector, distinct)[inverse]
        values[:, 1] = index.rows[index.first_row[found]] @ query.vector
        values[:, 2] = np.maximum(values[:, 0], values[:, 1])
        values[:, 3] = by_question[documents]
        values[:, 4] = by_text[found]
        values[:, 5] = _overlap(index, query.wordings, distinct)[inverse]
    return Candidates(found, documents, values)


def cos_best(index: Index, query: Query, candidates: Candidates, number: int) -> float:
    """The signal of that name of one candidate for another query than its own."""
    of_passage = index.rows[index.first_row[candidates.passages[number]]] @ query.vector
    return float(max(of_passage, _cos_question(index, query.vector, candidates.documents[[number]])[0]))


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
