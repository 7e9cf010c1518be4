"""Which taught answers and crawled documents ask the same question.

Found once, when taught answers are laid over a version, so that a question costs no more for it. Such a pair counts as
one: the taught answer goes above the crawled one, and neither makes the other doubtful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.lexical import Places, ranges
from retrieval.languages import script_language
from retrieval.searching.languages import LanguageProbe

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

# Cosine of two questions from which they are one. "Do you ship on Sunday?" and "… on Saturday?" have .92; with .90
# other questions lost their answers (benchmarks/taught.py).
SAME = 0.95
_NEAREST = 8  # rows looked at for each wording of a taught answer


def find_twins(base: Index, added: Index, probe: LanguageProbe) -> Places:
    """-> (n, 2) pairs: a document of `added` and one of `base`, with a wording of the same words, or with question
    vectors as near as SAME where the embedder knows the language."""
    pairs = set(_by_words(base, added)) | set(_by_vector(base, added, probe))
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
        for text in base.wordings.same(wording)
    ]


def _by_vector(base: Index, added: Index, probe: LanguageProbe) -> list[tuple[int, int]]:
    languages = [document.language or script_language(document.question) for document in added.documents]
    known = np.flatnonzero([probe.knows(language, language) for language in languages])
    counts = added.question_row_counts[known]
    vectors = added.rows[ranges(added.question_rows[known], counts)]
    found = base.dense.search(vectors, _NEAREST)
    near = (found >= 0) & (np.einsum("nkd,nd->nk", base.rows[found], vectors) >= SAME)
    rows = found[near]
    documents = base.passage_document[base.row_passage[rows]]
    of_question = rows - base.question_rows[documents]
    asks = (of_question >= 0) & (of_question < base.question_row_counts[documents])
    numbers = np.repeat(np.repeat(known, counts), near.sum(axis=1))
    return list(zip(numbers[asks].tolist(), documents[asks].tolist(), strict=True))
