"""A query rewritten by the glossary, searched beside the query itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import Scores
from retrieval.search import signals
from retrieval.search.profiles import Profile
from retrieval.search.signals import Candidates, Query
from retrieval.search.synonyms import QueryVariant
from retrieval.text.analysis import analyse_text

if TYPE_CHECKING:
    from retrieval.index.index import Index

_REMEMBERED = 4096  # terms


class Occurrences:
    """Whether a term stands in an index: looked up once for each index that comes along. Safe in any thread."""

    def __init__(self) -> None:
        self._known: tuple[Index | None, dict[tuple[str, str], bool]] = (None, {})

    def make_lookup(self, index: Index) -> Callable[[str, str], bool]:
        """Whether a term stands in the documents of a source ("": of any) of this index."""
        held, known = self._known
        if held is not index or len(known) > _REMEMBERED:
            known = {}
            self._known = index, known

        def does_occur(term: str, source: str) -> bool:
            if (there := known.get((term, source))) is None:
                there = known[term, source] = _is_in_documents(index, term, source)
            return there

        return does_occur


@dataclass(frozen=True, slots=True)
class SearchedVariant:
    """A variant of a query as it was searched."""

    variant: QueryVariant
    query: Query
    candidates: Candidates


def search_variants(
    index: Index,
    variants: Sequence[QueryVariant],
    vectors: Sequence[Mapping[str, Scores]],
    profile: Profile,
    language: str,
) -> list[SearchedVariant]:
    """Each variant as a query of its own; `vectors` are theirs, by model. Each is measured on the candidates of those
    before it, too."""
    searched: list[SearchedVariant] = []
    for variant, own in zip(variants, vectors, strict=True):
        query = signals.prepare_query(index, variant.text, own, profile, language)
        also = [each.candidates.passages for each in searched[-1:]]
        searched.append(SearchedVariant(variant, query, signals.gather_candidates(index, query, also)))
    return searched


def best_of(index: Index, own: Candidates, rewritten: Sequence[SearchedVariant]) -> Candidates:
    """The candidates of the query itself and of its variants, each signal the best that any of them gives.

    A variant counts for documents of its source alone. Exact for those candidates that `own` and the variants share;
    for what only some of them found, the best of these.
    """
    if not rewritten:
        return own
    parts = [own, *(_keep_own_source(index, each) for each in rewritten)]
    passages, inverse = np.unique(np.concatenate([each.passages for each in parts]), return_inverse=True)
    values = np.full((len(passages), own.values.shape[1]), -np.inf, own.values.dtype)
    np.maximum.at(values, inverse, np.concatenate([each.values for each in parts]))
    return Candidates(passages, index.passage_document[passages], values)


def judged_by(
    index: Index,
    passage: int,
    own: Candidates,
    rewritten: Sequence[SearchedVariant],
    score: Callable[[Candidates], Scores],
) -> SearchedVariant | None:
    """The variant that a passage (its place in `Index.passages`) fits better than the query itself does; None where
    none does. How sure the passage is, is to be judged by that."""
    best, chosen = _of_passage(own, passage, score), None
    for each in rewritten:
        reached = _of_passage(_keep_own_source(index, each), passage, score)
        if reached > best:
            best, chosen = reached, each
    return chosen


def _of_passage(candidates: Candidates, passage: int, score: Callable[[Candidates], Scores]) -> float:
    there = np.flatnonzero(candidates.passages == passage)
    return float(score(signals.select_candidates(candidates, there))[0]) if len(there) else -np.inf


def _keep_own_source(index: Index, rewritten: SearchedVariant) -> Candidates:
    source, candidates = rewritten.variant.source, rewritten.candidates
    if not source:
        return candidates
    of_source = [index.documents[number].source == source for number in candidates.documents.tolist()]
    return signals.select_candidates(candidates, np.flatnonzero(of_source))


def _is_in_documents(index: Index, term: str, source: str) -> bool:
    """By its words and, where it is written without spaces, its bigrams: in whatever order, in one passage."""
    passages = index.texts.find_texts_with_all(analyse_text(term, index.main_language))
    if not source:
        return len(passages) > 0
    documents = np.unique(index.passage_document[passages]).tolist()
    return any(index.documents[number].source == source for number in documents)
