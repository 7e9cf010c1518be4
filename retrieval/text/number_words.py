"""Numbers that a text writes in words: those of spaced languages by text2num, Chinese numerals, and Korean's own."""

from __future__ import annotations

import re

from retrieval.text.scripts import HANGUL

HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_MYRIADS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
LONGEST_HAN = 24  # characters of a Chinese number; a longer row of them says none

_SPAN = "".join([*HAN_DIGITS, *HAN_UNITS, *HAN_MYRIADS])
_HAN = re.compile(rf"(?<![第{_SPAN}\d.])[{_SPAN}]{{1,{LONGEST_HAN}}}(?![{_SPAN}])")
_IDIOMS = re.compile("十分|万一|萬一|千万|千萬")  # "quite", "in case", "by all means"
_KOREAN = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_KOREAN_NUMBER = re.compile(rf"(?<![{HANGUL}])(?:{'|'.join(_KOREAN)})(?=\s)")
_SPELLED = frozenset({"en", "de", "fr", "es", "pt"})  # languages that text2num knows


def write_digits(text: str, language: str) -> str:
    """`text` with digits for its numbers in words: "two weeks" -> "2 weeks", 三周 -> 3周. Words that may mean a number
    are taken for one: "no 1 knows"."""
    if language in _SPELLED:
        from text_to_num import alpha2digit

        digits: str = alpha2digit(text, language, 0)
        return digits
    if language in {"zh", "ja"}:
        return _HAN.sub(_write_han, text)
    if language == "ko":
        return _KOREAN_NUMBER.sub(lambda match: str(_KOREAN[match.group()]), text)
    return text


def parse_han_number(han: str) -> int:
    """What a number of at most LONGEST_HAN characters says: so deep, at most, does it call itself."""
    for character, worth in reversed(HAN_MYRIADS.items()):
        if character in han:
            above, _, below = han.partition(character)
            return (parse_han_number(above) if above else 1) * worth + (parse_han_number(below) if below else 0)
    if not any(character in HAN_UNITS for character in han):
        return int("".join(str(HAN_DIGITS[character]) for character in han))
    total, digit = 0, 0
    for character in han:
        if character in HAN_UNITS:
            total += (digit or 1) * HAN_UNITS[character]
            digit = 0
        else:
            digit = HAN_DIGITS[character]
    return total + digit


def _write_han(match: re.Match[str]) -> str:
    han = match.group()
    if _IDIOMS.fullmatch(han):
        return han
    if len(han) > 1 and HAN_DIGITS.keys() >= set(han):
        return "-".join(str(HAN_DIGITS[digit]) for digit in han) if len(han) == 2 else han  # 两三天; a year
    return str(parse_han_number(han))
