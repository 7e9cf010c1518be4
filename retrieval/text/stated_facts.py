"""What a text states that another one may contradict: amounts, durations, dates, times, names, ways to reach somebody.

Units, currencies and day periods are those that the Unicode consortium lists (CLDR) for the languages that Frontdesk
answers in; a number without one of them counts whatever word follows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, lru_cache
from itertools import product, zip_longest

from retrieval.text.analysis import fold_text, is_function, is_unspaced, split_words
from retrieval.text.dates import find_dates
from retrieval.text.languages import COMMON_LANGUAGES
from retrieval.text.named_kinds import find_things
from retrieval.text.number_words import write_digits
from retrieval.text.scripts import LATIN, UNSPACED

_NUMBER = r"\d+(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_AMOUNT = re.compile(rf"(?<![{LATIN}0-9])(?<!\d[.,/])(?<![{LATIN}]-)({_NUMBER})(?![.,]?\d)")
# Between the ends of a range: "3-5 days", "3 to 5 days", "3至5天".
_SPAN = re.compile(rf"\s*[-–—~]\s*|\s[^\W\d]{{1,3}}\s|[{UNSPACED}]")
_NOUNS_HAVE_CAPITALS = frozenset({"de"})
_SENTENCE_START = re.compile(r"(?:^|[.!?:;。！？：；\n|#>*(\"“「-])\s*$")
_LATIN = re.compile(f"[{LATIN}][{LATIN}0-9]*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w/.])\+?\d(?:[ ()/.-]{0,2}\d){6,14}(?!\w)")
_ADDRESS = re.compile(r"\]\([^)\s]*\)|https?://\S+")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-4])[:h]([0-5]\d)(?![\d:])")
_QUOTED = re.compile(r"[“\"「『《]([^“”\"「」『』《》\n]{1,30})[”\"」』》]|\*\*([^*\n]{1,30})\*\*")
_WRITTEN_AS = {"zh": ("zh", "zh_Hant")}
_BOUND = 24  # characters between a number and its unit at most
# A year is twelve months, and a month 30 days, as those mean it who write "30 days" and "12 months".
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31104000}
_MEASURES = {  # by CLDR's name: what is measured, and how much of it. A mile is never said to be 1.609344 km.
    "concentr-percent": ("percent", "1"),
    "digital-kilobyte": ("byte", "1e3"),
    "digital-megabyte": ("byte", "1e6"),
    "digital-gigabyte": ("byte", "1e9"),
    "digital-terabyte": ("byte", "1e12"),
    "length-millimeter": ("meter", "1e-3"),
    "length-centimeter": ("meter", "1e-2"),
    "length-meter": ("meter", "1"),
    "length-kilometer": ("meter", "1e3"),
    "length-mile": ("mile", "1"),
    "mass-gram": ("gram", "1"),
    "mass-kilogram": ("gram", "1e3"),
    "mass-pound": ("pound", "1"),
    "temperature-celsius": ("celsius", "1"),
    "volume-milliliter": ("liter", "1e-3"),
    "volume-liter": ("liter", "1"),
}
_WHOLE = {  # so many of a unit are meant as one of another
    "duration-day": (365, "duration-year"),
    "duration-week": (52, "duration-year"),
    "digital-kilobyte": (1024, "digital-megabyte"),
    "digital-megabyte": (1024, "digital-gigabyte"),
    "digital-gigabyte": (1024, "digital-terabyte"),
}


class FactKind(StrEnum):
    """What kind of thing is stated."""

    PRICE = "price"
    DURATION = "duration"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    PLACE = "place"  # a territory, language, currency or day by its name
    CONTACT = "contact"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that is stated in some `dimension`: two facts are compared only within one."""

    kind: FactKind
    dimension: str
    value: str


@lru_cache(maxsize=8192)
def find_facts(text: str, language: str = "en") -> frozenset[Fact]:
    """What `text`, in `language`, states; numbers that only count its steps or stand in its links are left out."""
    text = unicodedata.normalize("NFKC", text)
    found: set[Fact] = set()
    text, contacts = _take_contacts(text)
    found |= contacts
    for named in find_dates(text, language):
        found.add(Fact(FactKind.DATE, "date", named.value))
        text = text[: named.start] + "·" * (named.end - named.start) + text[named.end :]
    rest, times = _take_times(text, language)
    found |= times
    found.update(_read_numbers(rest, language))
    found.update(_read_numbers(write_digits(rest, language), language, bare=False))
    for kind, code in find_things(rest, [language]):
        if kind != "month":
            found.add(Fact(FactKind.PLACE, kind, code))
    if language not in _NOUNS_HAVE_CAPITALS:
        found |= {
            Fact(FactKind.NAME, "name", name) for name in find_names(rest, language) - _name_units(language).keys()
        }
    for quoted in _QUOTED.finditer(rest):  # what a button or a page is called
        found.add(Fact(FactKind.NAME, "name", fold_text(quoted[1] or quoted[2]).strip()))
    return frozenset(found)


