"""Which taught answers and crawled documents ask the same question.

Found once, when taught answers are laid over a version, so that a question costs no more for it. Such a pair counts as
one: the taught answer goes above the crawled one, and neither makes the other doubtful.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import Places
from retrieval.models.embedding_models import name_model
from retrieval.search.fitted import name_fit, read_shipped
from retrieval.search.generic_profile import ANY_MODEL
from retrieval.search.profiles import GENERIC
from retrieval.text.languages import language_of

if TYPE_CHECKING:
    from retrieval.index.index import Index
    from retrieval.index.vector_field import VectorField

_NEAREST = 8  # rows looked at for each wording of a taught answer
_SAMPLE = 256  # documents whose questions tell what cosine questions have that are about other things


def find_same_question_pairs(base: Index, added: Index) -> Places:
    """-> (n, 2) pairs: a document of `added` and one of `base`, with a wording of the same words, or with question
    vectors as near as those of one question by every model that both have."""
    fields = [(base.find_field(field.model), field) for field in added.fields]
    shared = [(known, field) for known, field in fields if known is not None]
    needed = same_question_thresholds(base, [known for known, _ in shared])
    by_vector = [set(_by_vector(base, added, *pair, least)) for pair, least in zip(shared, needed, strict=True)]
    pairs = set(_by_words(base, added)).union(set.intersection(*by_vector) if by_vector else ())
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def same_question_thresholds(base: Index, fields: Sequence[VectorField]) -> list[float]:
    """For each of the fields, the cosine of two questions from which they are one: fitted for its model
    (`benchmarks/taught.py`), else as near to 1, from where questions of the pages lie, as that of the models fitted."""
    names = [name_model(field.model) for field in fields]
    fitted = read_shipped(name_fit([name_model(field.model) for field in base.fields])) or read_shipped(GENERIC)
    known: dict[str, float] = json.loads(fitted)["same_question"]
    return [
        known[name] if name in known else _scale_threshold(known[ANY_MODEL], base, field)
        for name, field in zip(names, fields, strict=True)
    ]


def _scale_threshold(part: float, base: Index, field: VectorField) -> float:
    """`part` of the way from the mean cosine of the base's questions to 1."""
    questions = field.rows[base.question_rows[:_SAMPLE]]
    count = len(questions)
    if count < 2:
        return 1.0
    mean = (float((questions.sum(axis=0) ** 2).sum()) - count) / (count * (count - 1))
    return mean + part * (1 - mean)


def find_same_question_group(index: Index, document: int) -> Places:
    """`document` and all that ask the same question, itself first."""
    taught, crawled = index.same_question_pairs[:, 0], index.same_question_pairs[:, 1]
    others = crawled[taught == document] if document in taught else np.array([document])
    together = np.union1d(others, taught[np.isin(crawled, others)])
    return np.concatenate([[document], together[together != document]])


def _by_words(base: Index, added: Index) -> list[tuple[int, int]]:
    return [
        (number, int(np.searchsorted(base.wording_starts, text, "right")) - 1)
        for number, document in enumerate(added.documents)
        for wording in (document.question, *document.alternatives)
        for text in base.wordings.find_same_words(wording, language_of(document))
    ]


def _by_vector(
    base: Index, added: Index, known: VectorField, field: VectorField, least: float
) -> list[tuple[int, int]]:
    """-> pairs of a document of `added` and one of `base` that have wordings of at least that cosine by one model."""
    counts = added.question_row_counts
    vectors = field.rows[field.question_rows]
    found = known.dense.search(vectors, _NEAREST)
    near = (found >= 0) & (np.einsum("nkd,nd->nk", known.rows[found], vectors) >= least)
    rows = found[near]
    documents = base.passage_document[base.row_passage[rows]]
    of_question = rows - base.question_rows[documents]
    asks = (of_question >= 0) & (of_question < base.question_row_counts[documents])
    numbers = np.repeat(np.repeat(np.arange(len(added.documents)), counts), near.sum(axis=1))
    return list(zip(numbers[asks].tolist(), documents[asks].tolist(), strict=True))
