"""Which of many short texts mean the same: average linkage on the chance that two of them do.

The chance is read from what two texts have in common, by their vectors and by their words. `benchmarks/gaps.py` fits
the weights of each model (`fitted/`) and measures what comes of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from retrieval.index.lexical_field import Places, Scores
from retrieval.interfaces import Embedder
from retrieval.models.embedding_models import EmbeddingModels, combine_models, name_model
from retrieval.search.fitted import load_fitted
from retrieval.search.generic_profile import read_unrelated
from retrieval.search.profiles import Fitted
from retrieval.text.analysis import analyse_text, fold_text, is_function
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.languages import COMMON_LANGUAGES, detect_language
from retrieval.text.scripts import UNSPACED

if TYPE_CHECKING:
    from scipy.sparse import csr_array

READ = 1000  # characters of a text that count; who writes more has asked by then
BACKGROUND = 20  # texts that a language is taken to hold besides the given ones, about other things
ALIKE = 0.6  # cosine from which on texts count as one where it is asked what all texts share
FUNCTION_WEIGHT = 0.3  # of a word that only says how something is asked
ROWS = 256  # compared with all others at a time

CUT = 0.5

Some = slice | Places

_IGNORED = re.compile(r"[^\w+#%$€£¥]+|_")
_UNSPACED = re.compile(f"(?<=[{UNSPACED}]) | (?=[{UNSPACED}])")


def cluster_texts(texts: Sequence[str], models: Embedder | EmbeddingModels) -> list[tuple[int, ...]]:
    """Groups of positions in `texts` that mean the same, the largest first; each position is in one of them."""
    return Clustering(texts, models).groups


class Clustering:
    """The groups of `texts`, and how the texts lie in them.

    Texts that differ only in case, spaces and punctuation are one text. The groups do not depend on the order of
    `texts`. Some seconds and half a gigabyte for 5,000 texts; the gigabytes grow with the square. `weights` as of
    `Likeness`.
    """

    def __init__(self, texts: Sequence[str], models: Embedder | EmbeddingModels, weights: Sequence[float] = ()) -> None:
        self._positions: dict[str, list[int]] = {}
        for position, text in enumerate(texts):
            self._positions.setdefault(normalise_text(text), []).append(position)
        keys = sorted(self._positions)  # an order of their own, on which ties and the embedder's rounding depend
        self._rows = {position: row for row, key in enumerate(keys) for position in self._positions[key]}
        self._likeness = Likeness(
            [min(shorten_text(texts[position]) for position in self._positions[key]) for key in keys],
            combine_models(models),
            weights,
        )
        groups: dict[int, list[int]] = {}
        for key, label in zip(keys, _label_groups(self._likeness), strict=True):
            groups.setdefault(label, []).extend(self._positions[key])
        self.groups = sorted(
            (tuple(sorted(group)) for group in groups.values()), key=lambda group: (-len(group), group[0])
        )

    def measure_centrality(self, group: Sequence[int]) -> list[float]:
        """Of each position of a group, how likely it means the same as any: the highest is the group's medoid."""
        rows, places = np.unique([self._rows[position] for position in group], return_inverse=True)
        counts = np.bincount(places).astype(np.float32)
        blocks = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
        sums = np.concatenate([self._likeness.estimate_chances(block, rows) @ counts for block in blocks])
        return [float(share) for share in (sums / len(group))[places].tolist()]

    def choose_unlike(self, group: Sequence[int], first: int, count: int) -> list[int]:
        """`first` and further positions of its group, each as unlike those before as there are; no text twice."""
        own = {self._rows[position]: position for position in reversed(group)}
        rows = np.array(sorted(own))
        chosen = [first]
        nearest = np.zeros(len(rows), np.float32)
        while len(chosen) < min(count, len(rows)):
            last = self._rows[chosen[-1]]
            nearest = np.maximum(nearest, self._likeness.estimate_chances(np.array([last]), rows)[0])
            nearest[rows == last] = np.inf
            chosen.append(own[int(rows[nearest.argmin()])])
        return chosen


def shorten_text(text: str) -> str:
    """What counts of a text."""
    return collapse_whitespace(text[: 2 * READ])[:READ]


def normalise_text(text: str) -> str:
    """What texts have to share to be the same: letters, digits and money signs in one case, width and script. A text
    without any is itself."""
    text = shorten_text(text)
    return _UNSPACED.sub("", _IGNORED.sub(" ", fold_text(text)).strip()) or text


