"""What a query names that decides what may answer it: a code that stands in the pages, or one of the site's own names.

"Does the AquaLite need a memory card?" lies nearest to what the TrailCam's page says of memory cards. A name is a word
that hardly stands anywhere but below a heading that has it: the title of a product's page, unlike "refund".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import Document
from retrieval.index.lexical_field import Ids, Scores
from retrieval.search.signals import Candidates
from retrieval.text.analysis import fold_text, is_unspaced, split_words
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.codes import find_codes
from retrieval.text.content_words import content_tokens

if TYPE_CHECKING:
    from retrieval.index.index import Index

BELOW_ITS_HEADING = 0.9  # of the documents that have a name: the others compare it, or link to it
FEWEST, MOST = 2, 256  # documents that have a name
LARGEST = 0.5  # of all documents: a name of more is the company's


@dataclass(frozen=True)
class QueryNames:
    """The passages (places in `Index.passages`) that have each of a query's names of the site's own (`own`), and each
    of its codes (`known_codes`). `rest` is the query without its names; "" where it has none, or nothing else."""

    own: dict[str, Ids]
    known_codes: dict[str, Ids]
    rest: str

    @property
    def are_all_of_it(self) -> bool:
        """Whether the query has names and no other word of content, so that no one entry can be meant."""
        return bool(self.own) and not self.rest

    def prefer_named(self, candidates: Candidates, scores: Scores) -> Scores:
        """-> (n,) scores in which the candidates that have most of what is named come before all others."""
        named = [np.isin(candidates.passages, each) for each in (self.own | self.known_codes).values()]
        if not named:
            return scores
        counts = np.sum(named, axis=0)
        most = counts == counts.max(initial=0)
        if not counts.any() or most.all():
            return scores
        lift = max(0.0, float(scores[~most].max() - scores[most].max()) + 1e-3)
        return np.asarray(scores + np.float32(lift) * most, np.float32)


def find_names(index: Index, query: str) -> QueryNames:
    """What `query` names of what the pages know."""
    language = index.main_language
    written = {code for code, _ in find_codes(fold_text(query)) if any(character.isalpha() for character in code)}
    known_codes = {code: holders for code in written if len(holders := index.texts.find_texts_with_all([code]))}
    tokens = content_tokens(query, language)
    own = {
        token: holders
        for token in tokens
        if _is_own_name(index, token, holders := index.texts.find_texts_with_all([token]))
    }
    return QueryNames(own, known_codes, _remove_names(query, own, language) if own.keys() < tokens else "")


def _remove_names(query: str, names: Collection[str], language: str) -> str:
    folded = fold_text(query)
    text = query if len(query) == len(folded) else folded  # "ß" has two letters when it is folded
    for token, start, end in reversed(split_words(folded, language) if names else []):
        if token in names:
            text = text[:start] + text[end:]
    return collapse_whitespace(text) if names else ""


def _is_own_name(index: Index, token: str, holders: Ids) -> bool:
    if is_unspaced(token) or len(holders) > MOST:
        return False
    documents = np.unique(index.passage_document[holders])
    if not FEWEST <= len(documents) <= LARGEST * len(index.documents):
        return False
    below = sum(_stands_below(index.documents[number], token, index.main_language) for number in documents.tolist())
    return below >= BELOW_ITS_HEADING * len(documents)


def _stands_below(document: Document, token: str, language: str) -> bool:
    return token in content_tokens("\n".join(document.heading_path), language)
