"""Payment cards and bank accounts."""

from __future__ import annotations

import re
from functools import cache

from bot.masking.context import find_introduced_kind, find_numbers
from bot.masking.reading import Find, find_digit_islands

# ISO/IEC 7812-1: at most 19 digits. The shortest in use is Maestro's 12, which only the word "card" tells from others.
_SHORTEST, _LONGEST = 13, 19
_HEAD = 4  # digits of a card's first group
# First digits and lengths, from the networks' published ranges (https://en.wikipedia.org/wiki/Payment_card_number):
# Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay (and ICBC's older 9558), Maestro, Mir.
_ISSUED = re.compile(
    r"4(?:\d{15}|\d{18})|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d*(?<=\A\d{16})|3[47]\d{13}"
    r"|(?:6011|64[4-9]|65)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|9558\d{15}"
    r"|(?:50[0-3]|5[6-8]|63|67)\d{13,17}|220[0-4]\d{12}"
)
# How a card's digits are grouped: in fours, or as on American Express, Diners and UnionPay cards of 19 digits.
_GROUPS = re.compile(r"(?:4 ){3}[1-4](?: 3)?|4 6 [45]|6 13|4 4 4 4 3|4 3 3 3|")
# Groups that lines or several blanks part, as a card is copied from a form: here the checksum alone decides.
_APART = re.compile(
    r"(?<![0-9])(?:[0-9]{4}(?:\s{1,4}[0-9]{4}){2}(?:\s{1,4}[0-9]{1,4}){1,2}|3[0-9]{3}\s{1,4}[0-9]{6}\s{1,4}[0-9]{5})(?![0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])(?:[ -]?[A-Za-z0-9]){11,30}", re.ASCII)


def find_ibans(text: str) -> list[Find]:
    """Account numbers whose country, length, structure and checksum are right."""
    from stdnum import iban

    finds: list[Find] = []
    for start, end in find_digit_islands(text, 2):
        position = start
        while match := _IBAN.search(text, position, end + 64):
            position = match.start() + 4
            length = _iban_lengths().get(match[0][:2].upper())
            ends = [place.end() for place in re.finditer(r"[A-Za-z0-9]", match[0])]
            if length and len(ends) >= length:
                found = match[0][: ends[length - 1]]
                if iban.is_valid(found, check_country=False) and not text[match.start() + len(found) :][:1].isalnum():
                    finds.append(Find(match.start(), match.start() + len(found), "iban"))
                    position = match.start() + len(found)
    return finds


@cache
def _iban_lengths() -> dict[str, int]:
    """How long each country's number is, from the registry that stdnum carries."""
    from stdnum import numdb

    registry = numdb.get("iban")
    letters = [chr(65 + n) for n in range(26)]
    found = {a + b: registry.info(a + b)[0][1].get("bban", "") for a in letters for b in letters}
    return {country: 4 + sum(map(int, re.findall(r"(\d+)!", bban))) for country, bban in found.items() if bban}


def find_cards(text: str) -> list[Find]:
    """Card numbers: by issuer and checksum, or by the word "card" alone, since a mistyped one is a card's too."""
    finds = _find_spread_cards(text)
    for number in find_numbers(text):
        if _touches_letter(text, number.start(), number.end()):
            continue
        word = find_introduced_kind(text, number.start(), number.end())
        groups = [(place.start(), place.end()) for place in re.finditer(r"[0-9]+", number[0])]
        first = 0
        while first < len(groups):
            sure = word == "card" and first == 0
            headed = groups[first][1] - groups[first][0] >= _HEAD
            last = _find_last_group(number[0], groups, first, sure=sure) if sure or headed else None
            if last is not None:
                finds.append(Find(number.start() + groups[first][0], number.start() + groups[last][1], "card"))
                first = last
            first += 1
    return finds


def _find_spread_cards(text: str) -> list[Find]:
    from stdnum import luhn

    found = []
    for match in _APART.finditer(text):
        plain = "".join(match[0].split())
        if _ISSUED.fullmatch(plain) and luhn.is_valid(plain):
            found.append(Find(*match.span(), "card"))
    return found


def _find_last_group(number: str, groups: list[tuple[int, int]], first: int, *, sure: bool) -> int | None:
    """The last group of the longest card number that begins with the group `first`."""
    from stdnum import luhn

    found, digits, dotted = None, "", False
    for last in range(first, len(groups)):
        start, end = groups[last]
        gap = number[groups[last - 1][1] : start] if last > first else ""
        if len(digits) + end - start > _LONGEST or gap not in ("", " ", "-", "."):
            break
        dotted = dotted or gap == "."
        digits += number[start:end]
        if len(digits) < _SHORTEST:
            continue
        shape = " ".join(str(b - a) for a, b in groups[first : last + 1])
        shaped = first == last or _GROUPS.fullmatch(shape)
        if dotted and not (shaped and _is_dotted_throughout(number, groups, first, last)):
            continue
        if (sure and (shaped or last == len(groups) - 1)) or (
            shaped and _ISSUED.fullmatch(digits) and luhn.is_valid(digits)
        ):
            found = last
    return found


def _is_dotted_throughout(number: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    """Whether dots alone stand between these groups, and none beside them: else it is a version, or a sentence ends."""
    gaps = [number[groups[n][1] : groups[n + 1][0]] for n in range(len(groups) - 1)]
    return set(gaps[first:last]) == {"."} and "." not in (gaps[first - 1 : first] + gaps[last : last + 1])


def _touches_letter(text: str, start: int, end: int) -> bool:
    """Whether a Latin letter goes on where the number ends: a hash, a model, a tracking number."""
    return any(side.isascii() and side.isalpha() for side in (text[start - 1 : start], text[end : end + 1]))
