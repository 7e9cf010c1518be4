"""Different words for one thing, across wordings and between English and Chinese, from the list in `concepts.txt`.

It stands in for what an embedding model does in the languages that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Concepts:
    """Concept tokens ("#refund") by spaced words (tuples of stems) and by unspaced words; longest match wins."""

    spaced: Mapping[tuple[str, ...], str]
    unspaced: Mapping[str, str]
    longest_spaced: int
    longest_unspaced: Mapping[str, int]  # by first character

    def in_words(self, stems: Sequence[str]) -> Iterator[str]:
        """The concepts named by a run of stemmed words."""
        place = 0
        while place < len(stems):
            for length in range(min(self.longest_spaced, len(stems) - place), 0, -1):
                concept = self.spaced.get(tuple(stems[place : place + length]))
                if concept:
                    yield concept
                    break
            else:
                length = 1
            place += length

    def in_run(self, run: str) -> Iterator[str]:
        """The concepts named in a run of unspaced text."""
        place = 0
        while place < len(run):
            if length := self.longest_at(run, place):
                yield self.unspaced[run[place : place + length]]
            place += length or 1

    def longest_at(self, run: str, place: int) -> int:
        """The length of the longest concept word that begins at `place`; 0 for none."""
        for length in range(self.longest_unspaced.get(run[place], 0), 0, -1):
            if run[place : place + length] in self.unspaced:
                return length
        return 0


def load_concepts(stems_of: Callable[[str], Sequence[str]], fold: Callable[[str], str]) -> Concepts:
    """Read the list. Raises ValueError for a word on two lines."""
    spaced: dict[tuple[str, ...], str] = {}
    unspaced: dict[str, str] = {}
    longest: dict[str, int] = {}
    text = (files("retrieval.indexing") / "concepts.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        english, bar, chinese = line.partition("#")[0].partition("|")
        if not bar:
            continue
        words = [word.strip() for word in english.split(",")]
        concept = "#" + words[0].replace(" ", "_")
        for stems in filter(None, (tuple(stems_of(word)) for word in words)):
            _put(spaced, stems, concept)
        for word in filter(None, (fold(word.strip()) for word in chinese.split(","))):
            if stems := tuple(stems_of(word)):
                _put(spaced, stems, concept)  # Latin letters inside Chinese: "app"
            else:
                _put(unspaced, word, concept)
                longest[word[0]] = max(longest.get(word[0], 0), len(word))
    return Concepts(spaced, unspaced, max(map(len, spaced)), longest)


def _put(table: dict[Any, str], word: Any, concept: str) -> None:
    if table.setdefault(word, concept) != concept:
        raise ValueError(f"concepts.txt: {word} stands for {table[word]} and for {concept}.")