def find_names(text: str, language: str) -> frozenset[str]:
    """The tokens of words with a capital where no sentence begins."""
    found = (
        match.group()
        for match in _LATIN.finditer(text)
        if any(letter.isupper() for letter in match.group()[1:])
        or (match.group()[0].isupper() and not _SENTENCE_START.search(text, max(0, match.start() - 8), match.start()))
    )
    tokens = (token for word in found for token, _, _ in split_words(fold_text(word), language))
    return frozenset(token for token in tokens if not is_function(token, language))


def _take_contacts(text: str) -> tuple[str, set[Fact]]:
    """`text` without its addresses and telephone numbers, and these."""
    found: set[Fact] = set()

    def note(dimension: str, value: str) -> str:
        found.add(Fact(FactKind.CONTACT, dimension, value))
        return " "

    text = _EMAIL.sub(lambda match: note("email", match.group().casefold()), _ADDRESS.sub("] ", text))

    def note_phone(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match.group())
        is_one = len(digits) >= 7 and not find_dates(match.group()) and not re.fullmatch(_NUMBER, match.group())
        return note("phone", digits[-9:]) if is_one else match.group()

    return _PHONE.sub(note_phone, text), found


def _take_times(text: str, language: str) -> tuple[str, set[Fact]]:
    """`text` without the times of day in it, and these."""
    found: set[Fact] = set()

    def note(match: re.Match[str]) -> str:
        parts = match.groupdict()
        hour, minute = int(parts["hour"]), int(parts["minute"] or 0)
        if hour > 12:
            return match.group()
        found.add(Fact(FactKind.TIME, "time", f"{hour % 12 + 12 * bool(parts['pm'])}:{minute:02}"))
        return " "

    def note_clock(match: re.Match[str]) -> str:
        found.add(Fact(FactKind.TIME, "time", f"{int(match[1])}:{match[2]}"))
        return " "

    for pattern in _compile_day_periods(language):
        text = pattern.sub(note, text)
    return _CLOCK.sub(note_clock, text), found


def _read_numbers(text: str, language: str, *, bare: bool = True) -> Iterator[Fact]:
    """The amounts of a text; the first of a range has the unit of the second. Unless `bare`, only those with a unit."""
    decimal = _decimal_symbol(language)
    amounts = [match for match in _AMOUNT.finditer(text) if not _counts_lines(text, match)]
    for match, following in zip_longest(amounts, amounts[1:]):
        value = _read_number(match.group(1), decimal)
        if value is None:
            continue
        fact = _read_unit(text, match, value, language)
        if following and not fact and _SPAN.fullmatch(text[match.end() : following.start()]):
            fact = _read_unit(text, following, value, language)
        if fact:
            yield fact
        elif bare:
            yield Fact(FactKind.NUMBER, _next_word(text[match.end() : match.end() + _BOUND], language), str(value))


def _read_unit(text: str, match: re.Match[str], value: Decimal, language: str) -> Fact | None:
    """`value` in the unit that stands beside the number at `match`, if one does."""
    before, after = text[max(0, match.start() - 4) : match.start()], text[match.end() : match.end() + _BOUND]
    if currency := _find_currency(before, after):
        return Fact(FactKind.PRICE, currency, str(value))
    if unit := _compile_units(language).match(after):
        return _measured(value, _name_units(language)[unit["unit"].casefold()])
    return None


def _measured(value: Decimal, unit: str) -> Fact:
    """`value` of a unit, in the least one of its kind: two weeks are 14 days."""
    while unit in _WHOLE and value and not value % _WHOLE[unit][0]:
        value, unit = value / _WHOLE[unit][0], _WHOLE[unit][1]
    kind, _, name = unit.partition("-")
    if kind == "duration":
        return Fact(FactKind.DURATION, "time", f"{(value * _SECONDS[name]).normalize():f}")
    dimension, factor = _MEASURES[unit]
    return Fact(FactKind.NUMBER, dimension, f"{(value * Decimal(factor)).normalize():f}")


