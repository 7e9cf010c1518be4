"""Which taught answers and crawled documents ask the same question.

Found once, when taught answers are laid over a version, so that a question costs no more for it. Such a pair counts as
one: the taught answer goes above the crawled one, and neither makes the other doubtful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.index import language_of
from retrieval.indexing.lexical import Places

if TYPE_CHECKING:
    from retrieval.indexing.index import Index
    from retrieval.indexing.vectors import VectorField

SAME = 0.95
"""Cosine of two questions, by every model, from which they are one. "Do you ship on Sunday?" and "… on Saturday?" have
.92; with .90 other questions lost their answers (`benchmarks/taught.py`)."""
_NEAREST = 8  # rows looked at for each wording of a taught answer


def find_twins(base: Index, added: Index) -> Places:
    """-> (n, 2) pairs: a document of `added` and one of `base`, with a wording of the same words, or with question
    vectors as near as SAME by every model that both have."""
    fields = [(base.find_field(field.model), field) for field in added.fields]
    by_vector = [set(_by_vector(base, added, known, field)) for known, field in fields if known is not None]
    pairs = set(_by_words(base, added)).union(set.intersection(*by_vector) if by_vector else ())
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def group(index: Index, document: int) -> Places:
    """`document` and all that ask the same question, itself first."""
    taught, crawled = index.twins[:, 0], index.twins[:, 1]
    others = crawled[taught == document] if document in taught else np.array([document])
    together = np.union1d(others, taught[np.isin(crawled, others)])
    return np.concatenate([[document], together[together != document]])


def _by_words(base: Index, added: Index) -> list[tuple[int, int]]:
    return [
        (number, int(np.searchsorted(base.wording_starts, text, "right")) - 1)
        for number, document in enumerate(added.documents)
        for wording in (document.question, *document.alternatives)
        for text in base.wordings.same(wording, language_of(document))
    ]


def _by_vector(base: Index, added: Index, known: VectorField, field: VectorField) -> list[tuple[int, int]]:
    counts = added.question_row_counts
    vectors = field.rows[field.question_rows]
    found = known.dense.search(vectors, _NEAREST)
    near = (found >= 0) & (np.einsum("nkd,nd->nk", known.rows[found], vectors) >= SAME)
    rows = found[near]
    documents = base.passage_document[base.row_passage[rows]]
    of_question = rows - base.question_rows[documents]
    asks = (of_question >= 0) & (of_question < base.question_row_counts[documents])
    numbers = np.repeat(np.repeat(np.arange(len(added.documents)), counts), near.sum(axis=1))
    return list(zip(numbers[asks].tolist(), documents[asks].tolist(), strict=True))
