"""Numbers and moments as the number format of their cell shows them: 0.25 under "0%" is 25%.

A format has the marks of ECMA-376 (part 1, 18.8.31). Babel writes the digits, months and days; a text that nothing else
is said of is in the sheet's language. Fractions, exponents, conditions and eras are not shown as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from itertools import groupby
from locale import windows_locale

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_decimal

Moment = date | datetime | time | timedelta

_MARK = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)(?:-(?P<language>[0-9A-F]+))?\]'
    r"|\[(?P<elapsed>[hms]+)\]|\[(?P<bracket>[^\]]*)\]|(?P<half>AM/PM|A/P)|(?P<general>General)|(?P<end>;)"
    r"|(?P<digits>[0#?.,]+)|(?P<letters>y+|m+|d+|h+|s+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_GENERAL = "0.##########"
_LONGEST = 255  # characters of a format, as Excel limits it
_GREATEST = 1e15  # from here on a number has digits that mean nothing
_SYSTEMS = frozenset({"mm-dd-yy", "m/d/yy h:mm"})  # the numbers 14 and 22: as each reader's computer writes a day
_UNREAD = frozenset("/E@")  # fractions, exponents, and a place for text
_FIELDS = {"y": "yy", "yy": "yy", "m": "M", "mm": "MM", "mmm": "MMM", "mmmm": "MMMM", "mmmmm": "MMMMM"}
_FIELDS |= {"d": "d", "dd": "dd", "ddd": "EEE", "dddd": "EEEE", "s": "s", "ss": "ss"}


@dataclass(slots=True)
class _Section:
    """What stands before, in and behind the digits of a number."""

    before: str = ""
    digits: str = ""
    behind: str = ""
    percents: int = 0
    readable: bool = True

    def add_text(self, text: str) -> None:
        if self.digits:
            self.behind += text
        else:
            self.before += text

    def add_digits(self, text: str) -> None:
        self.readable = self.readable and not self.behind
        self.digits += text


@dataclass(slots=True)
class _MomentPattern:
    """A pattern of Babel's, as it is made from a format's marks."""

    parts: list[tuple[bool, str]] = field(default_factory=list)  # of each whether it is a text that stands as it is
    last: str = ""  # the letter of the field before
    minutes: int = -1  # the place of a month that seconds behind it make minutes
    letters: set[str] = field(default_factory=set)
    locale: str = ""  # if the format names one

    @property
    def has_both(self) -> bool:
        """Whether it shows a day, and a time of it."""
        return "h" in self.letters and not self.letters.isdisjoint("yd")

    @property
    def text(self) -> str:
        found = ""
        for is_text, run in groupby(self.parts, lambda part: part[0]):
            joined = "".join(part for _, part in run)
            found += "'" + joined.replace("'", "''") + "'" if is_text else joined
        return found


def show_number(value: float, code: str, language: str) -> str:
    """A number under the format `code` ("" or "General": none), its digits as `language` writes them."""
    if not abs(value) < _GREATEST:  # nor is it where it is no number
        return f"{value:g}"
    sections = [_read_section(marks) for marks in _split_sections(code)][:3] if 0 < len(code) <= _LONGEST else []
    if sections and all(section.readable for section in sections):
        place = 0 if value > 0 or len(sections) == 1 else 1 if value < 0 else 2 if len(sections) > 2 else 0
        shown = _write_number(abs(value), sections[place], language)
        return f"-{shown}" if value < 0 and place == 0 and shown else shown
    return _write_digits(Decimal(f"{value:.15g}"), _GENERAL, language)


def show_moment(value: Moment, code: str, language: str) -> str:
    """A day or a time under the format `code`; by ISO 8601 where that is "", or tells no more than that it is one."""
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    told = 0 < len(code) <= _LONGEST and code.casefold() not in _SYSTEMS
    pattern = _read_moment(code) if told else None
    if isinstance(value, time):
        moment = datetime.combine(date(1900, 1, 1), value)
    else:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    if pattern is None or (pattern.has_both and moment.time() == time()):
        return _write_iso(value)  # without the midnight that stands behind a day
    return format_datetime(moment, pattern.text, locale=_find_locale(pattern.locale or language)).strip()


def _write_iso(value: date | datetime | time) -> str:
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else f"{value.date()} {_write_iso(value.time())}"
    return value.isoformat("seconds" if value.second else "minutes") if isinstance(value, time) else str(value)


def _split_sections(code: str) -> Iterator[list[re.Match[str]]]:
    """The marks of each section: of numbers above 0, below, of 0, and of text."""
    section: list[re.Match[str]] = []
    for mark in _MARK.finditer(code):
        if mark["end"]:
            yield section
            section = []
        else:
            section.append(mark)
    yield section


def _read_section(marks: list[re.Match[str]]) -> _Section:
    section = _Section()
    for mark in marks:
        if (digits := mark["digits"]) and (section.digits or digits.strip(",.")):
            section.add_digits(digits.replace("?", "#"))
        elif mark["general"]:
            section.add_digits(_GENERAL)
        elif mark["other"] and mark["other"].upper() in _UNREAD:
            section.readable = False
        elif mark["bracket"] is not None:  # a colour, or a condition
            section.readable = section.readable and mark["bracket"].isalnum()
        else:
            section.percents += mark["other"] == "%"
            section.add_text(_text_of(mark))
    return section


def _text_of(mark: re.Match[str]) -> str:
    names = ("quoted", "escaped", "currency", "digits", "letters", "other")
    return next((text for name in names if (text := mark[name])), "")


def _write_number(value: float, section: _Section, language: str) -> str:
    if not section.digits:
        return section.before.strip()
    digits = section.digits.rstrip(",")
    exponent = 2 * section.percents - 3 * (len(section.digits) - len(digits))
    hidden = not value and "0" not in digits
    number = "" if hidden else _write_digits(Decimal(f"{value:.15g}").scaleb(exponent), digits, language)
    return f"{section.before}{number}{section.behind}".strip()


def _write_digits(value: Decimal, pattern: str, language: str) -> str:
    with localcontext(rounding=ROUND_HALF_UP, prec=_LONGEST + 50):
        return format_decimal(value, pattern, locale=_find_locale(language))


@cache
def _find_locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _read_moment(code: str) -> _MomentPattern | None:
    """A format as a pattern of Babel's; None where it shows nothing, or has marks that are not read."""
    pattern = _MomentPattern()
    marks = next(_split_sections(code))
    halves = any(mark["half"] for mark in marks)
    for mark in marks:
        if letters := mark["letters"]:
            _add_field(pattern, letters.casefold(), halves)
        elif mark["half"]:
            pattern.parts.append((False, "a"))
        elif mark["elapsed"] or mark["general"] or (mark["digits"] or "").strip(",."):
            return None
        elif text := _text_of(mark):
            if mark["other"] and text.isalpha() and text.isascii():  # an era, or a Buddhist year
                return None
            pattern.parts.append((True, text))
        if mark["language"]:
            pattern.locale = windows_locale.get(int(mark["language"], 16) & 0xFFFF, "")
    return pattern if pattern.letters else None


def _add_field(pattern: _MomentPattern, letters: str, halves: bool) -> None:
    letter = letters[0]
    if letter == "h":
        name = ("h" if halves else "H") * min(2, len(letters))
    elif letter == "m" and len(letters) < 3 and pattern.last == "h":
        letter, name = "n", "m" * len(letters)
    else:
        name = _FIELDS.get(letters, "yyyy" if letter == "y" else "EEEE" if letter == "d" else "MMMM")
    if letter == "s" and pattern.minutes >= 0:
        pattern.parts[pattern.minutes] = (False, pattern.parts[pattern.minutes][1].lower())
    pattern.minutes = len(pattern.parts) if letter == "m" and len(letters) < 3 else -1
    pattern.parts.append((False, name))
    pattern.last = letter
    pattern.letters.add(letter)
