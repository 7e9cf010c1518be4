"""Whether a message asks for a person instead of an answer. The words stand in `bot/words`."""

from __future__ import annotations

import re
from functools import cache

from bot.answers.smalltalk import listen
from bot.words import languages, load

_READ = 300  # characters: who asks for a person does so briefly; in a longer message there is something to search for


def asks_for_person(text: str) -> bool:
    """Whether the message wants to be handed to a person.

    "How do I reach a person?" does not: the pages may say. Nor does a long message that mentions one.
    """
    if len(text) > _READ:
        return False
    line = " ".join(listen(text).question.casefold().replace("’", "'").split()) or text.casefold()
    if _asking_how().match(line):
        return False
    return _alone().fullmatch(line) is not None or _wish().search(line) is not None


@cache
def _alone() -> re.Pattern[str]:
    """The whole message, but for courtesies and marks."""
    return re.compile(rf"\W*(?:please\W+|i need |i want |请|請|我要|我想)?(?:{_any('person')})(?:\W+please)?\W*")


@cache
def _wish() -> re.Pattern[str]:
    latin: list[str] = []
    other: list[str] = []
    for tag in languages():
        for phrase in load(tag).channel["person_wish"]:
            (latin if phrase.isascii() else other).append(re.escape(phrase))
    return re.compile(rf"\b(?:{'|'.join(latin)})\b|{'|'.join(other)}")


@cache
def _asking_how() -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{_any('person_how')})")


def _any(key: str) -> str:
    phrases = {phrase for tag in languages() for phrase in load(tag).channel[key]}
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
