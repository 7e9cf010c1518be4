"""Text -> the tokens that lexical search counts, the same for documents and queries.

Words are folded (NFKC, so full-width forms too, then case) and stemmed by their language's Snowball stemmer; Chinese is
unified to Simplified characters. Text written without spaces (Chinese, Japanese, Korean) becomes its characters and its
character bigrams: bigrams carry the words, single characters still meet where the wording differs. A code of letters
and digits is also one word and its parts, however it is written.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

from retrieval.text.codes import find_codes
from retrieval.text.languages import UNSPACED_LANGUAGES
from retrieval.text.scripts import HAN, HIRAGANA, UNSPACED
from retrieval.text.stop_words import function_words

if TYPE_CHECKING:
    from Stemmer import Stemmer

_RUN = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|[^\W_{UNSPACED}]+")
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_HIRAGANA = re.compile(f"[{HIRAGANA}]+")
_HAN_CHARACTER = re.compile(f"[{HAN}]")


def analyse_text(text: str, language: str = "en") -> list[str]:
    """The tokens of `text` in reading order, with repetitions."""
    tokens: list[str] = []
    folded = fold_text(text)
    for match in _RUN.finditer(folded):
        run = match.group()
        if match["unspaced"]:
            tokens += run
            tokens += map(str.__add__, run, run[1:])
        else:
            tokens.append(_stem_word(run, language))
    return tokens + _other_spellings(folded, tokens)


def _other_spellings(folded: str, tokens: list[str]) -> list[str]:
    """What the codes of a text are when written in one word, and in parts: E-1043 meets E1043 and E 1043."""
    held = set(tokens)
    return [token for whole, parts in find_codes(folded) for token in (whole, *parts) if token not in held]


def is_function(token: str, language: str = "en") -> bool:
    """Whether a token comes of words that only say how something is asked, in `language` or one without spaces.

    Of Japanese no list is at hand: its grammar is what is written in Hiragana. Latin words among text without spaces
    are taken for English, as they are stemmed.
    """
    if is_unspaced(token):
        return token in _function_tokens("zh") or token in _function_tokens("ko") or bool(_HIRAGANA.fullmatch(token))
    return token in _function_tokens("en" if language in UNSPACED_LANGUAGES else language)


def is_unspaced(token: str) -> bool:
    """Whether a token comes of text that is written without spaces."""
    return bool(_UNSPACED_CHARACTER.match(token))


def fold_text(text: str) -> str:
    """`text` in one case, width and Chinese script."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return _load_simplifier().convert(text) if _HAN_CHARACTER.search(text) else text


def split_words(folded: str, language: str = "en") -> list[tuple[str, int, int]]:
    """The words of a text that `fold_text` made, each with its start and end in it: stems of what is written with
    spaces between, single characters of what is not."""
    found: list[tuple[str, int, int]] = []
    for match in _RUN.finditer(folded):
        start = match.start()
        if match["unspaced"]:
            found += [(character, place, place + 1) for place, character in enumerate(match.group(), start)]
        else:
            found.append((_stem_word(match.group(), language), start, match.end()))
    return found


@cache
def _function_tokens(language: str) -> frozenset[str]:
    return frozenset(token for word in function_words(language) for token in analyse_text(word, language))


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _load_simplifier() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


class _LocalStemmers(threading.local):
    """PyStemmer's stemmers keep state: one a thread."""

    def __init__(self) -> None:
        self.stemmers: dict[str, Stemmer] = {}

    def stemmer_for(self, language: str) -> Stemmer:
        """The stemmer of a language, English for what Snowball does not know."""
        if language not in self.stemmers:
            import Stemmer

            try:
                self.stemmers[language] = Stemmer.Stemmer(language)
            except KeyError:
                self.stemmers[language] = Stemmer.Stemmer("en")
        return self.stemmers[language]


_local = _LocalStemmers()


@lru_cache(maxsize=65536)
def _stem_word(word: str, language: str = "en") -> str:
    """Without accents, which many leave out when they type; after stemming, which reads them."""
    stem: str = _local.stemmer_for(language).stemWord(word)
    if stem.isascii():
        return stem
    decomposed = unicodedata.normalize("NFD", stem)
    return unicodedata.normalize("NFC", "".join(each for each in decomposed if not unicodedata.combining(each)))
