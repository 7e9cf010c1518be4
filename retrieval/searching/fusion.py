"""Signals -> one score: the only place where they are weighed.

A score is a linear combination of the signals of `signals.SIGNALS`. `benchmarks/fit_fusion.py` fits the weights (most
likely choice of the right document under a softmax over the candidates, so a score is a log-likelihood; every question
set counts alike) and tries them on the set left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.indexing.lexical import Places, Scores
from retrieval.searching.signals import SIGNALS, Candidates


@dataclass(frozen=True, slots=True)
class Profile:
    """How to search one kind of query: whether by concepts too, and each signal's weight."""

    name: str
    concepts: bool
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weights) != len(SIGNALS):
            raise ValueError(f"{self.name} has {len(self.weights)} weights for {len(SIGNALS)} signals.")


# The embedder knows the languages of the query and of the corpus: words only correct its vectors.
SEMANTIC = Profile("semantic", concepts=False, weights=(1.0, 6.0, 9.0, 8.0, 5.0, 0.0))

# It does not, and the documents are in the query's language: words count, and concepts where they differ.
LEXICAL = Profile("lexical", concepts=True, weights=(0.0, 2.5, 0.5, 2.5, 10.5, 11.0))

# It does not, and they are in another: concepts are all that meets, but for names and numbers.
BRIDGED = Profile("bridged", concepts=True, weights=(0.0, 0.0, 0.0, 9.0, 0.0, 4.0))

AHEAD = 0.01
"""What a taught answer scores more than the best crawled document that asks the same question."""

PROFILES = {profile.name: profile for profile in (SEMANTIC, LEXICAL, BRIDGED)}


def fuse(candidates: Candidates, profile: Profile) -> Scores:
    """-> (n,) scores, comparable within one query only."""
    return candidates.values @ np.array(profile.weights, np.float32)


def prefer(candidates: Candidates, scores: Scores, twins: Places) -> Scores:
    """`scores`, with each taught answer lifted just above the crawled documents that ask the same question (`twins`,
    pairs of the two).

    A bonus for every taught answer, large enough to do as much, lets it pass answers to other questions too.
    """
    if len(twins) == 0:
        return scores
    documents = int(max(candidates.documents.max(initial=0), twins.max())) + 1
    best = np.full(documents, -np.inf, np.float32)
    np.maximum.at(best, candidates.documents, scores)
    needed = np.full(documents, -np.inf, np.float32)
    np.maximum.at(needed, twins[:, 0], best[twins[:, 1]] + AHEAD)
    missing = np.maximum(needed, best) - np.where(np.isinf(best), 0, best)
    preferred: Scores = scores + missing[candidates.documents]
    return preferred


def rank(candidates: Candidates, scores: Scores) -> Places:
    """Candidate numbers best first, a document's best passage only; a tie goes to the earlier passage."""
    order = np.lexsort((candidates.passages, -scores))
    _, first = np.unique(candidates.documents[order], return_index=True)
    return order[np.sort(first)]
