"""The options of a clarification as buttons of whatever platform: labels that fit and can be told apart. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.choosing import lead, said
from bot.answers.choosing import pressed as choice_of
from bot.conversation import NONE_OF_THESE, Settled, Turn
from bot.words import words_for
from retrieval.text import collapse

_TITLE, _UNDER = 300, 100  # characters of a title that is written out, and of what tells it apart
_SEAM = 0.5  # of a label: a word's end before that would leave too little
_LEAST_TITLE = 24  # characters of a label, before what tells it apart


@dataclass(frozen=True, slots=True)
class Option:
    """One button: `number` is the citation's, `title` all that it stands for, `label` as much as a button holds."""

    number: int
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Asking:
    """A clarification: `lead` (Markdown), the options, "None of these", and how to answer; `in_full` tells that titles
    are cut in labels, so that they stand in the text as well."""

    lead: str
    options: tuple[Option, ...]
    none: Option
    how: str
    in_full: bool

    @property
    def lines(self) -> list[str]:
        """The options' titles, numbered, as plain text."""
        return [f"{option.number}. {option.title}" for option in self.options]


def asking(turn: Turn, limit: int) -> Asking:
    """A clarification whose labels have at most `limit` characters."""
    words = words_for(turn.language)
    titles = [collapse(citation.title)[:_TITLE] for citation in turn.citations]
    unders = [collapse(citation.under)[:_UNDER] for citation in turn.citations]
    labels = [_label(title, under, limit) for title, under in zip(titles, unders, strict=True)]
    if len(set(labels)) < len(labels):  # cut, they are alike: then the number tells
        labels = [
            f"{citation.number}. {_label(title, under, limit - len(f'{citation.number}. '))}"
            for citation, title, under in zip(turn.citations, titles, unders, strict=True)
        ]
    whole = [f"{title} ({under})" if under else title for title, under in zip(titles, unders, strict=True)]
    options = tuple(
        Option(citation.number, title, label)
        for citation, title, label in zip(turn.citations, whole, labels, strict=True)
    )
    none = words.labels["none_of_these"]
    return Asking(
        lead(turn),
        options,
        Option(NONE_OF_THESE, none, cut(none, limit)),
        words.say("clarify_press"),
        any(option.title != option.label for option in options),
    )


def outcome(settled: Settled) -> str:
    """What was chosen, as plain text; "" where something else was said instead."""
    choice = None if settled.number is None else choice_of(settled.asked, settled.number)
    return said(settled.asked, choice) if choice else ""


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of a line, ended by "…" at a word's end where there is one."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    seam = head.rfind(" ")
    if text[limit - 1] != " " and seam >= limit * _SEAM:
        head = head[:seam]
    return head.rstrip(" ,;:.，、；：。") + "…"


def _label(title: str, under: str, limit: int) -> str:
    """A title, and what tells it apart, which is not to be cut off."""
    if not under:
        return cut(title, limit) or "…"
    under = cut(under, limit - _LEAST_TITLE - 3)
    return f"{cut(title, limit - len(under) - 3)} ({under})"