@dataclass(frozen=True)
class Likeness:
    """What distinct `texts` have in common, by signal. `weights` are of the signals and a bias, those of the model that
    compares the texts if none are given."""

    texts: Sequence[str]
    models: EmbeddingModels
    weights: Sequence[float] = ()

    def estimate_chances(self, rows: Some, columns: Some = slice(None)) -> Scores:
        """-> (rows, columns) how likely each of the one texts means the same as each of the others."""
        vectors, tokens = self.measure_signals(rows, columns)
        by_vector, by_token, bias = self.weights or self._fitted.clustering[name_model(self._model.fingerprint)]
        logits = by_vector * vectors + by_token * tokens + bias
        spoken = ~self._is_wordless[rows][:, None] & ~self._is_wordless[columns]
        chances: Scores = spoken / (1 + np.exp(np.minimum(-logits, 80)))
        return chances

    def measure_signals(self, rows: Some, columns: Some = slice(None)) -> tuple[Scores, Scores]:
        """-> two (rows, columns): the cosines of the vectors, and of all tokens."""
        vectors: Scores = self._vectors[rows] @ self._vectors[columns].T
        return vectors, (self._tokens[rows] @ self._tokens[columns].T).toarray()

    @cached_property
    def _fitted(self) -> Fitted:
        return load_fitted(self.models)

    @cached_property
    def _model(self) -> Embedder:
        return choose_model(self.texts, self.models)

    @cached_property
    def _token_sets(self) -> list[frozenset[str]]:
        return [frozenset(analyse_text(text)) for text in self.texts]

    @cached_property
    def _is_wordless(self) -> npt.NDArray[np.bool_]:
        """Texts without a word, of which nothing can be said."""
        return np.array([not tokens for tokens in self._token_sets], np.bool_)

    @cached_property
    def _vectors(self) -> Scores:
        """Unit vectors less what all texts share, so that the shop's name makes no two alike, and less what the model
        finds in any text."""
        raw, others = (self._model.embed_queries(texts) for texts in (self.texts, read_unrelated()))
        shares = _compute_shares(raw - others.mean(axis=0))
        vectors: Scores = raw - (shares @ raw + others.sum(axis=0)) / (shares.sum() + len(others))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    @cached_property
    def _tokens(self) -> csr_array:
        return _unit_rows(self._token_sets)


def choose_model(texts: Sequence[str], models: EmbeddingModels) -> Embedder:
    """The first model where all texts are in a language that it is best at, else the last, which reads them all: of
    mixed weeks the first put a third of the pairs together wrongly, the last hardly any (`benchmarks/gaps.py`)."""
    best_at = load_fitted(models).best_languages
    known = best_at and all(detect_language(text, among=COMMON_LANGUAGES) in best_at for text in texts)
    return models.models[0 if known else -1]


def _label_groups(likeness: Likeness) -> list[int]:
    """The group of each text, by average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage

    count = len(likeness.texts)
    if count < 2:
        return [0] * count
    distances = np.empty(count * (count - 1) // 2)  # of each text to those after it
    filled = 0
    for start in range(0, count, ROWS):
        chances = likeness.estimate_chances(slice(start, start + ROWS))
        for row, own in enumerate(chances, start):
            after = own[row + 1 :]
            distances[filled : filled + len(after)] = 1 - after
            filled += len(after)
    labels: list[int] = fcluster(linkage(distances, "average"), 1 - CUT, "distance").tolist()
    return labels


def _compute_shares(rows: Scores | csr_array) -> Scores:
    """For each unit row, one divided by how many are like it: a question that many ask counts once."""
    counts = [(rows[start : start + ROWS] @ rows.T > ALIKE).sum(axis=1) for start in range(0, rows.shape[0], ROWS)]
    shares: Scores = 1 / np.maximum(np.concatenate(counts), 1).astype(np.float32)
    return shares


def _unit_rows(texts: Sequence[Collection[str]]) -> csr_array:
    """-> (texts, tokens) the idf-weighted tokens, each row of norm 1 or empty."""
    ids: dict[str, int] = {}
    columns = np.array([ids.setdefault(token, len(ids)) for tokens in texts for token in sorted(tokens)], np.int64)
    starts = np.concatenate([[0], np.cumsum([len(tokens) for tokens in texts])])
    asks = np.array([FUNCTION_WEIGHT if is_function(token) else 1 for token in ids], np.float32)
    first = _weight_rows(columns, starts, asks, np.ones(len(texts), np.float32))
    return _weight_rows(columns, starts, asks, _compute_shares(first))


def _weight_rows(columns: Places, starts: Places, asks: Scores, shares: Scores) -> csr_array:
    """The rows, with rare tokens counting more; `shares` tell how much each text counts for what is rare."""
    from scipy.sparse import csr_array

    lengths = np.diff(starts)
    frequency = np.bincount(columns, np.repeat(shares, lengths), minlength=len(asks))
    total = shares.sum() + BACKGROUND
    weights = (np.log1p((total - frequency + 0.5) / (frequency + 0.5)) * asks)[columns]
    squares = np.concatenate([[0.0], np.cumsum(weights**2)])
    norms = np.sqrt(squares[starts[1:]] - squares[starts[:-1]])
    values = (weights / np.repeat(np.maximum(norms, 1e-9), lengths)).astype(np.float32)
    return csr_array((values, columns, starts), shape=(len(lengths), max(1, len(asks))))
