"""Dates that a text names, in the languages that Frontdesk answers in; months are named as the Unicode consortium lists
them (CLDR)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from retrieval.text.languages import COMMON_LANGUAGES

_ISO = re.compile(r"(?<![\d.])(?P<year>(?:19|20)\d\d)([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?![\d])")
_DAY_FIRST = re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>(?:19|20)\d\d)(?!\d)")
_EAST_ASIAN = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s?[年년]\s?)?(?<!\d)(?P<month>\d{1,2})\s?[月월](?:\s?(?P<day>\d{1,2})\s?[日号號일])?"
)
_YEAR = r"(?:,?\s+(?:\w{2}\s+)?(?P<year>(?:19|20)\d\d)(?!\d))"
_ORDINAL = r"(?:st|nd|rd|th|er|[.ºª])?"


@dataclass(frozen=True, slots=True)
class NamedDate:
    """A date as a text names it, at [start, end) of its NFKC form; what it leaves open is None. `month` is 1 to 12."""

    year: int | None
    month: int
    day: int | None
    start: int
    end: int

    @property
    def last_day(self) -> date | None:
        """The last day that it may mean; None without a year."""
        if self.year is None:
            return None
        if self.day is not None:
            return date(self.year, self.month, self.day)
        following = date(self.year + self.month // 12, self.month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)

    @property
    def value(self) -> str:
        """The date in ISO 8601, "--03-31" without a year."""
        year = f"{self.year:04}" if self.year else "-"
        return f"{year}-{self.month:02}" + (f"-{self.day:02}" if self.day else "")


def find_dates(text: str, language: str = "en") -> list[NamedDate]:
    """The dates in `text`, in reading order."""
    text = unicodedata.normalize("NFKC", text)
    found: list[NamedDate] = []
    for pattern in (_ISO, _DAY_FIRST, _EAST_ASIAN):
        found += _read_matches(pattern, text, {})
    for name in dict.fromkeys((language if language in COMMON_LANGUAGES else "en", "en")):
        months = _list_months(name)
        for pattern in _compile_patterns(name):
            found += _read_matches(pattern, text, months)
    chosen: list[NamedDate] = []
    for each in sorted(found, key=lambda each: (each.start, -(each.end - each.start))):
        if not chosen or each.start >= chosen[-1].end:
            chosen.append(each)
    return chosen


def _read_matches(pattern: re.Pattern[str], text: str, months: dict[str, int]) -> Iterator[NamedDate]:
    for match in pattern.finditer(text):
        parts = match.groupdict()
        month = months.get(parts["month"].casefold()) or int(parts["month"] if parts["month"].isdecimal() else 0)
        day, year = (int(parts[name]) if parts.get(name) else None for name in ("day", "year"))
        if _is_possible(year, month, day):
            yield NamedDate(year, month, day, match.start(), match.end())


def _is_possible(year: int | None, month: int, day: int | None) -> bool:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return False
    return True


@cache
def _list_months(language: str) -> dict[str, int]:
    from babel import Locale

    months = Locale.parse(language).months
    return {
        name.casefold().rstrip("."): number
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in months[form][width].items()
        if any(map(str.isalpha, name)) and not name[0].isdigit()
    }


@cache
def _compile_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """A day before its month, a month before its day, and a month with a year alone."""
    names = sorted(_list_months(language), key=len, reverse=True)
    if not names:
        return ()
    month = rf"(?<!\w)(?P<month>{'|'.join(map(re.escape, names))})\.?(?!\w)"
    day = rf"(?<!\d)(?P<day>\d{{1,2}}){_ORDINAL}(?!\w)"
    return tuple(
        re.compile(text, re.IGNORECASE)
        for text in (rf"{day}\s+(?:\w{{2}}\s+)?{month}{_YEAR}?", rf"{month}\s+{day}{_YEAR}?", rf"{month}{_YEAR}")
    )
