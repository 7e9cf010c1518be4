"""Typing errors in a query: a word that neither the FAQs nor the embedding model know, and that one of the FAQs' words
differs from in a letter or two. The query is then searched as it was meant, too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from retrieval.text.scripts import LATIN

if TYPE_CHECKING:
    from retrieval.index.index import Index

LONG = 8  # letters from which two errors are forgiven
_READ = 400  # characters of a query that are looked at; the rest stays as it is
_MOST = 3  # words of a query that are mended; one with more is in another language
# No part of an address, of a product code or of "don't".
_WORD = re.compile(rf"(?<![{LATIN}0-9_@./'’-])[A-Za-z]{{4,24}}(?![{LATIN}0-9_@/'’-])")


class Spellings:
    """The spelling of whatever index comes along. Safe in any thread."""

    def __init__(self, count_tokens: Callable[[str], int]) -> None:
        """`count_tokens` is the embedding model's: what it reads as one token is a word it knows."""
        self._count_tokens = count_tokens
        self._known: tuple[Index | None, Spelling] = None, Spelling({}, self._is_word)

    def find_spelling(self, index: Index) -> Spelling:
        """That of an index."""
        held, spelling = self._known
        if held is not index:
            spelling = Spelling(index.vocabulary, self._is_word)
            self._known = index, spelling
        return spelling

    def _is_word(self, text: str) -> bool:
        return self._count_tokens(text) <= self._count_tokens("a")


class Spelling:
    """Mends a query by the words of `vocabulary`, which says how often each stands there. Safe in any thread.

    `is_word` tells whether a word that is not among them is one nevertheless: such a word is left alone.
    """

    def __init__(self, vocabulary: Mapping[str, int], is_word: Callable[[str], bool]) -> None:
        self._vocabulary = vocabulary
        self._words = list(vocabulary)
        self._is_word = is_word

    def correct_query(self, query: str) -> str:
        """`query` with its typing errors mended; "" where there is none, or none that can be told."""
        read = takewhile(lambda match: match.start() < _READ, _WORD.finditer(query))
        found = [(match, self._correct_word(match.group().lower())) for match in read]
        wrong = [(match, meant) for match, meant in found if meant]
        if not 0 < len(wrong) <= _MOST:
            return ""
        parts, end = [], 0
        for match, meant in wrong:
            parts += [query[end : match.start()], meant]
            end = match.end()
        return "".join([*parts, query[end:]])

    def _correct_word(self, word: str) -> str:
        """The word that `word` was meant to be; "" where it is one, or resembles none."""
        if word in self._vocabulary or self._is_word(word):
            return ""
        from rapidfuzz.distance import OSA, JaroWinkler
        from rapidfuzz.process import extract

        allowed = 2 if len(word) >= LONG else 1
        found = extract(word, self._words, scorer=OSA.distance, score_cutoff=allowed, limit=16)
        # The first letter is hardly ever wrong; "unopened" is no "opened".
        near = [(other, errors) for other, errors, _ in found if other[0] == word[0]]
        if not near:
            return ""

        def rank_correction(each: tuple[str, float]) -> tuple[float, float, int]:
            return -each[1], JaroWinkler.similarity(word, each[0]), self._vocabulary[each[0]]

        return max(near, key=rank_correction)[0]
