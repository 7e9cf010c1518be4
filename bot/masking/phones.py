"""Phone numbers: international, national in the regions asked for, and whatever a phone word introduces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.masking.context import count_digits, find_introduced_kind, find_numbers
from bot.masking.reading import SHORTEST, Find

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch, PhoneNumberMatcher

# E.164: at most fifteen digits. Fewer than nine are a phone number only where a word says so.
_LONGEST, _NATIONAL = 15, 9
_UNDIVIDED = 10
# Candidates of a text that the library tries in all regions together, of 60 to 100 microseconds each: three a message,
# 150 in a row of numbers. Past them, which no message is, whatever could be a phone number counts as one.
_BUDGET = 500
# Characters that are looked up at once: the longest number with its separators. The library's search within them is not
# linear, so a longer run of digits is cut here.
_SPAN = 40
# Numbers within one that the library tries, of its own 65,535: enough for two of five groups that stand together.
_TRIES = 40
_NO_DIGITS = re.compile(r"[^0-9]+")
_LISTED = re.compile(r"\s?(?:,|/|、|;|&|or|and|或者?|和|及|跟|还有)\s?", re.IGNORECASE)


def find_phones(text: str, regions: tuple[str, ...]) -> list[Find]:
    """Every phone number that no other kind has claimed."""
    finds: list[Find] = []
    left, ended, introduced = _BUDGET, -1, False
    for number in find_numbers(text):
        start, end = number.span()
        introduced = find_introduced_kind(text, start, end) == "phone" or (
            introduced and bool(_LISTED.fullmatch(text, ended, start))
        )
        ended = end
        for start, end in _split_spans(number):
            if end - start > _SPAN:
                continue  # one group of digits, too long for a number
            if not (introduced or _could_be_phone(text, start, end)):
                continue
            if left <= 0:
                finds.append(Find(start, end, "phone"))
                continue
            found, tried = _find_in_range(text, start, end, regions, introduced)
            left -= tried
            if not found and introduced and SHORTEST <= count_digits(text[start:end]) <= _LONGEST:
                found = [Find(start, end, "phone")]
            finds += found
    return finds


def _split_spans(number: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The number in pieces that a phone number fits in, cut between its groups."""
    start = number.start()
    if len(number[0]) <= _SPAN:
        yield number.span()
        return
    end = start
    for group in re.finditer(r"[+(]*[0-9]+[^0-9+(]*", number[0]):
        if number.start() + group.end() - start > _SPAN and end > start:
            yield start, end
            start = end
        end = number.start() + group.end()
    yield start, end


def _could_be_phone(text: str, start: int, end: int) -> bool:
    """Whether the digits are divided or headed as those of a phone number, so that it is worth a look."""
    number = text[start:end]
    if count_digits(number) < _NATIONAL:
        return "+" in number
    return bool(_NO_DIGITS.search(number)) or number[0] == "0" or len(number) > _UNDIVIDED


def _find_in_range(
    text: str, start: int, end: int, regions: tuple[str, ...], introduced: bool
) -> tuple[list[Find], int]:
    """The phone numbers in a range, and how many candidates were tried."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    before = max(start - 1, 0)
    around = text[before : end + 1]
    finds: list[Find] = []
    tried = 0
    for region in regions:
        matcher = PhoneNumberMatcher(around, region, Leniency.VALID, _TRIES)
        for match in matcher:
            span = before + match.start, before + match.end
            if (introduced or _is_certain(match)) and not any(
                done.start < span[1] and span[0] < done.end for done in finds
            ):
                finds.append(Find(*span, "phone"))
        tried += _count_tried(matcher)
        if finds and finds[0].end - finds[0].start >= end - start:
            break  # all of it is one number
    if not finds and "+" in around:
        matcher = PhoneNumberMatcher(around, None, Leniency.POSSIBLE, _TRIES)
        finds += [
            Find(before + match.start, before + match.end, "phone")
            for match in matcher
            if match.raw_string.startswith(("+", "(+"))
        ]
        tried += _count_tried(matcher)
    return finds, tried


def _count_tried(matcher: PhoneNumberMatcher) -> int:
    """How many candidates a search has gone through: the library counts them down, for nobody to see."""
    return max(_TRIES - int(getattr(matcher, "_max_tries", 0)), 1)


def _is_certain(match: PhoneNumberMatch) -> bool:
    """Whether a number that nothing introduces is no other: it is international, or written as its region writes."""
    from phonenumbers import PhoneNumberType, number_type

    written = match.raw_string
    count = count_digits(written)
    if written.startswith(("+", "(+", "00")):
        return True
    if _NO_DIGITS.search(written.strip("()")):
        return count >= _UNDIVIDED or (written.lstrip("(").startswith("0") and count >= _NATIONAL)
    if written[0] == "0":
        return _UNDIVIDED <= count <= _UNDIVIDED + 1 or number_type(match.number) == PhoneNumberType.MOBILE
    return count > _UNDIVIDED and number_type(match.number) == PhoneNumberType.MOBILE
