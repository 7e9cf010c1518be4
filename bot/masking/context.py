"""What stands beside a number and says what it is: the word that introduces it, or its own notation."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.masking.introducers import KIND, LINKS
from bot.masking.reading import SHORTEST, Find, find_digit_islands

# Characters before a number in which the word that introduces it is looked for.
_REACH = 48


def _join_reversed(words: Iterable[str]) -> str:
    return "|".join(re.escape(word[::-1]) for word in sorted(words, key=len, reverse=True))


# Read from the number backwards, so that each number costs one match and not a search.
_BEFORE = re.compile(
    r"[\s:.#=(*_,'\"-]{0,4}+(?:(?:" + _join_reversed(LINKS.split()) + r")[\s:.#=(*_,'\"-]{0,4}+){0,5}"
    rf"({_join_reversed(KIND)})(?:(?<=[a-z])(?![a-z])|(?<![a-z]))"
)
_AFTER = re.compile(
    r"\s{0,2}(?:(?P<order>(?:这个|這個|这张|這張|的)?(?:订单|訂單|单号|單號|运单|快递|快遞|包裹))"
    r"|(?P<phone>is\smy\s(?:tele|cell|mobile|new)?\s?(?:phone|number|mobile|cell)|(?:这|這)?是我的?(?:新)?(?:电话|電話|手机|手機)))",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s?(?:,|/|、|;|&|or|and|或者?|和|及|跟|还有)?\s?(?:or|and|或|和)?\s?", re.IGNORECASE)
# Digits with what separates them in a number, and a plus or brackets at its head.
_NUMBER = re.compile(r"(?:\+[ (]?|\(\+?)?[0-9]++(?:(?:[-. /]|[-. /]?[()]|\) ?[-/]?| - )[0-9]++)*+")
_TOKEN = re.compile(
    r"[A-Za-z0-9]{1,5}(?: [A-Za-z0-9]{1,5}(?![A-Za-z0-9])(?<=[0-9]))++|[A-Za-z0-9]++(?:[-_/.][A-Za-z0-9]++)*+"
)

_MONEY_BEFORE = r"(?:[$€£¥₩₹]|\b(?:USD|EUR|GBP|CNY|RMB|HKD|TWD|NTD))[ ]?"
_MONEY_AFTER = (
    r"[ ]?(?:[%$€£¥]|元|块|塊|万|萬|亿|億|円|日元|美元|美金|欧元|港币|台币|dollars?\b|euros?\b|usd\b|eur\b|rmb\b|cny\b)"
)
_FACT = re.compile(
    # a version, told from a dotted phone number by a part of one digit
    r"(?<![0-9.+])[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}\.[0-9](?:\.[0-9]{1,5}){0,3}(?!\.?[0-9])"
    r"|(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])"
    # dates and times: 2026-11-26 14:30:05, 26/11/2026, 26.11.26, 20261126, 2026年11月26日, 14:30
    r"|(?<![0-9.+-])(?:19|20)[0-9]{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:3[01]|[12][0-9]|0?[1-9])(?![0-9]|[-/.][0-9])"
    r"(?:[ tT]{1,2}[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?)?"
    r"|(?<![0-9.+/-])(?:3[01]|[12][0-9]|0?[1-9])([-/.])(?:3[01]|[12][0-9]|0?[1-9])\2(?:(?:19|20)[0-9]{2}|[0-9]{2})"
    r"(?![0-9]|[-/. ][0-9]{2}[-/. ])"
    r"|(?<![0-9])(?:19|20)[0-9]{2} ?年 ?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?[日号號])?"
    r"|(?<![0-9.])[0-9]{1,2}:[0-5][0-9](?::[0-5][0-9])?(?![0-9])"
    r"|(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])(?:/[0-9]{1,2}|:[0-9]{1,5})?"
    r"|(?<![0-9.])-?(?:0|[1-9][0-9]{0,2})\.[0-9]{4,}(?![0-9]|[.-][0-9])"
    rf"|{_MONEY_BEFORE}[0-9][0-9,. ]{{0,15}}(?![0-9])"
    rf"|(?<![0-9.+-])[0-9][0-9,.]{{0,14}}{_MONEY_AFTER}",
    re.IGNORECASE,
)
# Their heads are literal, so that a whole text is searched fast: what is a URL shows far before its digits.
_URLS = (re.compile(r"://[!#-+\--:=-~]++"), re.compile(r"\.[A-Za-z]{2,7}/[!#-+\--:=-~]++"))


def find_numbers(text: str) -> list[re.Match[str]]:
    """The numbers of a text, a separated one as a whole, that have enough digits to be anybody's."""
    return [match for match in _NUMBER.finditer(text) if count_digits(match[0]) >= SHORTEST]


def count_digits(number: str) -> int:
    """How many digits a number has."""
    return sum(character.isdecimal() for character in number)


def find_introduced_kind(text: str, start: int, end: int) -> str:
    """The kind of the word that introduces a range, or is said right after it: order, phone, card, … or ""."""
    if match := _BEFORE.match(text[max(start - _REACH, 0) : start].lower()[::-1]):
        return KIND[match[1][::-1]]
    match = _AFTER.match(text, end, end + _REACH)
    return (match.lastgroup or "") if match else ""


def find_facts(text: str) -> list[Find]:
    """What is no personal data by its notation, or by the word that introduces it."""
    finds = [
        Find(*match.span(), "") for start, end in find_digit_islands(text) for match in _FACT.finditer(text, start, end)
    ]
    finds += [Find(*match.span(), "") for pattern in _URLS for match in pattern.finditer(text)]
    ended, listed = 0, False
    for match in _NUMBER.finditer(text):
        if ended and listed and _LISTED.fullmatch(text, ended, match.start()):
            word = "order"
        elif count_digits(match[0]) < SHORTEST:
            continue
        else:
            word = find_introduced_kind(text, match.start(), match.end())
        listed = word == "order"
        if listed and (token := _TOKEN.match(text, match.start() + len(match[0]) - len(match[0].lstrip("+( ")))):
            finds.append(Find(*token.span(), ""))
            ended = token.end()
    return finds
