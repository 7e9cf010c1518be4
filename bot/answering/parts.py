"""A message that asks two things, or asks to compare two, is answered in two parts.

No phrase says that it does: it is cut at its own seams, the parts are searched like any question, and they stand where
each is answered, by entries that say different things, which the whole message finds too but with less confidence. Of
a message that is not answered as a whole it is enough that one part is: for the other the nearest entry is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from bot.answering.decide import make_decision, says_the_same
from bot.chat.conversation import Decision
from retrieval.documents import RetrievalResult
from retrieval.text.analysis import fold_text, is_unspaced
from retrieval.text.scripts import UNSPACED
from retrieval.text.stop_words import function_words

_BESIDE = 2  # passages of parts that are put next to the first
MOST_SEAMS = 8  # of a message; one with more tells a story
_LONGEST_WORD = 6  # characters of a function word that no spaces part from the next word
_PUNCTUATION = re.compile(r"[?？!！。;；,，、:：\n]+\s*|\.\s+")
_RUN = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+(?:['’][^\W_]+)*")
_ASKS = re.compile(r"[?？]\s*$")

Search = Callable[[str], Awaitable[RetrievalResult]]
SearchAfter = Callable[[str, str, RetrievalResult], Awaitable[RetrievalResult]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The two questions of a message, and what was found with the entries that answer them first, in their order;
    `sure` that both do."""

    questions: tuple[str, str]
    result: RetrievalResult
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What came of searching a message's parts: the `parts`, where it asks two things; else `whole` with what surely
    answers a part of it next to its first passage, so that whoever writes from the first few reads it."""

    parts: Parts | None
    whole: RetrievalResult


async def find_parts(
    text: str,
    whole: RetrievalResult,
    thresholds: tuple[float | None, float | None],
    search: Search,
    search_after: SearchAfter,
) -> Found:
    """The surest two parts of `text`, of which `whole` was found. `thresholds` are those of an answer and of a
    suggestion.

    `search` finds what a question needs, `search_after` what one needs that follows another, whose result it is told.
    """
    best: Parts | None = None
    beside: dict[str, float] = {}  # documents that answer a part, by how surely
    answered = make_decision(whole, *thresholds).decision is Decision.ANSWER

    def decide_part(result: RetrievalResult, first: str) -> Decision | None:
        if not _ASKS.search(first) and result.confidence < whole.confidence:  # a question mark tells of two
            return None
        decision = make_decision(result, *thresholds).decision
        return decision if decision is Decision.ANSWER or (decision is Decision.SUGGEST and not answered) else None

    def note_answer(result: RetrievalResult) -> bool:
        sure = make_decision(result, *thresholds).decision is Decision.ANSWER
        if sure:
            found = result.passages[0].passage.document.id
            beside[found] = max(beside.get(found, 0.0), result.confidence)
        return sure

    for first, second in find_splits(text, whole.language):
        one = await search(first)
        of_one = decide_part(one, first)
        if not note_answer(one) and of_one is None:
            continue
        other = await search_after(second, first, one)
        note_answer(other)
        of_other = decide_part(other, first)
        if of_one is None or of_other is None or Decision.ANSWER not in {of_one, of_other}:
            continue
        sure = of_one is of_other
        parts = _join_parts((first, second), whole, one, other, sure=sure)
        if parts and (best is None or _build_sort_key(parts) > _build_sort_key(best)):
            best = parts
    return Found(best, whole if best else _put_beside(whole, beside))


def _put_beside(whole: RetrievalResult, beside: Mapping[str, float]) -> RetrievalResult:
    """`whole` with the passages that answer a part of it behind the first, the surest two at most."""
    others = whole.passages[1:]
    answers = [each for each in others if each.passage.document.id in beside]
    answers = sorted(answers, key=lambda each: -beside[each.passage.document.id])[:_BESIDE]
    rest = (each for each in others if each not in answers)
    return replace(whole, passages=(*whole.passages[:1], *answers, *rest)) if answers else whole


def _build_sort_key(parts: Parts) -> tuple[bool, float]:
    return parts.sure, parts.result.confidence


def _join_parts(
    questions: tuple[str, str], whole: RetrievalResult, one: RetrievalResult, other: RetrievalResult, *, sure: bool
) -> Parts | None:
    """What answers the parts, if the whole message found it too, with what else it found."""
    found = {scored.passage.document.id: scored for scored in whole.passages}
    left, right = (found.get(result.passages[0].passage.document.id) for result in (one, other))
    if left is None or right is None or says_the_same(left.passage.document, right.passage.document):
        return None
    rest = (scored for scored in whole.passages if scored not in (left, right))
    confidence = min(one.confidence, other.confidence)
    return Parts(questions, replace(whole, passages=(left, right, *rest), confidence=confidence), sure)


def find_splits(text: str, language: str) -> list[tuple[str, str]]:
    """The ways to cut a message in two that each say something: after punctuation, and where function words ("and how
    do I …") follow others. After punctuation alone where these are too many; not at all where that is, too."""
    words = list(_split_words(text, language))
    pauses = {match.end() for match in _PUNCTUATION.finditer(text)}
    turns = {start for (_, _, before), (start, _, after) in pairwise(words) if after and not before}
    saying = [(start, end) for start, end, function in words if not function]
    if not saying:
        return []
    (_, first_end), (last_start, _) = saying[0], saying[-1]
    for cuts in (pauses | turns, pauses):
        between = [cut for cut in sorted(cuts) if first_end <= cut <= last_start]
        if len(between) <= MOST_SEAMS:
            return [(text[:cut].strip(), text[cut:].strip()) for cut in between]
    return []


def _split_words(text: str, language: str) -> Iterator[tuple[int, int, bool]]:
    """Each word's start and end, and whether it only says how something is asked; characters where no spaces part
    words, with the longest function words among them."""
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        if not is_unspaced(run[0]):
            yield start, match.end(), fold_text(run) in _function_words(language)
            continue
        place = 0
        while place < len(run):
            lengths = range(min(_LONGEST_WORD, len(run) - place), 0, -1)
            length = next((n for n in lengths if fold_text(run[place : place + n]) in _unspaced_function_words()), 0)
            yield start + place, start + place + (length or 1), length > 0
            place += length or 1


@cache
def _function_words(language: str) -> frozenset[str]:
    return frozenset(map(fold_text, function_words(language)))


@cache
def _unspaced_function_words() -> frozenset[str]:
    return _function_words("zh") | _function_words("ko")
