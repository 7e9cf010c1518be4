"""The reply to an offer: a button, a number, an ordinal, or words of one of the options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.conversation import NONE_OF_THESE, Citation, Decision, Turn
from bot.words import languages, load, words_for
from retrieval.indexing.analysis import analyse, fold
from retrieval.text import collapse

_LONGEST_CHOICE = 60  # characters; "the second one please" is a choice, a longer message says more than which
_LAST = -1
_TITLE = 300  # characters of a chosen title
SHOWN = 1  # the number of the entry that a suggestion shows


@dataclass(frozen=True, slots=True)
class Choice:
    """The option chosen; None when the customer said that it is none of them."""

    option: Citation | None


def choose(text: str, options: Sequence[Citation], *, shown: bool = False) -> Choice | None:
    """What `text` chooses of `options`, in the order they were offered; None when it is a new question.

    `shown`: the first is shown in full, so that a yes means it, and a few words of a title are a new question.
    """
    if not options:
        return None
    text = fold(text)  # Chinese keyboards write １, and 第２個
    if len(text) <= _LONGEST_CHOICE:
        for position, pattern in _ordinals():
            if pattern.fullmatch(text) and position < len(options):
                return Choice(options[position])
        if _none_of_them().fullmatch(text):
            return Choice(None)
        if _phrases("no").fullmatch(text):
            return Choice(None)
        if shown and agrees(text):
            return Choice(options[0])
    return None if shown else _by_words(text, options)


def agrees(text: str) -> bool:
    """Whether `text` says yes and nothing else, which chooses none of several options."""
    return bool(_phrases("yes").fullmatch(fold(text)))


def pressed(asked: Turn, number: int) -> Choice | None:
    """What the button of this number chooses; None where there is no such option."""
    if number == NONE_OF_THESE:
        return Choice(None)
    return next((Choice(option) for option in asked.citations if option.number == number), None)


def confirms(asked: Turn, choice: Choice) -> bool:
    """Whether it says that what was suggested is the answer."""
    return asked.decision is Decision.SUGGEST and bool(choice.option and choice.option.number == SHOWN)


def said(asked: Turn, choice: Choice) -> str:
    """A choice in words, as if the customer had typed them."""
    words = words_for(asked.language)
    suggested = asked.decision is Decision.SUGGEST
    if confirms(asked, choice):
        return words.labels["thats_it"]
    if suggested and not choice.option:
        return words.labels["not_it"]
    title = collapse(choice.option.label) if choice.option else words.labels["none_of_these"]
    return words.say("chose", title=title[:_TITLE])


def others(asked: Turn) -> tuple[Citation, ...]:
    """What there is to choose: of a suggestion, what is not shown already."""
    return asked.citations[SHOWN:] if asked.decision is Decision.SUGGEST else asked.citations


def lead(asked: Turn) -> str:
    """What an offer says before its options, in Markdown."""
    if asked.decision is Decision.SUGGEST:
        return asked.answer.partition(f"\n\n{words_for(asked.language).say('suggest_others')}\n\n2. ")[0]
    return asked.answer.partition("\n\n1. ")[0]


def _by_words(text: str, options: Sequence[Citation]) -> Choice | None:
    """The one option whose title holds every word of `text`, or that repeats a title in full."""
    asked = set(analyse(_fillers().sub(" ", text))) or set(analyse(text))
    titles = [set(analyse(option.label)) for option in options]
    holding = [option for option, title in zip(options, titles, strict=True) if asked and asked <= title]
    repeated = [option for option, title in zip(options, titles, strict=True) if title and title <= set(analyse(text))]
    for matches in (repeated, holding):
        if len(matches) == 1:
            return Choice(matches[0])
    return None


@cache
def _ordinals() -> list[tuple[int, re.Pattern[str]]]:
    """(0-based position, what names it); "the last one" counts from the end."""
    names: dict[int, list[str]] = {_LAST: []}
    for tag in languages():
        choice = load(tag).choice
        names[_LAST] += choice["last"]
        for position, ordinals in enumerate(choice["ordinals"]):
            names.setdefault(position, []).extend(ordinals)
    return [(position, _among_fillers(spellings)) for position, spellings in names.items()]


@cache
def _none_of_them() -> re.Pattern[str]:
    return _among_fillers(phrase for tag in languages() for phrase in load(tag).choice["none"])


@cache
def _phrases(kind: str) -> re.Pattern[str]:
    """What confirms or refuses what is shown."""
    said = {phrase for tag in languages() for phrase in load(tag).choice[kind]}
    return re.compile(rf"[\W_]*(?:{_any_of(said)})[\W_]*", re.IGNORECASE)


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile(_any_of(filler for tag in languages() for filler in load(tag).choice["fillers"]), re.IGNORECASE)


def _among_fillers(phrases: Iterable[str]) -> re.Pattern[str]:
    gap = rf"(?:{_fillers().pattern}|[\W_])*+"
    slow_gap = rf"(?:{_fillers().pattern}|[\W_])*"
    return re.compile(rf"{slow_gap}(?:{_any_of(phrases)}){gap}", re.IGNORECASE)


def _any_of(phrases: Iterable[str]) -> str:
    """A pattern of any of the phrases as whole words (Chinese has none to keep to)."""
    parts = []
    for phrase in sorted(set(phrases), key=len, reverse=True):
        latin = phrase.isascii()
        parts.append((r"(?<![A-Za-z0-9])" if latin else "") + re.escape(phrase) + (r"(?![A-Za-z0-9])" if latin else ""))
    return "|".join(parts)
