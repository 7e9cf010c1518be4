"""Things of which there are several of a kind, named in the languages that Frontdesk answers in: days, months,
countries, languages and currencies, as the Unicode consortium lists them (CLDR)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from retrieval.text.analysis import fold_text, is_function, is_unspaced, split_words
from retrieval.text.languages import COMMON_LANGUAGES, UNSPACED_LANGUAGES

_SHORTEST = 4  # letters of a name of one word: "may" hardly ever is a month
_LONGEST = 6  # tokens of a name that are looked up together

Thing = tuple[str, str]  # its kind and its code: ("weekday", "6"), ("territory", "CA")


def find_things(text: str, languages: Iterable[str]) -> frozenset[Thing]:
    """What `text` names in any of these languages; those that nobody lists name nothing."""
    return frozenset().union(
        *(_find_in_language(text, language) for language in set(COMMON_LANGUAGES) & set(languages))
    )


@lru_cache(maxsize=4096)
def _find_in_language(text: str, language: str) -> frozenset[Thing]:
    known = _index_names(language)
    tokens = [token for token, _, _ in split_words(fold_text(text))]
    found: set[Thing] = set()
    place = 0
    while place < len(tokens):
        lengths = range(min(_LONGEST, len(tokens) - place), 0, -1)
        names = (tuple(tokens[place : place + length]) for length in lengths)
        name = next((name for name in names if name in known), None)
        if name:
            found |= known[name]
        place += len(name) if name else 1
    return frozenset(found)


@cache
def _index_names(language: str) -> dict[tuple[str, ...], frozenset[Thing]]:
    known: dict[tuple[str, ...], frozenset[Thing]] = {}
    for thing, name in _list_names(language):
        key = tuple(token for token, _, _ in split_words(fold_text(name)))
        if len(key) > 1 or (key and len(key[0]) >= _SHORTEST and not is_function(key[0]) and not is_unspaced(key[0])):
            known[key] = known.get(key, frozenset()) | {thing}
    return known


def _list_names(language: str) -> list[tuple[Thing, str]]:
    from babel import Locale

    locale = Locale.parse(language)
    widths = ("wide", "abbreviated") if language in UNSPACED_LANGUAGES else ("wide",)
    calendar = [
        ((kind, str(number)), name)
        for width in widths
        for kind, table in (("weekday", locale.days), ("month", locale.months))
        for form in ("format", "stand-alone")
        for number, name in table[form][width].items()
    ]
    tables = (("territory", locale.territories), ("language", locale.languages), ("currency", locale.currencies))
    return calendar + [
        ((kind, code), name) for kind, table in tables for code, name in table.items() if not code.isdigit()
    ]
