"""Text -> the tokens that lexical search counts, the same for documents and queries.

Words are folded (NFKC, so full-width forms too, then case) and stemmed as English; Chinese is unified to Simplified
characters. A code of letters and digits is also one word and its parts, however it is written. Text written without spaces (Chinese, Japanese, Korean) becomes its characters and its character bigrams:
bigrams carry the words, single characters still meet where the wording differs. To these come the concepts that the
text names ("#refund"), which meet across wordings and languages.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Protocol

from retrieval.indexing.codes import codes
from retrieval.indexing.concepts import Concepts, load_concepts

_UNSPACED = (
    "\u3005\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_RUN = re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")


def analyse(text: str, concepts: bool = True) -> list[str]:
    """The tokens of `text` in reading order, with repetitions; then, if wanted, its concepts."""
    tokens: list[str] = []
    stems: list[str] = []
    named: list[str] = []
    known = _concepts() if concepts else None
    folded = fold(text)
    for match in _RUN.finditer(folded):
        run = match.group()
        if match["unspaced"]:
            tokens += run
            tokens += map(str.__add__, run, run[1:])
            if known:
                named += known.in_run(run)
        else:
            stem = _stem(run)
            tokens.append(stem)
            stems.append(stem)
    if known:
        named += known.in_words(stems)
    return tokens + _other_spellings(folded, tokens) + named


def _other_spellings(folded: str, tokens: list[str]) -> list[str]:
    """What the codes of a text are when written in one word, and in parts: E-1043 meets E1043 and E 1043."""
    held = set(tokens)
    return [token for whole, parts in codes(folded) for token in (whole, *parts) if token not in held]


def is_function(token: str) -> bool:
    """Whether a token comes of words that only say how something is asked (see `function_words.txt`)."""
    return token in _function_tokens()


def unspaced(token: str) -> bool:
    """Whether a token comes of text that is written without spaces."""
    return bool(_UNSPACED_CHARACTER.match(token))


def fold(text: str) -> str:
    """`text` in one case, width and Chinese script."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return _simplifier().convert(text) if HAN_RUN.search(text) else text


def analyse_words(folded: str) -> list[str]:
    """The stemmed words of a folded text that are written with spaces between."""
    return [_stem(match.group()) for match in _RUN.finditer(folded) if not match["unspaced"]]


def concept_of(word: str) -> str:
    """The concept ("#refund") that one folded Chinese word names; "" for none."""
    return _concepts().unspaced.get(word, "")


def longest_concept(run: str, place: int) -> int:
    """The length of the longest word at `place` of a folded Chinese run that names a concept; 0 for none."""
    return _concepts().longest_at(run, place)


def words(folded: str) -> list[tuple[str, int, int]]:
    """The words of a text that `fold` made, each with its start and end in it: stems of what is written with spaces
    between, single characters of what is not."""
    found: list[tuple[str, int, int]] = []
    for match in _RUN.finditer(folded):
        start = match.start()
        if match["unspaced"]:
            found += [(character, place, place + 1) for place, character in enumerate(match.group(), start)]
        else:
            found.append((_stem(match.group()), start, match.end()))
    return found


@cache
def _concepts() -> Concepts:
    return load_concepts(_stems, fold)


@cache
def _function_tokens() -> frozenset[str]:
    text = (files("retrieval.indexing") / "function_words.txt").read_text(encoding="utf-8")
    lines = (line.partition(":")[2] for line in text.splitlines() if not line.startswith("#"))
    return frozenset(token for line in lines for word in line.split() for token in analyse(word))


def _stems(text: str) -> list[str]:
    """The stemmed words of `text` that are written with spaces between."""
    return analyse_words(fold(text))


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _simplifier() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


class _Local(threading.local):
    """PyStemmer's stemmers keep state: one a thread."""

    def __init__(self) -> None:
        import Stemmer

        self.stemmer = Stemmer.Stemmer("english")


@cache
def _local() -> _Local:
    return _Local()


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    stem: str = _local().stemmer.stemWord(word)
    return stem
