"""A cross-encoder's opinion of the first documents, mixed into their scores.

A fused score is a log-likelihood under a softmax over the candidates, so a log-odds may be added to it. But of a
cross-encoder that somebody names in a setting nobody knows how sharp its log-odds are: some spread over twenty, some
over one, and all are the higher the shorter the passage. So they are standardised among the passages of one query,
where only their order and their gaps count. What is no more than noise is not blown up: a spread below one is left as
it is. Those not read gain as little as the worst that was: being further down than `top` is no advantage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import Scores
from retrieval.interfaces import Reranker
from retrieval.search import ranking

if TYPE_CHECKING:
    from retrieval.documents import Passage
    from retrieval.search.signals import Candidates

DEFAULT_TOP = 20

# A lone passage that stands out among twenty is 4.4 standard deviations above their mean: with 2 it overtakes a lead of
# 9 in the fused score. One of two equals gets 4 more than the other. Not fitted: no cross-encoder was at hand.
WEIGHT = 2.0

LEAST_SPREAD = 1.0  # log-odds; a smaller standard deviation counts as this
MAX_CHARACTERS = 4000  # of a passage: more than any cross-encoder reads


@dataclass(frozen=True, slots=True)
class Reranking:
    """What reads the best passages of the first `top` documents again."""

    reranker: Reranker
    top: int = DEFAULT_TOP

    def rescore_candidates(
        self, query: str, passages: Sequence[Passage], candidates: Candidates, scores: Scores
    ) -> Scores:
        """-> (n,) new scores of the candidates, by `scores` and the reranker; `passages` are the index's.

        A document's passages gain alike, so that its best one stays its best.
        """
        first = ranking.rank_candidates(candidates, scores)[: self.top]
        if len(first) < 2:
            return scores
        texts = [text_of(passages[place]) for place in candidates.passages[first].tolist()]
        gains = np.full(int(candidates.documents.max()) + 1, np.nan, np.float32)
        gains[candidates.documents[first]] = standardise_gains(self.reranker.score(query, texts))
        gained = gains[candidates.documents]
        return np.asarray(scores + np.where(np.isnan(gained), np.nanmin(gained), gained), np.float32)


def standardise_gains(log_odds: Scores) -> Scores:
    """-> (n,) what each passage's score gains by the cross-encoder's `log_odds`, zero in the mean."""
    values = np.nan_to_num(log_odds.astype(np.float64), nan=0.0, posinf=50.0, neginf=-50.0)
    spread = max(LEAST_SPREAD, float(values.std()))
    gained: Scores = (WEIGHT * (values - values.mean()) / spread).astype(np.float32)
    return gained


def text_of(passage: Passage) -> str:
    """What the cross-encoder reads: headings, question and passage, a line each."""
    document = passage.document
    heading = " › ".join(document.heading_path)
    return "\n".join(part for part in (heading, document.question, passage.text.strip()) if part)[:MAX_CHARACTERS]
