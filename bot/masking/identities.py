"""Numbers of identity: by their checksums, and passports and the like where a word says so."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from contextlib import suppress

from bot.masking.context import count_digits, find_introduced_kind
from bot.masking.reading import Find, find_digit_islands

_EARLIEST_BIRTH = 1900
_AHEAD, _BEHIND = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"


def _is_chinese_id(number: str) -> bool:
    """GB 11643. The place is not looked up: districts are renamed, and permits (81, 82, 83) name none."""
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    plain = re.sub(r"[ -]", "", number).upper()
    with suppress(ValidationError):
        born = ric.get_birth_date(plain)
        return (
            _EARLIEST_BIRTH <= born.year <= datetime.date.today().year
            and plain[0] in "12345678"
            and plain[-1] == ric.calc_check_digit(plain)
        )
    return False


def _is_taiwanese_id(number: str) -> bool:
    """A letter as two digits, then weights 1 9 8 … 1 1: https://zh.wikipedia.org/wiki/中華民國國民身分證#編號規則."""
    plain = number.upper()
    head = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(plain[0])
    second = plain[1] if plain[1].isdecimal() else str("ABCDEFGHJKLMNPQRSTUVXYWZIO".index(plain[1]) % 10)
    rest = [int(character) for character in second + plain[2:]]
    weights = (8, 7, 6, 5, 4, 3, 2, 1, 1)
    return (head // 10 + head % 10 * 9 + sum(a * b for a, b in zip(rest, weights, strict=True))) % 10 == 0


def _is_hong_kong_id(number: str) -> bool:
    """Weights 9 … 1 modulo 11, a blank for a missing first letter: https://en.wikipedia.org/wiki/Hong_Kong_identity_card."""
    plain = re.sub(r"[() ]", "", number).upper()
    values = [int(character, 36) for character in plain[:-1].rjust(8, " ").replace(" ", "")]
    values = [36] * (8 - len(values)) + values
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + (10 if plain[-1] == "A" else int(plain[-1]))) % 11 == 0


def _is_german_id(number: str) -> bool:
    """Of 11 undivided digits that could be a Chinese mobile number too, that is what they are."""
    from stdnum.de import idnr

    return idnr.is_valid(number) and not re.fullmatch(r"1[3-9][0-9]{9}", number)


def _is_american_id(number: str) -> bool:
    from stdnum.us import ssn

    return ssn.is_valid(number.replace(" ", "-"))


def _is_french_id(number: str) -> bool:
    from stdnum.fr import nir

    plain = number.replace("-", " ").upper()
    return plain[0] in "123478" and nir.is_valid(plain)


def _is_spanish_id(number: str) -> bool:
    from stdnum.es import dni, nie

    return dni.is_valid(number) or nie.is_valid(number)


def _is_italian_id(number: str) -> bool:
    from stdnum.it import codicefiscale

    return codicefiscale.is_valid(number)


def _is_british_id(number: str) -> bool:
    """No checksum; prefixes that are not used: https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110."""
    return number[:2].upper() not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


_CHECKED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(_AHEAD + shape + _BEHIND, re.IGNORECASE), check)
    for shape, check in (
        (r"[0-9]{6}[ -]?(?:[0-9]{8}|[0-9]{4}[ -]?[0-9]{4})[ -]?[0-9]{3}[0-9X]", _is_chinese_id),
        (
            r"[A-Z]{6}[ ]?[0-9LMNPQRSTUV]{2}[A-EHLMPR-T][0-9LMNPQRSTUV]{2}[ ]?[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
            _is_italian_id,
        ),
    )
)
_LIKELY: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(_AHEAD + shape + (_BEHIND if not shape.endswith(r"\)") else ""), re.IGNORECASE), check)
    for shape, check in (
        (r"[A-Z][1289A-D][0-9]{8}", _is_taiwanese_id),
        (r"[A-Z]{1,2}[ ]?[0-9]{6} ?\([0-9A]\)", _is_hong_kong_id),
        (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", _is_british_id),
        (r"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3}|[XYZ]-?[0-9]{7})[ -]?[A-Z]", _is_spanish_id),
        (r"(?<![0-9][-. ])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![-. ]?[0-9])", _is_american_id),
        (r"(?<![0-9][-. ])[0-9]{2}([ /]?)[0-9]{3}\1[0-9]{3}\1[0-9]{3}(?![-.]?[0-9])", _is_german_id),
        (r"[0-9]([ -]?)[0-9]{2}\1[0-9]{2}\1(?:[0-9]{2}|2[AB])\1[0-9]{3}\1[0-9]{3}[ -]?[0-9]{2}", _is_french_id),
    )
)
# What a word makes a document's number: six to eighteen letters and digits, mostly digits.
_DOCUMENT = re.compile(
    _AHEAD + r"(?:[A-Z]{1,3}-?)?[0-9][A-Z0-9]{2,17}(?:[ -][0-9]{2,8}X?){0,4}(?:\([0-9A]\)|" + _BEHIND + ")",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-/.]?[01][0-9][-/.]?[0-3][0-9]")
_DOCUMENT_DIGITS, _PASSPORT_DIGITS = 7, 5


def find_documents(text: str) -> list[Find]:
    """What needs no second thought: long checksums, and what the word passport or identity card introduces."""
    finds = _find_checked(text, _CHECKED)
    for start, end in find_digit_islands(text, 4):
        for match in _DOCUMENT.finditer(text, start, end):
            count = count_digits(match[0])
            if count < _PASSPORT_DIGITS or _DATE.fullmatch(match[0]):
                continue
            word = find_introduced_kind(text, match.start(), match.end())
            if word == "passport" or (word == "identity" and count >= _DOCUMENT_DIGITS):
                finds.append(Find(*match.span(), "id"))
    return finds


def find_identities(text: str) -> list[Find]:
    """Numbers whose form and checksum are those of an identity, unless they are told to be something else."""
    return _find_checked(text, _LIKELY)


def _find_checked(text: str, shapes: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]) -> list[Find]:
    return [
        Find(*match.span(), "id")
        for start, end in find_digit_islands(text)
        for pattern, check in shapes
        for match in pattern.finditer(text, start, end)
        if check(match[0])
    ]
