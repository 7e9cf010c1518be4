"""Answer, suggest, ask which is meant, or say that nothing was found: what a retrieval result is good for."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.chat.conversation import Decision
from retrieval.documents import Document, RetrievalResult, ScoredPassage
from retrieval.search.near_duplicates import are_near_duplicates, have_similar_words

DOUBT = 0.25  # of the threshold: with the default one, results that are right less than once in five
NEAR_TIE = 0.4  # in score, which is a log-likelihood: the other is at least two thirds as likely as the first
MOST_OPTIONS = 3
SAME_WORDS = 0.85  # share of two texts' words that they have in common, from which they say the same


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and the confidence it was measured against; `options` are the passages to choose from: of a SUGGEST
    the one that is shown, and what else may be meant."""

    decision: Decision
    threshold: float
    options: tuple[ScoredPassage, ...] = ()


def make_decision(
    result: RetrievalResult,
    threshold: float | None = None,
    suggest_threshold: float | None = None,
    *,
    given: Collection[str] = frozenset(),
) -> Decided:
    """Judge `result` by its confidence against two thresholds (None: the calibrated ones).

    Below the first, two or three passages that differ, fit about equally well and reach it together are asked back:
    nobody but the customer can tell which is meant. Else the nearest is suggested, from the second threshold on. What
    was `given` as the last answer (ids of passages) is offered only if it is the first: the customer has just read it.
    """
    needed = result.answer_from if threshold is None else threshold
    enough = min(needed, result.suggest_from if suggest_threshold is None else suggest_threshold)
    if not result.passages:
        return Decided(Decision.ABSTAIN, needed)
    if result.confidence >= needed:
        if len(family := _select_alternatives(result.family)) > 1:
            return Decided(Decision.CLARIFY, needed, family[:MOST_OPTIONS])
        return Decided(Decision.ANSWER, needed)
    tied = _select_options(_drop_given(result, given), NEAR_TIE)
    together = sum(math.exp(option.score - result.passages[0].score) for option in tied) * result.confidence
    if 1 < len(tied) <= MOST_OPTIONS and together >= needed:
        return Decided(Decision.CLARIFY, needed, tied)
    if result.confidence >= enough:
        return Decided(Decision.SUGGEST, needed, select_nearest(result, given=given))
    return Decided(Decision.ABSTAIN, needed)


def select_nearest(result: RetrievalResult, *, given: Collection[str] = frozenset()) -> tuple[ScoredPassage, ...]:
    """The first passage and the next two, unlike it and each other: of real questions whose entry is not first, two in
    three find it there."""
    return _select_options(_drop_given(result, given))[:MOST_OPTIONS]


def is_doubtful(result: RetrievalResult, threshold: float) -> bool:
    """Whether a result below the threshold may hold the answer all the same, so that it is worth a closer look."""
    return bool(result.passages) and result.confidence >= DOUBT * threshold


def _drop_given(result: RetrievalResult, given: Collection[str]) -> list[ScoredPassage]:
    return [each for each in result.passages if each is result.passages[0] or each.passage.id not in given]


def _select_alternatives(family: Sequence[ScoredPassage]) -> tuple[ScoredPassage, ...]:
    """One each of those that differ in what they are about or what they say of it."""
    distinct: list[ScoredPassage] = []
    for each in family:
        if not any(are_near_duplicates(each.passage.document, other.passage.document) for other in distinct):
            distinct.append(each)
    return tuple(distinct)


def _select_options(passages: Sequence[ScoredPassage], within: float = math.inf) -> tuple[ScoredPassage, ...]:
    """The passages whose score is `within` the first's, in its language, one of each that say the same."""
    options: list[ScoredPassage] = []
    for passage in passages:
        if passages[0].score - passage.score > within:
            break
        if passage.passage.document.language != passages[0].passage.document.language:
            continue
        if not any(says_the_same(passage.passage.document, other.passage.document) for other in options):
            options.append(passage)
    return tuple(options)


def says_the_same(one: Document, other: Document) -> bool:
    """Whether asking which of two is meant would be silly: their answers say the same, or nothing tells them apart.

    Questions that differ in a word may have opposite answers: "Can I return opened tea?", "… unopened tea?".
    """
    if not (one.answer.strip() and other.answer.strip()):
        return have_similar_words(one.question, other.question, SAME_WORDS)
    if have_similar_words(one.question, other.question, 1.0) and one.heading_path == other.heading_path:
        return True
    return are_near_duplicates(one, other) or have_similar_words(one.answer, other.answer, SAME_WORDS)
