"""How sure: the probability that the first passage's document answers the query. The only place where it is computed.

A logistic regression on what the ranking looks like, with the coefficients of the profile (`fitted/`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import Places, Scores
from retrieval.search.families import SINGLE, Family
from retrieval.search.near_duplicates import find_near_duplicates
from retrieval.search.near_misses import NEAR_MISSES
from retrieval.search.profiles import Profile
from retrieval.search.same_question import find_same_question_group
from retrieval.search.signals import Candidates, Query, measure_signals, select_candidates

if TYPE_CHECKING:
    from retrieval.index.index import Index

FEATURES = ("lead", "few", "length", "bare", "covered", *NEAR_MISSES)
"""Beside the signals themselves, as the first document has them:

lead      log odds of the first document against all others, by their scores
few       1 / the number of documents: the only one of a small FAQ leads whatever is asked
length    ln(1 + the query's distinct tokens)
bare      1 where the first document is a question and nothing else: no answer, no other wording
covered   the part of the query's idf that the first passage has, with its headings, question and wordings
and what the query names and the first passage does not (`near_misses.py`).

A taught answer and the crawled documents that ask the same question count as one document, by the best value of each;
and so do documents that repeat one another, and those of a family that the query may mean: it is sure to be the right
question, whichever of its answers is wanted. Those that it rules out are no rivals, nor is what is written in another
language than the first: a page of several has its translation.
"""

INTERCEPT = "intercept"
UNANSWERED = 0.99  # of the confidence that an answer needs: just below it
ALONE = 0.05
"""What stands beside the odds of all others, so that those of a document without rivals are finite. Of .001 to 1 the
one by which sets left out are likeliest."""


def describe_ranking(
    index: Index,
    query: Query,
    candidates: Candidates,
    ranking: Places,
    scores: Scores,
    family: Family = SINGLE,
    *,
    anew: bool = False,
) -> dict[str, float]:
    """The features of a ranking, by name; empty without candidates.

    `ranking` is `fusion.rank_candidates`'; `scores` are those of `fusion.fuse_signals`: being preferred makes no answer
    surer. `query` is what the first passage is judged by; `anew` where that is not what the candidates were measured
    for.
    """
    if len(ranking) == 0:
        return {}
    if family.ruled_out:
        ranking = ranking[~np.isin(candidates.documents[ranking], family.ruled_out)]
    ranked = candidates.documents[ranking]
    same = [int(ranked[0]), *find_near_duplicates(index, ranked, scores[ranking]), *family.meant]
    if len(index.same_question_pairs):
        same = [other for document in same for other in find_same_question_group(index, document)]
    first = ranking[np.isin(ranked, same)]
    others = _in_same_language(index, candidates, ranking[~np.isin(ranking, first)], int(ranked[0]))
    measured = (
        measure_signals(index, query, candidates.passages[first]) if anew else select_candidates(candidates, first)
    )
    rivals = float(np.exp((scores[others] - scores[first].max()).astype(np.float64)).sum())
    document = index.documents[int(ranked[0])]
    signals = measured.values.max(axis=0).tolist()
    missed = {
        name: float(sign(index, query.text, candidates.passages[first[:1]])[0]) for name, sign in NEAR_MISSES.items()
    }
    return (
        missed
        | {
            "lead": -math.log(rivals + ALONE),
            "few": 1 / len(index.documents),
            "length": math.log1p(len(query.tokens)),
            "bare": float(not document.answer.strip() and not document.alternatives),
            "covered": float(index.texts.measure_overlap(query.texts, candidates.passages[first])[0].max()),
        }
        | dict(zip(query.profile.weights, signals, strict=True))
    )


def _in_same_language(index: Index, candidates: Candidates, others: Places, document: int) -> Places:
    if len(index.languages) < 2:
        return others
    spoken = index.document_languages
    same = [spoken[number] == spoken[document] for number in candidates.documents[others].tolist()]
    return np.asarray(others[np.array(same, bool)])


def estimate_confidence(features: Mapping[str, float], profile: Profile) -> float:
    """The probability in 0..1; 0 without features (nothing was found). Of a document that is a question and nothing
    else it stays below what an answer needs: there is none to give."""
    probability = estimate_probability(features, profile.confidence)
    return min(probability, UNANSWERED * profile.answer) if features.get("bare") else probability


def estimate_probability(features: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The logistic regression's probability in 0..1; 0 without features."""
    if not features:
        return 0.0
    z = coefficients[INTERCEPT] + sum(coefficients.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
