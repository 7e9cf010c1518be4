"""Why a turn came out as it did, as far as the log tells: kinds and numbers, for whoever puts them in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.conversation import Decision, Turn, UsedPassage
from retrieval.documents import LEARNED
from retrieval.search.profiles import Fitted
from retrieval.search.weighing import Weighing, weigh_confidence


class Why(StrEnum):
    """What a decision rests on."""

    SMALL_TALK = "small_talk"
    PERSON = "person"  # was asked for
    REFUSED = "refused"  # nothing that was offered before was it, said the customer
    NOTHING = "nothing"  # was found at all
    LEARNED = "learned"  # people showed that these words mean the entry
    SURE = "sure"
    READ = "read"  # a model found the answer in what the confidence was too low for
    CHOSEN = "chosen"  # of what was offered before
    UNTOLD = "untold"  # it was answered below the threshold, and the log does not say why
    TIED = "tied"  # several fit about equally, and only the customer can tell
    NEAREST = "nearest"
    UNWRITTEN = "unwritten"  # sure enough, and yet shown as the nearest
    READ_IN_VAIN = "read_in_vain"  # a model was asked for the answer, and none came of it
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage that was found; `number` is that by which the answer cites it, 0 for not; `likelihood` is how likely it
    was by its score, as a share of the likeliest one's."""

    passage: UsedPassage
    number: int
    likelihood: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """`findings` are what whoever looks may see, `hidden` how many they may not. `nearest` is the entry that the
    confidence is of, None where there is none or it is hidden. `lacking`: so much confidence was missing to an answer.
    `weighing` is None where what was weighed cannot be told (any more)."""

    why: Why
    findings: tuple[Finding, ...] = ()
    hidden: int = 0
    nearest: UsedPassage | None = None
    lacking: float = 0.0
    weighing: Weighing | None = None


def explain_turn(turn: Turn, shown: Turn, earlier: Sequence[Turn] = (), fitted: Fitted | None = None) -> Explanation:
    """Of a turn as it is kept; `shown` is what may be seen of it, `earlier` what was said in its conversation before,
    `fitted` what is searched by."""
    numbers = {each.passage_id: each.number for each in shown.citations}
    highest = max((each.score for each in turn.passages), default=0.0)
    return Explanation(
        why=_find_reason(turn, earlier),
        findings=tuple(
            Finding(each, numbers.get(each.passage_id, 0), math.exp(max(-700.0, each.score - highest)))
            for each in shown.passages
        ),
        hidden=len(turn.passages) - len(shown.passages),
        nearest=next((each for each in shown.passages if each.rank == 1), None),
        lacking=max(0.0, turn.threshold - turn.confidence) if turn.passages else 0.0,
        weighing=weigh_confidence(turn.features, turn.confidence, fitted) if fitted and turn.passages else None,
    )


def _find_reason(turn: Turn, earlier: Sequence[Turn]) -> Why:
    if not turn.decision.searched:
        return Why.SMALL_TALK if turn.decision is Decision.CHITCHAT else Why.PERSON
    if not turn.passages:
        offered = any(each.decision.offers and each.standalone_question == turn.standalone_question for each in earlier)
        return Why.REFUSED if offered and not turn.index_version else Why.NOTHING
    if turn.features.get(LEARNED) and turn.decision is Decision.ANSWER:
        return Why.LEARNED
    if turn.decision is Decision.ANSWER:
        return _find_reason_of_answer(turn, earlier)
    if turn.decision is Decision.SUGGEST:
        return Why.NEAREST if turn.confidence < turn.threshold else Why.UNWRITTEN
    if turn.decision is Decision.CLARIFY:
        return Why.TIED
    return Why.READ_IN_VAIN if _was_read(turn) else Why.TOO_FAR


def _find_reason_of_answer(turn: Turn, earlier: Sequence[Turn]) -> Why:
    if turn.confidence >= turn.threshold:
        return Why.SURE
    if _was_read(turn):
        return Why.READ
    options = {option.question for each in earlier if each.decision.offers for option in each.citations}
    return Why.CHOSEN if turn.standalone_question in options else Why.UNTOLD


def _was_read(turn: Turn) -> bool:
    """Whether a model was asked for the passages that answer."""
    return "judge" in turn.timings_ms
