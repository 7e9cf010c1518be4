"""The closed classes of a language's grammar: what denies, permits, obliges, orders in time, counts and bounds.

Each language has a file of them here. Of a language that has none nothing is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from retrieval.text.analysis import fold_text, is_unspaced
from retrieval.text.languages import UNSPACED_LANGUAGES

CLASSES = (
    "denial",
    "may",
    "must",
    "before",
    "after",
    "all",
    "some",
    "only",
    "except",
    "condition",
    "least",
    "most",
    "we",
    "you",
)
_OTHER = "other"
_NUMBERS = "number"


def has_grammar(language: str) -> bool:
    """Whether the classes of a language are known."""
    return (files(__package__) / f"{language}.txt").is_file()


@lru_cache(maxsize=8192)
def find_classes(text: str, language: str) -> tuple[tuple[str, ...], str]:
    """-> (the classes of the words of `text` that are in one, in reading order; the folded text without them)."""
    found: list[str] = []
    forms = _read_forms(language)

    def note(match: re.Match[str]) -> str:
        classes = forms[match.lastgroup or ""]
        if classes == (_OTHER,):
            return match.group()
        found.extend(classes)
        return " "

    rest = _compile_pattern(language).sub(note, _part_shortened(fold_text(text)))
    return tuple(found), rest


def find_scope(text: str, language: str, classes: Collection[str]) -> str:
    """What the first word of these classes bounds in a clause: what follows it, or the whole clause in a language that
    puts such words before, behind and around it; "" where there is none."""
    folded, forms = _part_shortened(fold_text(text)), _read_forms(language)
    for match in _compile_pattern(language).finditer(folded):
        if not set(classes).isdisjoint(forms[match.lastgroup or ""]):
            return folded if language in UNSPACED_LANGUAGES else folded[match.end() :]
    return ""


def _part_shortened(folded: str) -> str:
    """English "can't" and "don't" as "can not" and "do not"."""
    folded = folded.replace("’", "'")
    return re.sub(r"\b(ca|wo|\w+)n't\b", lambda match: f"{_WHOLE.get(match[1], match[1])} not", folded)


_WHOLE = {"ca": "can", "wo": "will"}


@cache
def _read_forms(language: str) -> Mapping[str, tuple[str, ...]]:
    """The classes of each form, by the name of its group in the pattern: of a form in several lines they are all."""
    return {f"f{number}": classes for number, classes in enumerate(_read_classes(language).values())}


@cache
def _read_classes(language: str) -> Mapping[str, tuple[str, ...]]:
    """The classes of each form, the longest form first."""
    text = (files(__package__) / f"{language}.txt").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        name, colon, forms = line.partition(":")
        if colon and not line.startswith("#") and name != _NUMBERS:
            for form in map(str.strip, forms.split(",")):
                found[form] = (*found.get(form, ()), name)
    return {form: found[form] for form in sorted(found, key=len, reverse=True)}


@cache
def _read_numbers(language: str) -> tuple[str, ...]:
    lines = (files(__package__) / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    words = next((line.partition(":")[2] for line in lines if line.startswith(f"{_NUMBERS}:")), "")
    return tuple(word.strip() for word in words.split(",") if word.strip()) or (r"\d",)


@cache
def _compile_pattern(language: str) -> re.Pattern[str]:
    number = rf"(?=\s?[^\w\s]?(?:\d|(?:{'|'.join(_read_numbers(language))})\b))"
    forms = enumerate(_read_classes(language))
    return re.compile("|".join(f"(?P<f{place}>{_write_pattern(form, number)})" for place, form in forms))


def _write_pattern(form: str, number: str) -> str:
    """A form as a pattern: whole words where words are written apart; a number is looked at, not taken."""
    words, sign, _ = form.partition("#")
    pattern = r"\s+".join(map(re.escape, words.split())) + (number if sign else "")
    return pattern if is_unspaced(form) else rf"(?<!\w){pattern}(?!\w)"
