"""Whether two answers of mostly the same words state the same: the same numbers, names and denials, and no word of
content in another's place. "The warranty is 2 years" and "… 5 years" have six words of seven in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from retrieval.text.analysis import fold_text, is_function, is_unspaced, split_words
from retrieval.text.negation import count_denials
from retrieval.text.stated_facts import find_names

_DIGIT = re.compile(r"\d")
# What only counts a page's figures, tables or steps: "Figure 12. …", "图 3：…", "7. …".
_RUNNING_NUMBER = re.compile(r"^[ \t>*_]*(?:[^\W\d_]+[ \t]*)?\d+(?:[.-]\d+)*[.:)。：）、](?=\s|[^\d\s])", re.MULTILINE)
_LONGEST = 4000  # characters that are compared; what two answers differ in lies hardly ever behind


@dataclass(frozen=True, slots=True)
class _Statement:
    tokens: tuple[str, ...]
    numbers: frozenset[str]
    names: frozenset[str]
    denials: int


def state_the_same(one: str, other: str, names: Collection[str] = (), language: str = "en") -> bool:
    """Whether nothing of weight is told by one and not by the other. `names` (tokens) are those of what each is about:
    "The desk lamp is waterproof" says of its lamp what "The garden lamp is waterproof" says of another."""
    first, second = _parse_statement(one[:_LONGEST], language), _parse_statement(other[:_LONGEST], language)
    # Single characters, as they are compared, of names that are told by every two.
    own = {*names, *(character for name in names if is_unspaced(name) for character in name)}
    if first.denials != second.denials or (first.numbers ^ second.numbers | first.names ^ second.names) - own:
        return False
    return not _replaces_content(first.tokens, second.tokens, own, language)


def _replaces_content(one: tuple[str, ...], other: tuple[str, ...], names: set[str], language: str) -> bool:
    """Whether a word of content stands where the other has another one that it lacks itself."""
    only_one, only_other = set(one) - set(other) - names, set(other) - set(one) - names
    for kind, start, end, from_, to in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "replace" and all(
            any(token in only and not is_function(token, language) for token in run)
            for only, run in ((only_one, one[start:end]), (only_other, other[from_:to]))
        ):
            return True
    return False


@lru_cache(maxsize=4096)
def _parse_statement(text: str, language: str) -> _Statement:
    text = _RUNNING_NUMBER.sub("", unicodedata.normalize("NFKC", text))
    tokens = tuple(token for token, _, _ in split_words(fold_text(text), language))
    numbers = frozenset(token for token in tokens if _DIGIT.search(token))
    return _Statement(tokens, numbers, find_names(text, language), count_denials(text))
