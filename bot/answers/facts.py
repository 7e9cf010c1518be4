"""The checkable facts of a text: numbers with their units, prices, dates, times, addresses, quoted names, proper names.

What a model writes is let out only where every fact of it stands in a passage that it cites. Notations that say the
same compare equal: "thirty days", "30 days" and 三十天; "$5" and "5 USD"; "5 pm" and "17:00".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from retrieval.indexing.analysis import fold

_ADDRESS = re.compile(
    r"https?://[^\s<>()\[\]\"'`，。；！？、]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|co|cn|info|biz|me|ai|xyz|top|site|online|example|uk|de|hk|tw)\b"
    r"(?:/[^\s<>()\[\]\"'`，。；！？、]*)?",
    re.IGNORECASE | re.ASCII,
)
_QUOTED = re.compile(r"[“\"]([^“”\"\n]{2,80})[”\"]|[「『《【]([^「」『』《》【】\n]{1,60})[」』》】]|`([^`\n]{2,80})`")
_NAME = re.compile(r"[A-Za-z][\w'’&+-]*[A-Za-z0-9]")
_MARKER = re.compile(r"\[\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\]")
_LIST_NUMBER = re.compile(r"^\s*\d{1,3}[.)、．]\s", re.MULTILINE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;。！？：；\n|#*>(（\"“「-])\s*[*_]*$")

_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_ONES = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
_WORDS = "|".join([*_TENS, *sorted(_ONES, key=len, reverse=True)])
_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}

_CURRENCIES = {
    "usd": "$ us$ usd dollar dollars 美元 美金",
    "eur": "€ eur euro euros 欧元",
    "gbp": "£ gbp pound pounds 英镑",
    "cny": "¥ ￥ cny rmb yuan 元 块 人民币",
    "jpy": "jpy yen 日元",
    "hkd": "hk$ hkd 港元 港币",
    "twd": "nt$ ntd twd 台币 新台币",
    "percent": "% percent 百分",
}
_UNITS = {
    "second": "second seconds sec secs 秒 秒钟",
    "minute": "minute minutes min mins 分钟",
    "hour": "hour hours hr hrs h 小时 个小时 钟头",
    "day": "day days 天 日 个工作日 工作日 个自然日",
    "week": "week weeks 周 星期 个星期 个礼拜",
    "month": "month months 个月",
    "year": "year years 年",
    "kilogram": "kg kilogram kilograms 公斤 千克",
    "gram": "g gram grams 克",
    "kilometre": "km 公里 千米",
    "metre": "m 米",
    "centimetre": "cm 厘米",
    "megabyte": "mb 兆",
    "gigabyte": "gb",
}
_BY_WORD = {word: unit for table in (_CURRENCIES, _UNITS) for unit, words in table.items() for word in words.split()}
_MONTHS = [name.lower() for name in calendar.month_name if name]
_WEEKDAYS = [name.lower() for name in calendar.day_name]
_HAN_WEEKDAYS = "一二三四五六日"

_BEFORE = "|".join(
    re.escape(word) for word in ("us$", "hk$", "nt$", "$", "€", "£", "¥", "￥", "usd", "eur", "gbp", "百分之")
)
_AFTER = "|".join(re.escape(word) for word in sorted(_BY_WORD, key=len, reverse=True) if not word.endswith("$"))
_NUMBER = re.compile(
    rf"(?P<before>{_BEFORE})?\s?"
    rf"(?:(?P<digits>(?<![a-z\d.])\d+(?:[.,]\d+)*)|\b(?P<words>(?:{_WORDS})(?:[-\s](?:{_WORDS}))?)\b"
    r"|(?P<han>[零〇一二三四五六七八九十百千两]+))"
    rf"(?:[-\s]?(?:business|working|calendar|full)?\s?(?P<after>{_AFTER})(?![a-z]))?"
)
_TIME = re.compile(
    r"(?<![\d.,])(?P<hour>[01]?\d|2[0-4])(?::(?P<minute>[0-5]\d))?\s?(?P<half>[ap]\.?m\b\.?)"
    r"|(?<![\d.,:])(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?!\d)"
)
_CALENDAR = re.compile(
    rf"\b(?P<month>{'|'.join(name for name in _MONTHS if name != 'may')}|(?<=in\s)may|(?<=until\s)may|may(?=\s\d)"
    r"|(?<=\d\s)may|(?:jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)(?=\.?\s\d|\.))\b"
    rf"|\b(?P<day>{'|'.join(_WEEKDAYS)}|mon|tues?|wed|thu(?:rs?)?|fri|(?:(?<=[-–/&])|(?<=[,od]\s))(?:sat|sun))s?\b"
    r"|(?:周|星期|礼拜)(?P<han>[一二三四五六日天])|(?<!个)(?<!\d)(?P<hanmonth>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月"
)
_RANGE = re.compile(r"\s?(?:-|–|—|~|/|or|to|and|或|到|至|、)\s?")
_LONE_HAN_SAY = frozenset("一两十百千")  # of these alone, without a unit, no number is meant: 一样, 十分, 千万


@dataclass(frozen=True, slots=True)
class Fact:
    """`kind`: number, time, month, weekday, address, quoted, name. `unit` of a number, or ""."""

    kind: str
    value: str
    unit: str = ""


class Evidence:
    """Texts in which facts are looked up."""

    def __init__(self, *texts: str) -> None:
        self._text = "\n".join(texts)
        self._facts = frozenset().union(*(_facts(text) for text in texts))
        self._units: dict[str, set[str]] = {}
        for fact in self._facts:
            if fact.kind == "number":
                self._units.setdefault(fact.value, set()).add(fact.unit)

    def __or__(self, other: Evidence) -> Evidence:
        return Evidence(self._text, other._text)

    @cached_property
    def _folded(self) -> str:
        return _flat(self._text)

    def holds(self, fact: Fact) -> bool:
        """Whether `fact` stands here. A number stands for itself with or without a unit, never with another one."""
        if fact.kind == "number":
            units = self._units.get(fact.value, set())
            return bool(units) and (not fact.unit or fact.unit in units or "" in units)
        if fact.kind == "name":
            return re.search(rf"(?<!\w){re.escape(fact.value)}(?![a-z0-9])", self._folded) is not None
        if fact.kind == "quoted":
            return fact.value in self._folded
        if fact.kind == "address":
            return re.search(rf"(?<![\w.@-]){re.escape(fact.value)}(?![\w/%?=&#@-]|\.\w)", self._folded) is not None
        return fact in self._facts

    def lacks(self, text: str) -> list[Fact]:
        """The facts of `text` that stand nowhere here."""
        return [fact for fact in sorted(_facts(text), key=repr) if not self.holds(fact)]

    @property
    def text(self) -> str:
        """The texts."""
        return self._text


def facts(text: str) -> frozenset[Fact]:
    """Every fact of a text; markers like [1] and the numbers of a list are none."""
    return _facts(text)


@lru_cache(maxsize=512)
def _facts(text: str) -> frozenset[Fact]:
    plain = _LIST_NUMBER.sub("\n", _MARKER.sub(" ", text))
    found = set(_quoted(plain))
    rest = _ADDRESS.sub(" ", plain)
    for match in _ADDRESS.finditer(plain):
        found.add(
            Fact("address", _flat(re.sub(r"^https?://", "", match.group(), flags=re.IGNORECASE)).rstrip(".,;:!?*_/"))
        )
    found |= set(_names(rest))
    folded = fold(rest)
    found |= set(_times(folded))
    folded = _TIME.sub(" ; ", folded)
    found |= set(_calendar(folded))
    found |= set(_numbers(_CALENDAR.sub(" ; ", folded)))
    return frozenset(found)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", fold(re.sub(r"[*_]{1,3}|\\(?=[^\w\s])", "", text))).strip()


def _quoted(text: str) -> Iterator[Fact]:
    for match in _QUOTED.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        if value := _flat(inner).rstrip(".,;:!?。，；：！？"):
            yield Fact("quoted", value)


def _names(text: str) -> Iterator[Fact]:
    """Words with a capital where no sentence begins."""
    for match in _NAME.finditer(text):
        word = match.group()
        capital = (word[0].isupper() and word not in {"OK"}) or any(letter.isupper() for letter in word[1:])
        mixed = any(letter.isupper() for letter in word[1:])
        if capital and (mixed or not _SENTENCE_START.search(text, max(0, match.start() - 8), match.start())):
            value = re.sub(r"['’]s$", "", fold(word))
            if value not in _CALENDAR_WORDS:
                yield Fact("name", value)


_CALENDAR_WORDS = frozenset([*_MONTHS, *_WEEKDAYS, *(day + "s" for day in _WEEKDAYS), *_BY_WORD, *_ONES, *_TENS])


def _times(text: str) -> Iterator[Fact]:
    for match in _TIME.finditer(text):
        if match["half"]:
            hour = int(match["hour"]) % 12 + (12 if match["half"].startswith("p") else 0)
            yield Fact("time", f"{hour}:{match['minute'] or '00'}")
        else:
            yield Fact("time", f"{int(match['hour24'])}:{match['minute24']}")


def _calendar(text: str) -> Iterator[Fact]:
    for match in _CALENDAR.finditer(text):
        if month := match["month"]:
            yield Fact("month", str(next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))))
        elif day := match["day"]:
            yield Fact("weekday", str(next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(day[:3]))))
        elif han := match["han"]:
            yield Fact("weekday", str(_HAN_WEEKDAYS.index(han.replace("天", "日"))))
        else:
            month = match["hanmonth"]
            yield Fact("month", str(int(month) if month.isdecimal() else _han_value(month)))


def _numbers(text: str) -> Iterator[Fact]:
    following, begins = "", len(text)
    for match in reversed(list(_NUMBER.finditer(text))):
        unit = _unit(match)
        if not unit and _RANGE.fullmatch(text, match.end(), begins):
            unit = following  # "two or three days"
        following, begins = unit, match.start()
        if digits := match["digits"]:
            yield Fact("number", _plain(digits), unit)
        elif words := match["words"]:
            value = sum(_TENS.get(word, 0) + _ONES.get(word, 0) for word in re.split(r"[-\s]", words))
            if unit or value > 1:  # "one" is mostly a pronoun
                yield Fact("number", str(value), unit)
        elif unit or not _LONE_HAN_SAY.issuperset(match["han"]):
            yield Fact("number", str(_han_value(match["han"])), unit)


def _unit(match: re.Match[str]) -> str:
    if match["before"] == "百分之":
        return "percent"
    return _BY_WORD.get(match["before"] or "", "") or _BY_WORD.get(match["after"] or "", "")


def _plain(digits: str) -> str:
    """A number as written, without the separators of thousands and idle zeros."""
    plain = re.sub(r"[,](?=\d{3}(?:\D|$))", "", digits)
    if re.fullmatch(r"\d+\.\d+", plain):
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


def _han_value(han: str) -> int:
    if not any(character in _HAN_UNITS for character in han):
        return int("".join(str(_HAN_DIGITS[character]) for character in han))
    total, digit = 0, 0
    for character in han:
        if character in _HAN_UNITS:
            total += (digit or 1) * _HAN_UNITS[character]
            digit = 0
        else:
            digit = _HAN_DIGITS[character]
    return total + digit
