"""Greetings, thanks and the like are no questions; around a question they are stripped off it.

The phrases stand in the words files. A message is small talk when it holds nothing but phrases and their fillers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from bot.words import languages, load


class Kind(StrEnum):
    """What a message that asks nothing is; of several in one message the first in this order counts."""

    HELP = "help"
    IDENTITY = "identity"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    PRESENCE = "presence"
    GREETING = "greeting"
    ACKNOWLEDGEMENT = "acknowledgement"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Heard:
    """`kind` of a message that asks nothing, else None and the `question` without the courtesies around it.

    `languages` are the tags whose words files know the last phrase heard.
    """

    kind: Kind | None
    question: str = ""
    languages: frozenset[str] = frozenset()


_ASKABLE = re.compile(r"[^\W_]")
_GAP = re.compile(r"[\W_]*")
_PUNCTUATION = re.compile(r"[.!?,;:。！？，；：、…~～\n—-]")
_SENTENCE_SEAM = re.compile(r"[.!?。！？…\n]+[\s\"'”’)）]*|[,，]\s*")
# Words that also begin sentences of their own ("不用我的信用卡 …") are stripped only before punctuation.
_NEEDS_PUNCTUATION = {Kind.ACKNOWLEDGEMENT, Kind.IDENTITY, Kind.GOODBYE}
_MAX_TRAILING = 3


def listen(text: str) -> Heard:
    """Tell small talk from a question in a message cleaned of invisible characters."""
    heard, end, position = _phrases(text)
    if not _ASKABLE.search(text, position):
        return heard if heard.kind else Heard(Kind.EMPTY)
    question = text
    if heard.kind and _may_strip(text, end, position, heard.kind):
        question = text[position:]
    return Heard(None, _without_trailing(question).strip())


def _phrases(text: str) -> tuple[Heard, int, int]:
    """What the phrases at the text's start say, where the last of them ends, and where what follows begins."""
    kinds: list[Kind] = []
    known: frozenset[str] = frozenset()
    end = 0
    position = _gap_end(text, 0)
    while position < len(text):
        match = _phrase_pattern().match(text, position)
        filler = _filler_pattern().match(text, position) if kinds else None
        if match is None and filler is None:
            break
        if match is not None and (filler is None or match.end() >= filler.end()):
            kind, known = _phrase_index()[_key(match.group())]
            kinds.append(kind)
            end = match.end()
            position = _gap_end(text, end)
        elif filler is not None:
            position = _gap_end(text, filler.end())
    kind_heard = min(kinds, key=list(Kind).index, default=None)
    return Heard(kind_heard, languages=known), end, position


def _may_strip(text: str, end: int, position: int, kind: Kind) -> bool:
    """Whether a question can begin after phrases that end at `end`: punctuation follows, or a word that opens one."""
    if _PUNCTUATION.search(text, end, position):
        return True
    return kind not in _NEEDS_PUNCTUATION and _opener_pattern().match(text, position) is not None


def _without_trailing(text: str) -> str:
    """`text` without the "thanks!" after its last sentence."""
    for _ in range(_MAX_TRAILING):
        seams = [seam for seam in _SENTENCE_SEAM.finditer(text) if _ASKABLE.search(text, seam.end())]
        if not seams:
            break
        heard, _, position = _phrases(text[seams[-1].end() :])
        said_all = not _ASKABLE.search(text, seams[-1].end() + position)
        if heard.kind is None or not said_all or heard.kind in {Kind.HELP, Kind.IDENTITY}:
            break
        text = text[: seams[-1].end()].rstrip(" ,，")
    return text


def _gap_end(text: str, position: int) -> int:
    """Skip what is neither letter nor digit, except a symbol that is itself a phrase."""
    while position < len(text) and not text[position].isalnum():
        if _phrase_pattern().match(text, position):
            break
        position += 1
    return position


def _key(phrase: str) -> str:
    """A phrase as the index knows it: lower case, straight apostrophes, single spaces, no drawn-out last letter."""
    phrase = re.sub(r"\s+", " ", phrase.lower().replace("’", "'"))
    return phrase if phrase in _spellings() else re.sub(r"(.)\1+$", r"\1", phrase)


@cache
def _spellings() -> frozenset[str]:
    return frozenset(phrase for tag in languages() for phrases in load(tag).smalltalk.values() for phrase in phrases)


@cache
def _phrase_index() -> dict[str, tuple[Kind, frozenset[str]]]:
    """Phrase -> its kind and the languages that know it."""
    index: dict[str, tuple[Kind, frozenset[str]]] = {}
    for tag in languages():
        for kind in Kind:
            for phrase in load(tag).smalltalk.get(kind.value, ()):
                first_kind, tags = index.get(phrase, (kind, frozenset()))
                index[phrase] = (first_kind, tags | {tag})
                index.setdefault(re.sub(r"(.)\1+$", r"\1", phrase), (kind, frozenset({tag})))
    return index


@cache
def _phrase_pattern() -> re.Pattern[str]:
    return _alternatives((phrase for phrase in _phrase_index()), drawn_out=True)


@cache
def _filler_pattern() -> re.Pattern[str]:
    return _alternatives(phrase for tag in languages() for phrase in load(tag).smalltalk["fillers"])


@cache
def _opener_pattern() -> re.Pattern[str]:
    return _alternatives(phrase for tag in languages() for phrase in load(tag).smalltalk["openers"])


def _alternatives(phrases: Iterable[str], *, drawn_out: bool = False) -> re.Pattern[str]:
    """A pattern of any of the phrases, the longest first; one that ends in a Latin letter ends at a word's end."""
    parts = []
    for phrase in sorted(set(phrases), key=len, reverse=True):
        pattern = re.escape(phrase).replace("'", "['’]").replace(r"\ ", r"\s+")
        latin_end = phrase[-1].isascii() and phrase[-1].isalnum()
        parts.append(pattern + ("+" if drawn_out and latin_end else "") + (r"(?![-'’]?[^\W_])" if latin_end else ""))
    return re.compile("|".join(parts), re.IGNORECASE)
