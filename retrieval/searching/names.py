"""What a query names that decides what may answer it: a code that stands in the pages, or one of the site's own names.

"Does the AquaLite need a memory card?" lies nearest to what the TrailCam's page says of memory cards. A name is a word
that hardly stands anywhere but below a heading that has it: the title of a product's page, unlike "refund".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import Document
from retrieval.indexing.analysis import fold, unspaced, words
from retrieval.indexing.codes import codes
from retrieval.indexing.lexical import Ids, Scores
from retrieval.searching.content import content_tokens
from retrieval.searching.signals import Candidates
from retrieval.text import collapse

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

BELOW_ITS_HEADING = 0.9  # of the documents that have a name: the others compare it, or link to it
FEWEST, MOST = 2, 256  # documents that have a name
LARGEST = 0.5  # of all documents: a name of more is the company's


def prefer_named(index: Index, query: str, candidates: Candidates, scores: Scores) -> Scores:
    """-> (n,) scores in which the candidates that have most of what `query` names come before all others."""
    named = [np.isin(candidates.passages, holders) for holders in find_named(index, query)]
    if not named:
        return scores
    counts = np.sum(named, axis=0)
    most = counts == counts.max(initial=0)
    if not counts.any() or most.all():
        return scores
    lift = max(0.0, float(scores[~most].max() - scores[most].max()) + 1e-3)
    return np.asarray(scores + np.float32(lift) * most, np.float32)


def asks_nothing_of(index: Index, query: str) -> bool:
    """Whether `query` has names of the site's own and no other word of content, so that no one entry can be meant."""
    tokens = content_tokens(query, index.main_language)
    return bool(tokens) and all(_is_own_name(index, token, index.texts.holding([token])) for token in tokens)


def without_names(index: Index, query: str) -> str:
    """`query` without the names of the site's own, which say of what something is asked, not what; "" if it has none,
    or nothing else."""
    spans = [
        (start, end)
        for token, start, end in words(fold(query), index.main_language)
        if _is_own_name(index, token, index.texts.holding([token]))
    ]
    kept = query
    for start, end in reversed(spans):
        kept = kept[:start] + kept[end:]
    kept = collapse(kept)
    return kept if spans and content_tokens(kept, index.main_language) else ""


def find_named(index: Index, query: str) -> Iterator[Ids]:
    """The passages that have each of the codes and names of `query` which the pages know."""
    known_codes = {code for code, _ in codes(fold(query)) if any(character.isalpha() for character in code)}
    for token in sorted(content_tokens(query, index.main_language) | known_codes):
        holders = index.texts.holding([token])
        if len(holders) and (token in known_codes or _is_own_name(index, token, holders)):
            yield holders


def _is_own_name(index: Index, token: str, holders: Ids) -> bool:
    if unspaced(token) or len(holders) > MOST:
        return False
    documents = np.unique(index.passage_document[holders])
    if not FEWEST <= len(documents) <= LARGEST * len(index.documents):
        return False
    below = sum(_stands_below(index.documents[number], token, index.main_language) for number in documents.tolist())
    return below >= BELOW_ITS_HEADING * len(documents)


def _stands_below(document: Document, token: str, language: str) -> bool:
    return token in content_tokens("\n".join(document.heading_path), language)
