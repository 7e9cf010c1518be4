"""How sure: the probability that the first passage's document answers the query. The only place where it is computed.

A logistic regression on a few features of the ranking, fitted by `benchmarks/calibrate.py` on question sets and on
cuttings of them (a part of the FAQs, down to a single one, and all questions), and tried on the sets left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import Document
from retrieval.indexing.lexical import Places, Scores
from retrieval.searching import fusion
from retrieval.searching.families import ALONE, Family
from retrieval.searching.negation import negates
from retrieval.searching.profiles import Profile
from retrieval.searching.repeats import repeating
from retrieval.searching.signals import Candidates, Query, measure, only
from retrieval.searching.twins import group

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

FEATURES = ("share", "dominance", "length", "bare", "grounded", "covered", "denied")
"""share      the first document's score as a part of the highest there could be
dominance  log odds of the first document against all others and against "none of them", a document of the score NONE
length     ln(1 + the query's distinct tokens)
bare       1 where the first document is a question and nothing else: no answer, no other wording
grounded   1 where the first passage has any word of the query that is no function word, else 0
covered    the part of the query's idf that the first passage has, with its headings, question and wordings
denied     1 where the query says that something is not so or does not work, and the first document never does, else 0

A taught answer and the crawled documents that ask the same question count as one document, by the best value of each;
and so do documents that repeat one another, and those of a family that the query may mean: it is sure to be the right
question, whichever of its answers is wanted. Those that it rules out are no rivals.
"""

NONE = 0.2
"""The score of "none of them", as a part of the highest there could be: without it the only entry of a small FAQ would
be as sure as can be of whatever is asked."""

INTERCEPT = "intercept"

# Where words are all there is to go by, a passage that shares none with the question but "can I …?" is no answer,
# however far it leads. The question sets hardly ever have such a first passage, small FAQs do: set by hand.
UNGROUNDED = 4.0

_GLOSSED = {INTERCEPT: -1.77, "share": 1.11, "dominance": 0.66, "length": 0.51, "bare": -1.43}
COEFFICIENTS: Mapping[str, Mapping[str, float]] = {
    "semantic": {INTERCEPT: -2.32, "share": 3.74, "dominance": 0.634, "length": 0.425, "bare": -1.99},
    "worded": {
        INTERCEPT: -4.3,  # fitted: -4.21; a tenth more careful, so that 19 of 20 are right on clinc150_oos, too
        "share": 2.89,
        "dominance": 0.60,
        "length": 0.84,
        "covered": 1.19,
        "denied": -1.10,
    },
    "glossed": _GLOSSED,
    "bridged": _GLOSSED,
    "lexical": {
        INTERCEPT: -2.46 - UNGROUNDED,
        "dominance": 0.48,
        "length": 1.07,
        "bare": -1.74,
        "grounded": UNGROUNDED,
    },
}
"""By the name of the profile the query was searched with."""

DEFAULT_THRESHOLD = 0.75
"""With it 19 of 20 answers are right on most question sets; what is less sure is asked back."""


MOST_OF_BARE = 0.74
"""The most that a document is worth which is a question and nothing else: of those that were surer a third was wrong,
and there is no answer to give. So it is asked back, not answered."""


def describe(
    index: Index,
    query: Query,
    candidates: Candidates,
    ranking: Places,
    scores: Scores,
    family: Family = ALONE,
    *,
    anew: bool = False,
) -> dict[str, float]:
    """The features of a ranking, by name; empty without candidates.

    `ranking` is `fusion.rank`'s; `scores` are those of `fusion.fuse`: being preferred makes no answer surer. `query` is
    what the first passage is judged by; `anew` where that is not what the candidates were measured for.
    """
    if len(ranking) == 0:
        return {}
    ranking = ranking[~np.isin(candidates.documents[ranking], family.ruled_out)]
    ranked = candidates.documents[ranking]
    same = [int(ranked[0]), *repeating(index, ranked, scores[ranking]), *family.meant]
    if len(index.twins):
        same = [other for document in same for other in group(index, document)]
    first = ranking[np.isin(ranked, same)]
    others = ranking[~np.isin(ranking, first)]
    possible = query.profile.total
    measured = measure(index, query, candidates.passages[first]) if anew else only(candidates, first)
    share = max(0.0, float(fusion.fuse(measured, query.profile).max())) / possible
    rivals = float(np.exp((scores[others] - scores[first].max()).astype(np.float64)).sum())
    rivals += math.exp((NONE - share) * possible)
    document = index.documents[int(ranked[0])]
    return {
        "share": share,
        "dominance": -math.log(rivals + 1e-3),
        "length": math.log1p(len(query.tokens)),
        "bare": float(not document.answer.strip() and not document.alternatives),
        "grounded": float(max(index.texts.shares_content(query.texts, int(candidates.passages[one])) for one in first)),
        "covered": float(index.texts.overlap(query.texts, candidates.passages[first])[0].max()),
        "denied": float(negates(query.text) and not any(map(negates, _said_by(document)))),
    }


def _said_by(document: Document) -> tuple[str, ...]:
    return document.question, *document.alternatives, document.answer


def confidence(features: Mapping[str, float], profile: Profile) -> float:
    """The probability in 0..1; 0 without features (nothing was found)."""
    return estimate(features, COEFFICIENTS[profile.name])


def estimate(features: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The logistic regression's probability in 0..1; 0 without features."""
    if not features:
        return 0.0
    z = coefficients[INTERCEPT] + sum(coefficients.get(name, 0.0) * value for name, value in features.items())
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
    return min(probability, MOST_OF_BARE) if features.get("bare") else probability
