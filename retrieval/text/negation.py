"""How often a text denies something, by the grammar's own words for it in each language (see `negation_words.txt`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from retrieval.text.analysis import is_unspaced


def count_denials(text: str) -> int:
    """How many words of `text` deny."""
    return sum(1 for _ in _compile_pattern().finditer(text.casefold().replace("’", "'")))


def load_denying_words() -> Mapping[str, Sequence[str]]:
    """The words that deny, by language."""
    text = (files("retrieval.text") / "negation_words.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {language: words.split() for language, _, words in lines}


@cache
def _compile_pattern() -> re.Pattern[str]:
    spaced: list[str] = []
    inside: list[str] = []
    for words in load_denying_words().values():
        for word in words:
            (inside if is_unspaced(word) else spaced).append(re.escape(word))
    spaced.remove("n't")
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)|n't\b|{'|'.join(inside)}")
