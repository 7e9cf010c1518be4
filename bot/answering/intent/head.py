"""A linear reading of messages: logits from the embedding, the words and the length, made probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.answering.intent.words import list_words

Matrix = npt.NDArray[np.float32]
_DECIMALS = 2


@dataclass(frozen=True)
class Head:
    """`weights` (features, kinds): the length's, the embedding's dimensions, then the words'. `limits` are the
    probabilities from which something is said of a message, by what is said."""

    kinds: tuple[str, ...]
    words: Mapping[str, int]
    weights: Matrix
    bias: Matrix
    limits: Mapping[str, float]

    def predict_probabilities(self, texts: Sequence[str], vectors: Matrix) -> Matrix:
        """-> (texts, kinds), each row adding up to 1."""
        dense = self.weights[1 : self._first_word]
        logits = self.bias + measure_lengths(texts) @ self.weights[:1] + vectors @ dense
        for row, text in enumerate(texts):
            known = self.find_words(text)
            if known:
                logits[row] += self._weigh_words(known) / np.sqrt(len(known))
        return softmax(logits)

    def find_words(self, text: str) -> list[int]:
        """The places of the words of `text` that are known."""
        return sorted({self.words[word] for word in list_words(text) if word in self.words})

    def judge_words(self, text: str) -> str:
        """The kind that the words of `text` speak for by themselves; "" where none is known."""
        known = self.find_words(text)
        return self.kinds[int(self._weigh_words(known).argmax())] if known else ""

    @property
    def dimension(self) -> int:
        """Of the embeddings that it was fitted to."""
        return self._first_word - 1

    @property
    def _first_word(self) -> int:
        """The row of `weights` of the first word."""
        return len(self.weights) - len(self.words)

    def _weigh_words(self, places: Sequence[int]) -> Matrix:
        """-> (kinds,)"""
        return np.asarray(self.weights[[self._first_word + place for place in places]].sum(axis=0), np.float32)

    def to_json(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "kinds": list(self.kinds),
            "limits": {name: round(value, 4) for name, value in self.limits.items()},
            "bias": _round_row(self.bias),
            "words": sorted(self.words, key=self.words.__getitem__),
            "weights": [_round_row(row) for row in self.weights],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Head:
        """What `to_json` made."""
        return cls(
            tuple(data["kinds"]),
            {word: place for place, word in enumerate(data["words"])},
            np.array(data["weights"], np.float32),
            np.array(data["bias"], np.float32),
            dict(data["limits"]),
        )


def measure_lengths(texts: Sequence[str]) -> Matrix:
    """-> (texts, 1): about 1 for a sentence."""
    return np.array([[np.log1p(len(text)) / 3] for text in texts], np.float32)


def softmax(logits: Matrix) -> Matrix:
    """Each row as probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _round_row(row: Matrix) -> list[float]:
    return [round(float(value), _DECIMALS) for value in row]