def _counts_lines(text: str, match: re.Match[str]) -> bool:
    """Whether a number only counts steps or rows: it begins its line, and a mark follows."""
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not line.strip(" \t>*_#-") and text[match.end() : match.end() + 1] in {".", ")", "、", ":"}


def _read_number(text: str, decimal: str) -> Decimal | None:
    """A number as its language writes it, "1,000.50" or "1.000,50"; a mark before three digits only groups them."""
    text = re.sub(r"[' \u00a0\u202f]", "", text)
    last = max(text.rfind(","), text.rfind("."))
    if last >= 0:
        whole, fraction = text[:last], text[last + 1 :]
        grouped = len(fraction) == 3 and (text[last] != decimal or text.count(text[last]) > 1)
        text = re.sub(r"[.,]", "", whole) + ("" if grouped else ".") + fraction
    try:
        return Decimal(text).normalize() + 0 if Decimal(text) else Decimal(0)
    except InvalidOperation:
        return None


def _find_currency(before: str, after: str) -> str:
    """The currency that stands beside a number, by its sign or code; "" for none."""
    codes = _currency_codes()
    for beside in (before.rstrip()[-3:], after.lstrip()[:3]):
        if beside in codes:
            return beside
    near = before.rstrip()[-1:] + after.lstrip()[:1]
    sign = next((character for character in near if unicodedata.category(character) == "Sc"), "")
    return {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY"}.get(sign, sign)


def _next_word(after: str, language: str) -> str:
    """What a number without a unit counts: the next word, or two characters of what is written without spaces."""
    words = [
        token
        for token, start, _ in split_words(fold_text(re.split(r"[.,;:!?。，；：！？()\n|]", after)[0]), language)[:3]
    ]
    if not words:
        return ""
    if is_unspaced(words[0]):
        return words[0]
    return next((word for word in words if not is_function(word, language)), "")


@cache
def _decimal_symbol(language: str) -> str:
    from babel.numbers import get_decimal_symbol

    return get_decimal_symbol(language if language in COMMON_LANGUAGES else "en")


@cache
def _currency_codes() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


@cache
def _name_units(language: str) -> dict[str, str]:
    """What units are called: "days" -> "duration-day"."""
    from babel.units import format_unit

    locales = _WRITTEN_AS.get(language, (language if language in COMMON_LANGUAGES else "en",))
    units = (*(f"duration-{name}" for name in _SECONDS), *_MEASURES)
    named: dict[str, str] = {}
    for locale, unit in product(locales, units):
        for length in ("long", "short"):
            for count in (1, 2, 5):
                name = re.sub(r"[\d\s]+", " ", format_unit(count, unit, length, locale=locale)).strip().casefold()
                if name:
                    named.setdefault(name, unit)
    return named


@cache
def _compile_units(language: str) -> re.Pattern[str]:
    """A unit behind its number: at once, or with one word between ("5 business days", "5个工作日")."""
    names = sorted(_name_units(language), key=len, reverse=True)
    unit = "|".join(
        re.escape(name) + ("" if is_unspaced(name) or not name[-1].isalpha() else r"(?!\w)") for name in names
    )
    between = rf"[\s-]*(?:[^\W\d_{UNSPACED}]+[\s-]+)?|\s*[个個]?"
    return re.compile(rf"(?:{between})(?P<unit>{unit})", re.IGNORECASE)


@cache
def _compile_day_periods(language: str) -> tuple[re.Pattern[str], ...]:
    """An hour with what tells the halves of a day apart, before or behind it."""
    from babel import Locale

    found = []
    for name in dict.fromkeys((language if language in COMMON_LANGUAGES else "en", "en")):
        periods = Locale.parse(name).day_periods["format"]["abbreviated"]
        am, pm = (re.escape(periods[half]) for half in ("am", "pm"))
        halves = rf"(?:(?P<pm>{pm}|p\.m\.)|(?:{am}|a\.m\.))"
        hour = r"(?<![\d:])(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?(?![\d:])"
        found += [re.compile(rf"{hour}\s?[点點시時时]?\s?{halves}(?!\w)", re.IGNORECASE)]
        found += [re.compile(rf"{halves}\s?{hour}", re.IGNORECASE)]
    return tuple(found)
