"""Whether a message asks something, or asks the bot to be quiet. The words stand in `bot/words`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from bot.answers.smalltalk import listen
from bot.words import languages, load

_LINK = re.compile(r"https?://\S+")  # a "?" in one asks nothing; "it" stands for it
# Where a clause begins: also after a few words and a comma ("sorry, how …"), not after many ("I saw it, which …").
_BEGINNING = r"(?:^|[.!;:\n。！；：]|\s[-–—]\s)\W{0,9}(?:[\w'’]{1,30}(?:\s[\w'’]{1,30}){0,2}[,，]\s?)?"
_READ = 2000  # characters of a message; who asks does so within them
_EDGES = " \t\n.!?,;:。！？，；：~～…-—"


def asks(text: str) -> bool:
    """Whether a message in a channel wants an answer: a question, a request for help, a report of trouble.

    Talk between people mostly does neither; where in doubt the bot is silent, and a mention brings it.
    """
    text = text[:_READ]
    heard = listen(text)
    if heard.kind is not None:
        return False
    if _help().match(text):
        return True
    question = _idle().sub(" ", _LINK.sub("it", heard.question))
    return "?" in question or "？" in question or _asking().search(question) is not None


def asks_for_quiet(text: str) -> bool:
    """Whether the message is nothing but a wish that the bot be quiet here."""
    return text.strip(_EDGES).casefold() in _quiet()


@cache
def _quiet() -> frozenset[str]:
    return frozenset(phrase for tag in languages() for phrase in load(tag).channel["quiet"])


@cache
def _asking() -> re.Pattern[str]:
    return re.compile(rf"{_BEGINNING}(?:{_phrases('opens')})|{_phrases('tells')}", re.IGNORECASE)


@cache
def _help() -> re.Pattern[str]:
    """A call for help that goes on: "help! …", which `listen` takes off as a courtesy."""
    calls = _alternatives(phrase for tag in languages() for phrase in load(tag).smalltalk["help"])
    return re.compile(rf"(?:{calls})\s?[.!,:…。！，：]", re.IGNORECASE)


@cache
def _idle() -> re.Pattern[str]:
    """Turns of phrase that would look like asking."""
    return re.compile(_phrases("idle"), re.IGNORECASE)


def _phrases(key: str) -> str:
    """A pattern of any phrase of a list, in any language."""
    return _alternatives(phrase for tag in languages() for phrase in load(tag).channel[key])


def _alternatives(phrases: Iterable[str]) -> str:
    """A pattern of any phrase; Latin ones count as whole words only."""
    longest_first = sorted(set(phrases), key=len, reverse=True)
    latin = (re.escape(phrase).replace("'", "['’]") for phrase in longest_first if phrase[0].isascii())
    others = (re.escape(phrase) for phrase in longest_first if not phrase[0].isascii())
    return rf"\b(?:{'|'.join(latin)})\b|{'|'.join(others)}"
