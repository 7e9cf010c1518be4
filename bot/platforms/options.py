"""What an offer has to choose or to confirm, as buttons of whatever platform: labels that fit and can be told apart.
Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.clarify import SHOWN, describe_choice, extract_lead, find_pressed_option, list_choices
from bot.chat.conversation import NONE_OF_THESE, ClarificationOutcome, Decision, Turn
from bot.chat.text import shorten_text
from bot.i18n import words_for
from retrieval.text.cleaning import collapse_whitespace

_TITLE, _UNDER = 300, 100  # characters of a title that is written out, and of what tells it apart
_LEAST_TITLE = 24  # characters of a label, before what tells it apart


@dataclass(frozen=True, slots=True)
class Option:
    """One button: `number` is the citation's, `title` all that it stands for, `label` as much as a button holds, `gist`
    what its answer says, in a line."""

    number: int
    title: str
    label: str
    gist: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """An offer: `lead` (Markdown), the options, what refuses and what confirms (None where nothing is shown), and how
    to answer, by the buttons or, where there are none, by a number; `in_full` tells that the options stand in the text
    as well."""

    lead: str
    options: tuple[Option, ...]
    refusal: Option
    confirmation: Option | None
    how: str
    how_by_number: str
    in_full: bool

    @property
    def titles(self) -> list[str]:
        """The options' titles, numbered, as plain text."""
        return [f"{option.number}. {option.title}" for option in self.options]

    def lines(self, literal: Callable[[str], str]) -> list[str]:
        """The options, each with its gist as a quotation, in a platform's markup that shows them literally."""
        lines = []
        for option, title in zip(self.options, self.titles, strict=True):
            lines += [literal(title), *([f"> {literal(option.gist)}"] if option.gist else [])]
        return lines


def build_asking(turn: Turn, limit: int) -> Asking:
    """A turn's offer, in labels of at most `limit` characters."""
    words, suggested, offered = words_for(turn.language), turn.decision is Decision.SUGGEST, list_choices(turn)
    titles = [collapse_whitespace(citation.name)[:_TITLE] for citation in offered]
    unders = [
        collapse_whitespace(citation.under)[:_UNDER] if citation.under != citation.name else "" for citation in offered
    ]
    labels = [_format_label(title, under, limit) for title, under in zip(titles, unders, strict=True)]
    if len(set(labels)) < len(labels):  # cut, they are alike: then the number tells
        labels = [
            f"{citation.number}. {_format_label(title, under, limit - len(f'{citation.number}. '))}"
            for citation, title, under in zip(offered, titles, unders, strict=True)
        ]
    whole = [f"{title} ({under})" if under else title for title, under in zip(titles, unders, strict=True)]
    options = tuple(
        Option(citation.number, title, label, "" if suggested else collapse_whitespace(citation.gist))
        for citation, title, label in zip(offered, whole, labels, strict=True)
    )
    no = words.labels["not_it" if suggested else "none_of_these"]
    yes = words.labels["thats_it"]
    return Asking(
        extract_lead(turn) if not suggested else words.say("suggest_others") if options else "",
        options,
        Option(NONE_OF_THESE, no, shorten_text(no, limit)),
        Option(SHOWN, yes, shorten_text(yes, limit)) if suggested else None,
        words.say("clarify_press"),
        words.say("clarify_how"),
        any(option.title != option.label or option.gist for option in options),
    )


def describe_outcome(settled: ClarificationOutcome) -> str:
    """What was chosen, as plain text; "" where something else was said instead."""
    choice = None if settled.number is None else find_pressed_option(settled.asked, settled.number)
    return describe_choice(settled.asked, choice) if choice else ""


def _format_label(title: str, under: str, limit: int) -> str:
    """A title, and what tells it apart, which is not to be cut off."""
    if not under:
        return shorten_text(title, limit) or "…"
    under = shorten_text(under, limit - _LEAST_TITLE - 3)
    return f"{shorten_text(title, limit - len(under) - 3)} ({under})"
