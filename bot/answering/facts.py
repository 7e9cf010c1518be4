"""The checkable facts of a text: numbers with their units, prices, dates, times, addresses, quoted names, proper names.

What a model writes is let out only where every fact of it stands in a passage that it cites. Notations that say the
same compare equal: "thirty days", "30 days" and 三十天; "$5" and "5 USD"; "5 pm" and "17:00".
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from retrieval.text.analysis import fold_text
from retrieval.text.languages import COMMON_LANGUAGES, NOUN_CAPITAL_LANGUAGES, UNSPACED_LANGUAGES
from retrieval.text.number_words import HAN_DIGITS, HAN_MYRIADS, HAN_UNITS, LONGEST_HAN, parse_han_number
from retrieval.text.scripts import CIRCLED_NUMBERS

_ADDRESS = re.compile(
    r"(?<!\w)\w{1,20}://[^\s<>()\[\]\"'`，。；！？、]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev"
    r"|app|co|cn|info|biz|me|ai|xyz|top|site|online|example|uk|de|hk|tw|eu|us|ru|ly|tk|ml|ga|cf|gq|to|fr|es|it|nl|pl|br|jp"
    r"|kr|au|ca|ch|at|be|se|no|vn|th|ph|sg|my|shop|store|club|live|pro|link|click|tech|cloud|page|wiki|blog|vip|icu)\b"
    r"(?:/[^\s<>()\[\]\"'`，。；！？、]*)?"
    r"|(?<![\w-])[\w-]{1,63}(?:\[\.\]|\(dot\)|\sdot\s(?=(?:com|net|org|io|ru|cn)\b)|点(?=com|cn|net))\w+"
    r"|(?<!\w)\w{1,64}\s?(?:\(at\)|\[at\])\s?[\w.-]+|(?<![\w.])@\w{3,}",
    re.IGNORECASE | re.ASCII,
)
_QUOTED = re.compile(r"[“\"]([^“”\"\n]{2,80})[”\"]|[「『《【]([^「」『』《》【】\n]{1,60})[」』》】]|`([^`\n]{2,80})`")
_NAME = re.compile(r"[A-Za-z][\w'’&+-]*[A-Za-z0-9]")
_MARKER = re.compile(r"\[\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\]")
_LIST_NUMBER = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?[*_(（]*(?:(?:step|步骤|第)[ \t]*)?(?:\d{1,3}|[一二三四五六七八九十]{1,2})步?"
    r"[.)、．:：）][*_]*(?=\s|$|\D)"
    rf"|[{CIRCLED_NUMBERS}]",
    re.MULTILINE | re.IGNORECASE,
)
_SENTENCE_START = re.compile(
    r"(?:^|[.!?:;。！？：；\n|#>\[\"“「]|\n[ \t]*[-*+][ \t])\s*[*_]*$|^[ \t]*[-*+][ \t]+[*_]*$"
)
_NO_NAMES = frozenset(  # capitals that name nothing
    "sms|pdf|id|app|apps|am|pm|faq|vat|qr|url|email|gps|usb|wifi|tv|pc|ok|diy|rsvp|asap|etc".split("|")  # noqa: SIM905
)

_TENS = {
    f"{name}ty": 10 * ten for ten, name in enumerate(("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine"), 2)
}
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
_DIGITS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_ONES = {name: value for value, name in enumerate([*_DIGITS, *_TEENS])}
_WORDS = "|".join([*_TENS, *sorted(_ONES, key=len, reverse=True)])
HAN_NUMERALS = frozenset({*HAN_DIGITS, *HAN_UNITS, *HAN_MYRIADS})

CURRENCIES = {
    "usd": "$ us$ usd dollar dollars 美元 美金",
    "eur": "€ eur euro euros 欧元",
    "gbp": "£ gbp pound pounds 英镑",
    "cny": "¥ ￥ cny rmb yuan 元 块 人民币",
    "jpy": "jpy yen 日元",
    "hkd": "hk$ hkd 港元 港币",
    "twd": "nt$ ntd twd 台币 新台币",
    "inr": "₹ rupee rupees 卢比",
    "rub": "₽ ruble rubles rouble roubles 卢布",
    "chf": "chf franc francs 法郎",
    "krw": "₩ won 韩元",
    "cent": "cent cents",
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
    "night": "night nights 晚",
    "quarter": "quarter quarters 季度 个季度",
    "decade": "decade decades",
    "kilogram": "kg kilogram kilograms 公斤 千克",
    "gram": "g gram grams 克",
    "kilometre": "km 公里 千米",
    "metre": "m 米",
    "centimetre": "cm 厘米",
    "megabyte": "mb 兆",
    "gigabyte": "gb",
}
BY_WORD = {word: unit for table in (CURRENCIES, _UNITS) for unit, words in table.items() for word in words.split()}
_MONTHS = [name.lower() for name in calendar.month_name if name]
_WEEKDAYS = [name.lower() for name in calendar.day_name]
_HAN_WEEKDAYS = "一二三四五六日"

_BEFORE = "|".join(
    re.escape(word) for word in ("us$", "hk$", "nt$", *"$€£¥￥₹₽₩", "usd", "eur", "gbp", "chf", "百分之")
)
_AFTER = "|".join(re.escape(word) for word in sorted(BY_WORD, key=len, reverse=True) if not word.endswith("$"))
_NUMBER = re.compile(
    rf"(?P<before>{_BEFORE})?\s?"
    rf"(?:(?P<digits>(?<![a-z\d.])\d+(?:[.,]\d+)*)|\b(?P<words>(?:{_WORDS})(?:[-\s](?:{_WORDS}))?)\b"
    r"|(?P<han>[零〇一二三四五六七八九十百千万亿两]+))(?P<times>k(?![a-z])|万|亿)?(?P<half>个半|\sand\sa\shalf\b|半)?"
    rf"(?:[-\s]?(?:business|working|calendar|full)?\s?(?P<after>{_AFTER})(?![a-z岁]))?"
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
_TIME_HAN = re.compile(
    r"(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚)?(?P<hour>\d{1,2}|十[一二]?|[一二两三四五六七八九])点钟?"
    r"(?:(?P<half>半)|(?P<minute>[0-5]?\d)分)?"
)
_HALF = re.compile(r"\bhalf an?\s(?P<english>hour|day|year|month)\b|半个?(?P<han>小时|天|年|月)")
_ARTICLE = re.compile(r"\ban?\s(?P<unit>hour|minute|second|day|week|month|year|decade|night)\b")
_PHONE = re.compile(r"(?<![\w.,€$£¥])\+?\d[\d() /-]{5,40}\d(?![\w%€])")
# Quantities in words, which count only where the very word stands in the evidence.
_QUANTITIES = re.compile(
    r"\b(?:dozens?|hundreds?|thousands?|millions?|fortnight|lifetime|couple of)\b"
    r"|[廿叁壹贰肆伍陆柒捌玖拾佰仟]|数(?=[天日周月年])"
)
_RANGE = re.compile(r"\s?(?:-|–|—|~|/|or|to|and|或|到|至|、)\s?")
_DAYS = re.compile(r"\s?(?:-|–|—|~|to|through|until|bis|au|al?|到|至)\s?")
_CALENDAR_SAID = re.compile(f"{_TIME.pattern}|{_CALENDAR.pattern}".replace("(?P<", "(?P<said_"), re.IGNORECASE)
_SHORTEST_PHONE = 7  # digits
_LONE_HAN_SAY = frozenset("一两十百千万亿")  # of these alone, without a unit, no number is meant: 一样, 十分, 千万


@dataclass(frozen=True, slots=True)
class Fact:
    """`kind`: number, time, month, weekday, phone, quantity, address, quoted, name. `unit` of a number, or ""."""

    kind: str
    value: str
    unit: str = ""


@lru_cache(maxsize=512)
def extract_facts(text: str, *, language: str = "", lenient: bool = False) -> frozenset[Fact]:
    """Every fact of a text; markers like [1] and the numbers of a list are none. In a `language` that writes every noun
    with a capital, only what has another capital or a digit inside is told to be a name: "PayPal", "iPhone", "WLAN".

    `lenient` is for evidence, where "one" may be meant as a number, and an hour as "from 11 to 6 pm" says it.
    """
    text = unicodedata.normalize("NFKC", text.replace("½", ".5"))
    text = _translate_calendar(text, COMMON_LANGUAGES if lenient else (language,))
    plain = _LIST_NUMBER.sub("\n", _MARKER.sub(" ", text))
    found = set(_find_quotations(plain))
    rest = _ADDRESS.sub(" ", plain)
    for match in _ADDRESS.finditer(plain):
        found.add(
            Fact(
                "address",
                fold_for_comparison(re.sub(r"^https?://", "", match.group(), flags=re.IGNORECASE)).rstrip(".,;:!?*_/"),
            )
        )
    found |= set(_find_names(_CALENDAR_SAID.sub(" ; ", rest), language not in NOUN_CAPITAL_LANGUAGES))
    folded = fold_text(rest)
    found |= {Fact("phone", digits) for match in _PHONE.finditer(folded) if (digits := _phone_digits(match))}
    folded = _PHONE.sub(lambda match: " ; " if _phone_digits(match) else match.group(), folded)
    times = set(_find_times(folded))
    found |= times
    if lenient:
        hours = {int(time.value.partition(":")[0]) for time in times}
        found |= {Fact("number", str(hour % 12 or 12), "o'clock") for hour in hours}
    folded = _TIME_HAN.sub(" ; ", _TIME.sub(" ; ", folded))
    found |= set(_find_calendar_facts(folded))
    found |= {Fact("quantity", match.group().removesuffix("s")) for match in _QUANTITIES.finditer(folded)}
    found |= set(_find_numbers(_CALENDAR.sub(" ; ", folded), lenient))
    return frozenset(found)


def _translate_calendar(text: str, languages: Sequence[str]) -> str:
    """The months and days of these languages in English, as they are compared."""
    words, pattern = _list_calendar_words(tuple(languages))
    return pattern.sub(lambda match: words[match.group().casefold()], text) if pattern else text


@cache
def _list_calendar_words(languages: tuple[str, ...]) -> tuple[Mapping[str, str], re.Pattern[str] | None]:
    from babel import Locale

    words: dict[str, str] = {}
    for language in languages:
        if language in COMMON_LANGUAGES and language != "en" and language not in UNSPACED_LANGUAGES:
            locale = Locale.parse(language)
            months, days = locale.months["format"]["wide"], locale.days["format"]["wide"]
            words |= {name.casefold(): _MONTHS[number - 1].title() for number, name in months.items()}
            words |= {name.casefold(): _WEEKDAYS[number].title() for number, name in days.items()}
    if not words:
        return {}, None
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return words, re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


def fold_for_comparison(text: str) -> str:
    """A text as facts are compared: one case, width and script, no emphasis, single spaces."""
    return re.sub(r"\s+", " ", fold_text(re.sub(r"[*_]{1,3}|\\(?=[^\w\s])", "", text))).strip()


def _find_quotations(text: str) -> Iterator[Fact]:
    for match in _QUOTED.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        if value := fold_for_comparison(inner).rstrip(".,;:!?。，；：！？"):
            yield Fact("quoted", value)


def _phone_digits(match: re.Match[str]) -> str:
    """The digits of what may be a phone number; "" where they are too few for one."""
    digits = re.sub(r"\D", "", match.group())
    return digits if len(digits) >= _SHORTEST_PHONE else ""


def _find_names(text: str, capitals_name: bool) -> Iterator[Fact]:
    """Words with a capital where no sentence begins, if capitals name something; and words with one inside."""
    for match in _NAME.finditer(text):
        word = match.group()
        mixed = any(letter.isupper() for letter in word[1:])
        if not capitals_name:  # "E-Mail" and "Sofa-Kissen" are nouns that are joined
            mixed = any(letter.isupper() for part in word.split("-") for letter in part[1:])
        begins = capitals_name and word[0].isupper()
        if mixed or (begins and not _SENTENCE_START.search(text, max(0, match.start() - 8), match.start())):
            value = re.sub(r"['’]s$", "", fold_text(word))
            if value not in CALENDAR_WORDS and value not in _NO_NAMES:
                yield Fact("name", value)


CALENDAR_WORDS = frozenset([*_MONTHS, *_WEEKDAYS, *(day + "s" for day in _WEEKDAYS), *BY_WORD, *_ONES, *_TENS])


def _find_times(text: str) -> Iterator[Fact]:
    for match in _TIME.finditer(text):
        if match["half"]:
            hour = int(match["hour"]) % 12 + (12 if match["half"].startswith("p") else 0)
            yield Fact("time", f"{hour}:{match['minute'] or '00'}")
        else:
            yield Fact("time", f"{int(match['hour24'])}:{match['minute24']}")
    for match in _TIME_HAN.finditer(text):
        hour = int(match["hour"]) if match["hour"].isdecimal() else parse_han_number(match["hour"])
        late = (match["part"] or "") in {"下午", "傍晚", "晚上", "晚"} or (match["part"] == "中午" and hour < 3)
        yield Fact(
            "time", f"{hour + 12 if late and hour < 12 else hour}:{'30' if match['half'] else match['minute'] or '00'}"
        )
    if re.search(r"\bnoon\b|正午", text):
        yield Fact("time", "12:00")


def _find_calendar_facts(text: str) -> Iterator[Fact]:
    before, ended = None, 0
    for match in _CALENDAR.finditer(text):
        weekday = None
        if month := match["month"]:
            yield Fact("month", str(next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))))
        elif day := match["day"]:
            weekday = next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(day[:3]))
        elif han := match["han"]:
            weekday = _HAN_WEEKDAYS.index(han.replace("天", "日"))
        else:
            month = match["hanmonth"]
            yield Fact("month", str(int(month) if month.isdecimal() else parse_han_number(month)))
        if weekday is not None:
            first = before if before is not None and _DAYS.fullmatch(text, ended, match.start()) else weekday
            yield from (Fact("weekday", str(day)) for day in range(min(first, weekday), weekday + 1))
        before, ended = weekday, match.end()


def _find_numbers(text: str, lenient: bool) -> Iterator[Fact]:
    for match in _HALF.finditer(text):
        unit = match["english"] or {"月": "month"}.get(match["han"]) or BY_WORD[match["han"]]
        yield Fact("number", "0.5", unit)
    for match in _ARTICLE.finditer(text):
        yield Fact("number", "1", match["unit"])
    following, begins = "", len(text)
    for match in reversed(list(_NUMBER.finditer(text))):
        unit = _find_unit(match)
        if not unit and _RANGE.fullmatch(text, match.end(), begins):
            unit = following  # "two or three days"
        following, begins = unit, match.start()
        yield from (
            Fact("number", _apply_multiplier(value, match), unit) for value in _read_values(match, unit, lenient)
        )


def _read_values(match: re.Match[str], unit: str, lenient: bool) -> list[str]:
    """What a number says; nothing for "one" and the like, where hardly a number is meant."""
    if digits := match["digits"]:
        return [_normalise_digits(digits)]
    if words := match["words"]:
        value = sum(_TENS.get(word, 0) + _ONES.get(word, 0) for word in re.split(r"[-\s]", words))
        return [str(value)] if unit or lenient or value > 1 else []
    han = match["han"]
    if len(han) > LONGEST_HAN:  # a row of them that says no number
        return [han]
    if len(han) == 2 and unit and all(0 < HAN_DIGITS.get(character, 0) < 10 for character in han):
        return [str(HAN_DIGITS[character]) for character in han]  # 两三天
    return [str(parse_han_number(han))] if unit or lenient or not _LONE_HAN_SAY.issuperset(han) else []


def _apply_multiplier(value: str, match: re.Match[str]) -> str:
    """With what multiplies it behind: 30k, 4.9万, and the half of 两个半."""
    times = {"k": 1000, **HAN_MYRIADS}.get(match["times"] or "", 1)
    half = 0.5 if match["half"] else 0.0
    if times == 1 and not half:
        return value
    return _normalise_digits(f"{float(value) * times + half:f}") if re.fullmatch(r"\d+(?:\.\d+)?", value) else value


def _find_unit(match: re.Match[str]) -> str:
    if match["before"] == "百分之":
        return "percent"
    return BY_WORD.get(match["before"] or "", "") or BY_WORD.get(match["after"] or "", "")


def _normalise_digits(digits: str) -> str:
    """A number as written, without the separators of thousands and idle zeros, and with a decimal point."""
    digits = re.sub(r"^(\d+),(\d{1,2})$", r"\1.\2", digits)
    plain = re.sub(r"[,](?=\d{3}(?:\D|$))", "", digits)
    if re.fullmatch(r"\d+\.\d+", plain):
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"
