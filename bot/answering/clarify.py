"""The reply to an offer: a button, a number, an ordinal, a yes or a no, or words of one of the options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.conversation import NONE_OF_THESE, Citation, Decision, Turn
from bot.chat.intent import OfferReply
from bot.i18n import words_for
from retrieval.text.analysis import analyse_text, fold_text, is_function
from retrieval.text.cleaning import collapse_whitespace

_LONGEST_CHOICE = 60  # characters; "the second one please" is a choice, a longer message says more than which
_ORDINALS = (OfferReply.FIRST, OfferReply.SECOND, OfferReply.THIRD, OfferReply.FOURTH, OfferReply.FIFTH)
_LONGEST_NUMBER = 3  # digits; more are an order's number or the like
_NUMBER = re.compile(r"(?<![\d.,-])\d+(?![.,]?\d)")
_WORD = re.compile(r"[^\W\d_]{4,}")  # "or", "and", "oder", "und" are shorter
_FIRST_CHOICE = re.compile(r"(\d{1,2})\. ")
_TITLE = 300  # characters of a chosen title
SHOWN = 1  # the number of the entry that a suggestion shows, and that is confirmed


@dataclass(frozen=True, slots=True)
class Choice:
    """The option chosen; None when the customer said that it is none of them."""

    option: Citation | None


def find_choice(text: str, options: Sequence[Citation], reply: OfferReply, *, shown: bool = False) -> Choice | None:
    """What `text`, which was read as `reply`, chooses of `options`, in the order they were offered; None when it is a
    new question.

    `shown`: the first is shown in full, so that a yes means it, and a few words of a title are a new question.
    """
    text = fold_text(text)  # Chinese keyboards write １, and 第２個
    numbers = [int(number) for number in _NUMBER.findall(text[:_LONGEST_CHOICE])]
    if is_unclear(text, reply) or (not numbers and _is_number(text)):  # "2.5", "-1"
        return None
    if len(numbers) == 1 and (reply is not OfferReply.OTHER or not any(map(str.isalpha, text))):
        return Choice(options[numbers[0] - 1]) if 0 < numbers[0] <= len(options) else None
    if not shown and (named := _match_titles(text, options)):
        return named
    if reply is OfferReply.OTHER or len(text) > _LONGEST_CHOICE or not options:
        return None
    if reply is OfferReply.NO:
        return Choice(None)
    if reply is OfferReply.YES:
        return Choice(options[0]) if shown else None
    position = len(options) - 1 if reply is OfferReply.LAST else _ORDINALS.index(reply)
    return Choice(options[position]) if position < len(options) else None


def number_beyond(text: str, options: Sequence[Citation]) -> int | None:
    """The number that is all that `text` says, where there is no such option."""
    said = fold_text(text).strip(" .)#")
    if not said.isdecimal() or len(said) > _LONGEST_NUMBER:
        return None
    return None if 0 < int(said) <= len(options) else int(said)


def is_unclear(text: str, reply: OfferReply) -> bool:
    """Whether a short reply names several options: "2 or 3"."""
    several = len(set(_NUMBER.findall(fold_text(text)[: _LONGEST_CHOICE + 1]))) > 1
    return several and len(text) <= _LONGEST_CHOICE and (reply is not OfferReply.OTHER or not _WORD.search(text))


def find_pressed_option(asked: Turn, number: int) -> Choice | None:
    """What the button of this number chooses; None where there is no such option."""
    if number == NONE_OF_THESE:
        return Choice(None)
    return next((Choice(option) for option in asked.citations if option.number == number), None)


def confirms_suggestion(asked: Turn, choice: Choice) -> bool:
    """Whether it says that what was suggested is the answer."""
    return asked.decision is Decision.SUGGEST and bool(choice.option and choice.option.number == SHOWN)


def describe_choice(asked: Turn, choice: Choice) -> str:
    """A choice in words, as if the customer had typed them."""
    words = words_for(asked.language)
    suggested = asked.decision is Decision.SUGGEST
    if confirms_suggestion(asked, choice):
        return words.labels["thats_it"]
    if suggested and not choice.option:
        return words.labels["not_it"]
    title = collapse_whitespace(choice.option.label) if choice.option else words.labels["none_of_these"]
    return words.say("chose", title=title[:_TITLE])


def list_choices(asked: Turn) -> tuple[Citation, ...]:
    """What there is to choose: of a suggestion, what is not shown already."""
    return asked.citations[len(shown_in_full(asked)) :]


def shown_in_full(asked: Turn) -> tuple[Citation, ...]:
    """The entries that a suggestion shows: one, or one for each of two questions, as its choices are numbered on."""
    if asked.decision is not Decision.SUGGEST:
        return ()
    _, _, choices = asked.answer.rpartition(_build_separator(asked))
    first = _FIRST_CHOICE.match(choices)  # a page may say of itself what stands before the choices
    return asked.citations[: max(SHOWN, int(first[1]) - 1)] if first else asked.citations


def extract_lead(asked: Turn) -> str:
    """What an offer says before its options, in Markdown."""
    if asked.decision is Decision.SUGGEST:
        return asked.answer.rsplit(_build_separator(asked), 1)[0]
    return asked.answer.partition("\n\n1. ")[0]


def _build_separator(asked: Turn) -> str:
    """What stands between the entries that a suggestion shows and its choices."""
    return f"\n\n{words_for(asked.language).say('suggest_others')}\n\n"


def _is_number(text: str) -> bool:
    return any(map(str.isdecimal, text)) and not any(map(str.isalpha, text))


def _match_titles(text: str, options: Sequence[Citation]) -> Choice | None:
    """The one option whose title holds every word of `text`, or that repeats a title in full."""
    words = set(analyse_text(text))
    asked = {word for word in words if not is_function(word)}
    titles = [set(analyse_text(option.label)) for option in options]
    holding = [option for option, title in zip(options, titles, strict=True) if asked and asked <= title]
    repeated = [option for option, title in zip(options, titles, strict=True) if title and title <= words]
    for matches in (repeated, holding):
        if len(matches) == 1:
            return Choice(matches[0])
    return None
