"""Signals -> one score: the only place where they are weighed, by the weights of a profile."""

from __future__ import annotations

import numpy as np

from retrieval.index.lexical_field import Places, Scores
from retrieval.search.profiles import Profile
from retrieval.search.signals import Candidates

AHEAD = 0.01
"""What a taught answer scores more than the best crawled document that asks the same question."""


def fuse_signals(candidates: Candidates, profile: Profile) -> Scores:
    """-> (n,) scores, comparable within one query only."""
    return np.asarray(candidates.values @ np.array(list(profile.weights.values()), np.float32), np.float32)


def prefer_taught(candidates: Candidates, scores: Scores, pairs: Places) -> Scores:
    """`scores`, with each taught answer lifted just above the crawled documents that ask the same question (`pairs` of
    the two).

    A bonus for every taught answer, large enough to do as much, lets it pass answers to other questions too.
    """
    if len(pairs) == 0:
        return scores
    documents = int(max(candidates.documents.max(initial=0), pairs.max())) + 1
    best = np.full(documents, -np.inf, np.float32)
    np.maximum.at(best, candidates.documents, scores)
    needed = np.full(documents, -np.inf, np.float32)
    np.maximum.at(needed, pairs[:, 0], best[pairs[:, 1]] + AHEAD)
    missing = np.maximum(needed, best) - np.where(np.isinf(best), 0, best)
    preferred: Scores = scores + missing[candidates.documents]
    return preferred


def rank_candidates(candidates: Candidates, scores: Scores) -> Places:
    """Candidate numbers best first, a document's best passage only; a tie goes to the earlier passage."""
    order = np.lexsort((candidates.passages, -scores))
    _, first = np.unique(candidates.documents[order], return_index=True)
    return order[np.sort(first)]
