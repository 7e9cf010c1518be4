"""A text as it is read, in one width and without invisible characters, and the way back to its own offsets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from retrieval.text.scripts import INVISIBLE

# What shows nothing: controls but white space, soft hyphens, joiners, marks of direction, selectors of a variant, and
# the frame of a keycap emoji. Within a number or an address they hide it from a search, not from a reader.
_INVISIBLE = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u20e3{INVISIBLE}]+")
_DIGIT = re.compile(r"[0-9]")
BLANK = "\ufffd"  # stands where something is no longer looked at: no letter, digit, space or separator
# The shortest number that is anybody's: a phone number of seven digits (what is shorter is a short code or a price).
SHORTEST = 7


class Find(NamedTuple):
    """A range of a text and its kind, "" for a fact that stays."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` with ASCII digits, letters, dashes and spaces; `at`: the original offsets, where they differ."""

    text: str
    at: list[int] | None = None

    @classmethod
    def from_text(cls, text: str) -> Reading:
        """Reads a text; one character of it is one of the reading's, or none."""
        at: list[int] | None = None
        if not text.isascii():
            text = text.translate({ord(c): folded for c in set(text) if (folded := _fold_character(c)) != c})
        if _INVISIBLE.search(text):
            pieces: list[str] = []
            at, done = [], 0
            for match in _INVISIBLE.finditer(text):
                pieces.append(text[done : match.start()])
                at += range(done, match.start())
                done = match.end()
            at += range(done, len(text))
            text = "".join([*pieces, text[done:]])
        return cls(text, at)

    @property
    def has_numbers(self) -> bool:
        """Whether there are enough digits for a number that is anybody's."""
        return sum(1 for _ in zip(range(SHORTEST - 1), _DIGIT.finditer(self.text), strict=False)) == SHORTEST - 1

    def in_original(self, finds: Iterable[Find]) -> list[Find]:
        """The finds where they stand in the original, with what is invisible within them."""
        if (at := self.at) is None:
            return list(finds)
        return [Find(at[find.start], at[find.end - 1] + 1, find.kind) for find in finds]


def blank_out(text: str, finds: Iterable[Find]) -> str:
    """The text with each find blanked, at its length."""
    pieces, done = [], 0
    for start, end, _ in sorted(finds):
        if end > done:
            start = max(start, done)
            pieces += [text[done:start], BLANK * (end - start)]
            done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def drop_overlapping(finds: Iterable[Find]) -> list[Find]:
    """The finds in order; of two that overlap, the one that begins first, or is longer."""
    kept: list[Find] = []
    for find in sorted(finds, key=lambda find: (find.start, -find.end)):
        if not kept or find.start >= kept[-1].end:
            kept.append(find)
    return kept


def find_digit_islands(text: str, reach: int = 16) -> list[tuple[int, int]]:
    """The stretches of a text that lie within `reach` of a digit: all that a search for numbers has to read."""
    stretches: list[tuple[int, int]] = []
    for match in re.finditer(r"[0-9]+", text):
        start, end = max(match.start() - reach, 0), match.end() + reach
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _fold_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category == "Pd" or character == "\u2212":
        return "-"
    if category == "Zs":
        return " "
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and plain.isascii() and not plain.isdecimal() else character
