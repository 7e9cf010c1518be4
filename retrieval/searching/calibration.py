"""How sure: the probability that the first passage's document answers the query. The only place where it is computed.

A logistic regression on a few features of the ranking, fitted by `benchmarks/calibrate.py` and chosen by leaving out
one question set at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.lexical import Places, Scores
from retrieval.searching.signals import SIGNALS, Candidates, Query, cos_best
from retrieval.searching.twins import group

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

FEATURES = ("score", "dominance", "cos_best", "known", "length", "content_share", "grounded")
"""score          the first document's fused score
dominance      log odds of the first document under a softmax of all scores
cos_best       the first document's signal of that name
known          the part of the query's idf whose tokens stand anywhere in the index
length         ln(1 + the query's distinct tokens)
content_share  the part of the first document's question (by idf, function words left out) that the query holds
grounded       1 where the first passage has any word of the query that is no function word, else 0

A taught answer and the crawled documents that ask the same question count as one document, by the best value of each.
"""

INTERCEPT = "intercept"
_COS_BEST = SIGNALS.index("cos_best")

# Where words are all there is to go by, a passage that shares none with the question but "can I …?" is no answer,
# however far it leads. The question sets hardly ever have such a first passage, small FAQs do: set by hand.
UNGROUNDED = 4.0

COEFFICIENTS: Mapping[str, Mapping[str, float]] = {
    "semantic": {INTERCEPT: -4.56, "dominance": 0.649, "cos_best": 3.04, "known": 0.733, "length": 0.904},
    "lexical": {INTERCEPT: -0.98 - UNGROUNDED, "dominance": 0.559, "content_share": 4.19, "grounded": UNGROUNDED},
    "bridged": {
        INTERCEPT: -1.77 - UNGROUNDED,
        "score": 2.19,
        "dominance": 0.43,
        "content_share": 11.3,
        "grounded": UNGROUNDED,
    },
}
"""By the name of the profile the query was searched with."""

# Answering is right where being right is likelier than not; an operator for whom a wrong answer costs more raises it.
DEFAULT_THRESHOLD = 0.5


def describe(index: Index, query: Query, candidates: Candidates, ranking: Places, scores: Scores) -> dict[str, float]:
    """The features of a ranking, by name; empty without candidates. `ranking` is `fusion.rank`'s; `scores` are those
    of `fusion.fuse`: being preferred makes no answer surer."""
    if len(ranking) == 0:
        return {}
    first = ranking[:1]
    if len(index.twins):
        first = ranking[np.isin(candidates.documents[ranking], group(index, int(candidates.documents[ranking[0]])))]
    others = ranking[~np.isin(ranking, first)]
    score = scores[first].max()
    odds = np.exp((scores[others] - score).astype(np.float64)).sum()
    asked, texts = query.questions, query.texts
    return {
        "score": float(score),
        "dominance": -math.log(odds + 1e-3),
        "cos_best": max(
            max(float(candidates.values[one, _COS_BEST]), cos_best(index, query, candidates, one)) for one in first
        ),
        "known": float(texts.idf.sum()) / texts.total if texts.total else 0.0,
        "length": math.log1p(len(query.tokens)),
        "content_share": max(index.questions.content_share(asked, int(candidates.documents[one])) for one in first),
        "grounded": float(max(index.texts.shares_content(texts, int(candidates.passages[one])) for one in first)),
    }


def confidence(features: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The probability in 0..1; 0 without features (nothing was found)."""
    if not features:
        return 0.0
    z = coefficients[INTERCEPT] + sum(coefficients.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
