"""How far two short texts say the same, word against word: each word looks for its likest on the other side.

It bridges what exact tokens cannot: a typing error ("retrun"), a word in another form, and Chinese words that share a
character (提升, 提高) or a concept (退货, 退款).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from retrieval.indexing.lexical import Places, Scores, ranges
from retrieval.indexing.segmenting import distinct_words, same_concept

Floats = npt.NDArray[np.float64]

# Of a word that only resembles: a share of what the same word is worth, so that the same word always wins.
RESEMBLING, SAME_CONCEPT = 0.9, 0.95
ALIKE = 0.5  # Dice coefficient of letter pairs: "retrun" and "return" have .57; two words that share an ending, less


class Alignment:
    """The words of `texts`, to be aligned with a query's. Immutable. Those that are not `counted` (texts,) make no word
    less rare."""

    def __init__(self, texts: Sequence[str], counted: npt.NDArray[np.bool_]) -> None:
        ids: dict[str, int] = {}
        words = [
            np.array([ids.setdefault(word, len(ids)) for word in distinct_words(text)], np.int64) for text in texts
        ]
        self._ids = ids
        self._flat = np.concatenate(words) if words else np.zeros(0, np.int64)
        self._lengths = np.array([len(each) for each in words], np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths
        counts = np.repeat(counted, self._lengths).astype(np.float64)
        frequency = np.bincount(self._flat, counts, len(ids)).astype(np.float64)
        self._count = int(counted.sum())
        self._idf = self._rarity(frequency)
        self._totals = np.add.reduceat(self._idf[self._flat], self._starts) if words else np.zeros(0)
        self._latin = np.array([_latin(word) for word in ids], bool)
        pieces = [_pieces(word) for word in ids]
        self._sizes = np.array([each.total() for each in pieces], np.float64)
        holding: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, each in enumerate(pieces):
            for piece, times in each.items():
                holding[piece].append((number, times))
        self._holding = {piece: np.array(places, np.int64).T for piece, places in holding.items()}
        self._concepts: defaultdict[str, list[int]] = defaultdict(list)
        for word, number in ids.items():
            self._concepts[same_concept(word)].append(number)

    def of(self, query: str, texts: Places) -> Scores:
        """-> for each of `texts`, the harmonic mean of how much of the query and how much of the text the other side
        has, every word weighed by its rarity; in 0..1."""
        words = distinct_words(query)
        if len(texts) == 0:
            return np.zeros(0, np.float32)
        lengths = self._lengths[texts]
        flat = self._flat[ranges(self._starts[texts], lengths)]
        starts = np.cumsum(lengths) - lengths
        alike = np.stack([self._likeness(word) for word in words])[:, flat]
        rarity = np.array([self._idf[self._ids[w]] if w in self._ids else self._rarity(np.zeros(1))[0] for w in words])
        of_query = rarity @ np.maximum.reduceat(alike, starts, axis=1) / max(rarity.sum(), 1e-9)
        of_text = np.add.reduceat(alike.max(axis=0) * self._idf[flat], starts) / np.maximum(self._totals[texts], 1e-9)
        mean: Scores = (2 * of_query * of_text / np.maximum(of_query + of_text, 1e-9)).astype(np.float32)
        return mean

    def _likeness(self, word: str) -> Floats:
        """-> (words known,) how like each is to `word`."""
        shared = np.zeros(len(self._ids))
        pieces = _pieces(word)
        for piece, times in pieces.items():
            if (held := self._holding.get(piece)) is not None:
                shared[held[0]] += np.minimum(held[1], times)
        dice = 2 * shared / np.maximum(self._sizes + pieces.total(), 1e-9)
        if _latin(word):
            dice[dice < ALIKE] = 0
        else:
            dice[self._latin & (dice < ALIKE)] = 0
        alike = RESEMBLING * dice
        if (concept := same_concept(word)) in self._concepts:
            alike[self._concepts[concept]] = SAME_CONCEPT
        if word in self._ids:
            alike[self._ids[word]] = 1
        return alike

    def _rarity(self, frequency: Floats) -> Floats:
        return np.log1p((self._count - frequency + 0.5) / (frequency + 0.5))


def _latin(word: str) -> bool:
    return word[:1] < "\u3000"


def _pieces(word: str) -> Counter[str]:
    """The characters of a Chinese word; the pairs of letters of another, its ends counted."""
    if not _latin(word):
        return Counter(word)
    framed = f"^{word}$"
    return Counter(map(str.__add__, framed, framed[1:]))
