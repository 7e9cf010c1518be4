"""Whether a message asks for a person instead of an answer. The words stand in `bot/words`."""

from __future__ import annotations

import re
from functools import cache

from bot.answers.smalltalk import listen
from bot.words import languages, load

_READ = 300  # characters: who asks for a person does so briefly; in a longer message there is something to search for
_MARKS = " .!?。！？…~～"
# What may stand behind a Latin name: "a human readable format" and "someone's address" are no people.
_ENDS = (
    r"(?=\s*(?:[.,;:!?()\"…—–-]|$)|\s+(?:please|pls|plz|now|who|that|to|from|about|because|instead|for|here|on|at|in|of|i"
    r"|and|or|but|today|again|asap|not|if|so|right|immediately|over|help|with)\b)"
)
_SENTENCE = re.compile(r"[.!?,。！？，]+\s*")


def asks_for_person(text: str) -> bool:
    """Whether the message wants to be handed to a person.

    "How do I reach a person?" does not: the pages may say. Nor does a long message that mentions one.
    """
    if len(text) > _READ:
        return False
    line = " ".join(listen(text).question.casefold().replace("’", "'").split()) or text.casefold()
    line = _none().sub("_", line)
    if _alone().fullmatch(line) or _alone().fullmatch(_SENTENCE.split(line.rstrip(_MARKS))[-1]):
        return True
    return not _asking_how().match(line) and _wish().search(line) is not None


@cache
def _alone() -> re.Pattern[str]:
    """A whole message or sentence, but for courtesies and marks."""
    before = r"(?:please|pls|plz|i need|i want|请|請|我要|我想|我想要|我需要|(?:麻烦|麻煩|帮我|幫我)+)\W*"
    return re.compile(rf"\W*(?:{before})?(?:(?:{_any('person')})\W*)+(?:(?:please|pls|plz|now)\W*)*")


@cache
def _wish() -> re.Pattern[str]:
    """Latin phrases are whole words."""
    latin: list[str] = []
    other: list[str] = []
    for tag in languages():
        words = load(tag).channel
        if not words:
            continue
        names = "|".join(map(re.escape, words["person_names"]))
        calls = "|".join(map(re.escape, words["person_calls"]))
        mine = latin if calls.isascii() else other
        ends = _ENDS if calls.isascii() else ""
        mine += [f"(?:{calls})\\s*(?:{names}){ends}", *map(re.escape, words["person_wish"])]
    return re.compile(rf"\b(?:{'|'.join(latin)})\b|{'|'.join(other)}")


@cache
def _none() -> re.Pattern[str]:
    return re.compile(_any("person_not"))


@cache
def _asking_how() -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{_any('person_how')})")


def _any(key: str) -> str:
    phrases = {phrase for tag in languages() for phrase in load(tag).channel[key]}
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
