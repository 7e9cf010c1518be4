"""An index of some of another one's documents: searched as if it had been built of nothing else."""

from __future__ import annotations

import itertools

import numpy as np

from retrieval.index.index import Index, count_latin_words
from retrieval.index.lexical_field import Places, join_ranges
from retrieval.index.nearest_vectors import DenseIndex
from retrieval.index.vector_field import EmbeddedTexts, VectorField


def select_documents(index: Index, kept: Places) -> Index:
    """An index of these documents alone (ascending places in `Index.documents`), in their order; what is
    hidden stays so.

    Nothing is analysed or embedded again. Its vectors are all compared, so that none is missed. Only for searching, not
    to be saved; `index` stays as it is.
    """
    is_kept = np.zeros(len(index.documents), bool)
    is_kept[kept] = True
    passages = np.flatnonzero(is_kept[index.passage_document])
    rows = np.flatnonzero(is_kept[index.passage_document[index.row_passage]])
    wordings = join_ranges(index.wording_starts[kept], index.wording_counts[kept])
    asked = join_ranges(index.question_starts[kept], index.question_row_counts[kept])
    new_passage, new_document = _renumber(passages, len(index.passages)), _renumber(kept, len(index.documents))
    pairs = index.same_question_pairs[is_kept[index.same_question_pairs].all(axis=1)]
    selected = Index(
        [index.passages[number] for number in passages.tolist()],
        new_passage[index.row_passage[rows]].astype(np.int32),
        [_select_rows(field, rows, asked) for field in index.fields],
        {
            "texts": index.texts.select_texts(passages),
            "questions": index.questions.select_texts(kept),
            "wordings": index.wordings.select_texts(wordings),
            "topics": index.topics.select_texts(kept),
        },
        ([index.documents[number] for number in kept.tolist()], new_document[index.passage_document[passages]]),
        new_document[pairs],
    )
    selected.hidden = new_document[index.hidden[is_kept[index.hidden]]]
    if 2 * len(kept) > len(index.documents):  # else its own words are counted sooner
        left_out = itertools.compress(index.documents, (~is_kept).tolist())
        selected.vocabulary = index.vocabulary - count_latin_words(left_out)
    return selected


def _renumber(kept: Places, count: int) -> Places:
    """-> (count,) the new place of each of those that are kept; -1 of the others."""
    new = np.full(count, -1, np.int64)
    new[kept] = np.arange(len(kept))
    return new


def _select_rows(field: VectorField, rows: Places, asked: Places) -> tuple[EmbeddedTexts, DenseIndex]:
    questions = field.texts.questions[asked] if field.tells_questions_apart else field.texts.questions
    texts = EmbeddedTexts(field.model, field.rows[rows], questions)
    return texts, DenseIndex.build(texts.rows, exact=True)
