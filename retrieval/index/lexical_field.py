"""BM25 over analysed texts. Built by bm25s, searched on its sparse score matrix, which at question size is faster."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.text.analysis import analyse_text

Ids = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

# Lucene's defaults. b of .75 and .3 ranked alike on FAQ sets; k1 hardly matters where words seldom repeat.
K1, B = 1.5, 0.75


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """A query's distinct tokens against one field: `known` ids with their `idf`, and `total`, the idf of all tokens,
    those no text holds included (as rare as can be)."""

    known: Ids
    idf: Scores
    total: float


class LexicalIndex:
    """One field of `count` texts.

    `postings` (by token: text ids and BM25 weights) answer "which texts"; `contents` (by text: its distinct token ids)
    answer "how much of this text". Both in compressed sparse form: the slice i is [starts[i], starts[i + 1]).
    `counted` tells of which texts the idf is, if not of all.
    """

    def __init__(
        self,
        arrays: dict[str, npt.NDArray[np.generic]],
        vocabulary: Sequence[str],
        counted: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self._arrays = arrays
        self._vocabulary = list(vocabulary)
        self._ids = {token: number for number, token in enumerate(vocabulary)}
        self._starts: list[int] = arrays["starts"].tolist()
        self._texts = np.asarray(arrays["texts"], np.int32)
        self._weights = np.asarray(arrays["weights"], np.float32)
        self._content_starts = np.asarray(arrays["content_starts"], np.int64)
        self._contents = np.asarray(arrays["contents"], np.int32)
        self._idf = np.asarray(arrays["idf"], np.float32)
        self._lengths = np.diff(self._content_starts)
        self.count = len(self._content_starts) - 1
        self._is_counted = np.ones(self.count, bool) if counted is None else counted
        self._counted = int(self._is_counted.sum())
        self._unknown_idf = _compute_idf(np.zeros(1), self._counted)[0]
        sums = np.concatenate([[0.0], np.cumsum(self._idf[self._contents], dtype=np.float64)])
        self._text_idf = (sums[self._content_starts[1:]] - sums[self._content_starts[:-1]]).astype(np.float32)

    @classmethod
    def build(cls, texts: Sequence[str], languages: Sequence[str] = ()) -> LexicalIndex:
        """Index `texts`, each in the language of its place (English without any); an empty one is never found."""
        vocabulary: dict[str, int] = {}
        tokens = [
            [vocabulary.setdefault(token, len(vocabulary)) for token in each] for each in _analyse_all(texts, languages)
        ]
        contents = [sorted(set(ids)) for ids in tokens]
        flat = np.array([token for ids in contents for token in ids], np.int32)
        frequency = np.bincount(flat, minlength=len(vocabulary))
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "contents": flat,
            "content_starts": np.concatenate([[0], np.cumsum([len(ids) for ids in contents])]).astype(np.int64),
            "idf": _compute_idf(frequency, len(texts)),
        }
        arrays |= _build_postings(tokens, vocabulary)
        return cls(arrays, list(vocabulary))

    def with_texts(
        self, texts: Sequence[str], counted: npt.NDArray[np.bool_], languages: Sequence[str] = ()
    ) -> LexicalIndex:
        """This index with `texts` after its own, which are not analysed again.

        It scores as if built of all of them, but for two things: the mean length stays that of the texts here, and the
        texts that are not `counted` make no word less rare.
        """
        if not self._vocabulary:
            spoken = ["en"] * self.count + list(languages) if languages else ()
            return LexicalIndex.build([""] * self.count + list(texts), spoken)
        ids = dict(self._ids)
        tokens = [Counter(ids.setdefault(token, len(ids)) for token in each) for each in _analyse_all(texts, languages)]
        contents = [sorted(counter) for counter in tokens]
        sizes = [len(distinct) for distinct in contents]
        flat = np.array([token for distinct in contents for token in distinct], np.int32)
        times = np.array([c[token] for c, distinct in zip(tokens, contents, strict=True) for token in distinct], float)
        lengths = np.repeat([float(counter.total()) for counter in tokens], sizes)
        of = np.repeat(np.arange(self.count, self.count + len(texts), dtype=np.int32), sizes)
        before = np.zeros(len(ids), np.int64)
        before[: len(self._vocabulary)] = np.diff(self._starts)
        frequency = before + np.bincount(flat[counted[of - self.count]], minlength=len(ids))
        total = self._counted + int(counted.sum())
        idf = _compute_idf(frequency, total)
        gained = idf[flat] * times / (times + K1 * (1 - B + B * lengths / self._mean_length))
        order = np.argsort(flat, kind="stable")
        ends = np.cumsum(before)[flat[order]]
        known = idf[: len(self._vocabulary)] / self._idf
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "contents": np.concatenate([self._contents, flat]),
            "content_starts": np.concatenate([self._content_starts, self._content_starts[-1] + np.cumsum(sizes)]),
            "idf": idf,
            "starts": np.concatenate([[0], np.cumsum(before + np.bincount(flat, minlength=len(ids)))]),
            "texts": np.insert(self._texts, ends, of[order]),
            "weights": np.insert(self._weights * np.repeat(known, np.diff(self._starts)), ends, gained[order]),
        }
        return LexicalIndex(arrays, list(ids), np.concatenate([self._is_counted, counted]))

    def select_texts(self, kept: Places) -> LexicalIndex:
        """An index of these texts alone (ascending places), in their order, which are not analysed again.

        It scores as if built of nothing else: no word is known, or less rare, by a text that was left out.
        """
        number = np.full(self.count, -1, np.int64)
        number[kept] = np.arange(len(kept))
        there = number[self._texts] >= 0
        tokens = np.repeat(np.arange(len(self._vocabulary)), np.diff(self._starts))[there]
        texts = number[self._texts[there]]
        counted = self._is_counted[kept]
        used = np.unique(tokens)
        renumbered = np.zeros(len(self._vocabulary), np.int32)
        renumbered[used] = np.arange(len(used))
        idf = _compute_idf(np.bincount(tokens[counted[texts]], minlength=len(self._vocabulary)), int(counted.sum()))
        odds, once = self._term_odds
        empty = np.isinf(once[kept])
        lengths = np.where(empty, 0.0, (1 / (K1 * once[kept]) - (1 - B)) / B)  # by the mean of all
        mean = float(lengths.mean()) if len(texts) else 1.0
        times = odds[there] / once[kept][texts]
        gained = times / (K1 * (1 - B + B * lengths[texts] / mean))
        sizes = self._lengths[kept]
        contents = self._contents[join_ranges(self._content_starts[kept], sizes)]
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "contents": renumbered[contents],
            "content_starts": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            "idf": idf[used],
            "starts": np.concatenate([[0], np.cumsum(np.bincount(renumbered[tokens], minlength=len(used)))]),
            "texts": texts,
            "weights": idf[tokens] * gained / (1 + gained),
        }
        return LexicalIndex(arrays, [self._vocabulary[token] for token in used.tolist()], counted)

    @cached_property
    def _term_odds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """-> (postings,) how often a token stands in its text, by what depends on the text alone, and (texts,) what
        that is for a token that stands there once. Read back from the weights: the rarest token of a text does."""
        share = self._weights / np.repeat(self._idf, np.diff(self._starts))
        odds = (share / (1 - share)).astype(np.float64)
        once = np.full(self.count, np.inf)
        np.minimum.at(once, self._texts, odds)
        return odds, once

    @cached_property
    def _mean_length(self) -> float:
        """How many tokens a text has."""
        odds, once = self._term_odds
        return float((odds / once[self._texts]).sum()) / self.count

    def save(self, path: Path) -> None:
        """Write `path`.npz and `path`.txt (the vocabulary, a token a line)."""
        np.savez(path.with_suffix(".npz"), allow_pickle=False, **self._arrays)
        path.with_suffix(".txt").write_text("\n".join(self._vocabulary), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> LexicalIndex:
        """Read what `save` wrote. Raises OSError or ValueError on files that are missing or broken."""
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            vocabulary = path.with_suffix(".txt").read_text(encoding="utf-8")
            return cls(dict(arrays), vocabulary.split("\n") if vocabulary else [])

    def look_up(self, tokens: Sequence[str]) -> LexicalQuery:
        """Look a query's analysed tokens up."""
        distinct = dict.fromkeys(tokens)
        known = np.array([self._ids[token] for token in distinct if token in self._ids], np.int32)
        idf = self._idf[known]
        unknown = len(distinct) - len(known)
        return LexicalQuery(known, idf, float(idf.sum()) + unknown * float(self._unknown_idf))

    def find_same_words(self, text: str, language: str = "en") -> list[int]:
        """The texts here that have exactly the words of `text`, in whatever case, form and punctuation."""
        words = set(analyse_text(text, language))
        if not words or not words <= self._ids.keys():
            return []
        tokens = sorted(self._ids[word] for word in words)
        rarest = min(tokens, key=lambda token: self._starts[token + 1] - self._starts[token])
        texts = self._texts[self._starts[rarest] : self._starts[rarest + 1]]
        sizes = self._content_starts[texts + 1] - self._content_starts[texts]
        fitting = texts[sizes == len(tokens)].tolist()
        return [number for number in fitting if self._content_ids(number).tolist() == tokens]

    def find_texts_with_all(self, tokens: Sequence[str]) -> Ids:
        """The texts here that have every one of these tokens; none for no tokens."""
        if not tokens or not self._ids.keys() >= set(tokens):
            return np.zeros(0, np.int32)
        ids = {self._ids[token] for token in tokens}
        lists = sorted((self._texts[self._starts[each] : self._starts[each + 1]] for each in ids), key=len)
        found = lists[0]
        for other in lists[1:]:
            found = found[np.isin(found, other)]
        return found

    def score_bm25(self, query: LexicalQuery) -> Scores:
        """-> (count,) BM25 divided by the query's idf, so that 0 shares no token and 1 is the bound."""
        scores = np.zeros(self.count, np.float32)
        for token in query.known.tolist():
            start, end = self._starts[token], self._starts[token + 1]
            scores[self._texts[start:end]] += self._weights[start:end]
        if query.total:
            scores /= query.total
        return scores

    def measure_overlap(self, query: LexicalQuery, texts: Places) -> tuple[Scores, Scores]:
        """-> for each of `texts`, the idf it shares with the query as a part of (the query's, its own), in 0..1."""
        starts, lengths = self._content_starts[texts], self._lengths[texts]
        tokens = self._contents[join_ranges(starts, lengths)]
        weights = np.zeros(len(self._idf) + 1, np.float32)
        weights[query.known] = query.idf
        sums = np.concatenate([[0.0], np.cumsum(weights[tokens], dtype=np.float64)])
        ends = np.cumsum(lengths)
        shared = (sums[ends] - sums[ends - lengths]).astype(np.float32)
        return shared / max(query.total, 1e-9), shared / np.maximum(self._text_idf[texts], 1e-9)

    def has_all(self, tokens: Sequence[str], text: int) -> bool:
        """Whether the text has every one of these tokens."""
        held = set(self._content_ids(text).tolist())
        return all(self._ids.get(token, -1) in held for token in tokens)

    def _content_ids(self, text: int) -> Ids:
        return self._contents[self._content_starts[text] : self._content_starts[text + 1]]


def join_ranges(starts: Places, lengths: Places) -> Places:
    """The concatenation of arange(start, start + length) for each pair."""
    ends = np.cumsum(lengths)
    steps: Places = np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    steps += np.repeat(starts - (ends - lengths), lengths)
    return steps


def _analyse_all(texts: Sequence[str], languages: Sequence[str]) -> list[list[str]]:
    return list(map(analyse_text, texts, languages or repeat("en")))


def _compute_idf(frequency: npt.NDArray[np.generic], count: int) -> Scores:
    """Lucene's idf, never negative: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    n = frequency.astype(np.float64)
    return np.log1p((count - n + 0.5) / (n + 0.5)).astype(np.float32)


def _build_postings(tokens: list[list[int]], vocabulary: dict[str, int]) -> dict[str, npt.NDArray[np.generic]]:
    if not vocabulary:
        return {"starts": np.zeros(1, np.int64), "texts": np.zeros(0, np.int32), "weights": np.zeros(0, np.float32)}
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG
    matrix = bm25s.BM25(method="lucene", k1=K1, b=B)
    matrix.index((tokens, vocabulary), show_progress=False, create_empty_token=False)
    return {
        "starts": np.asarray(matrix.scores["indptr"], np.int64),
        "texts": np.asarray(matrix.scores["indices"], np.int32),
        "weights": np.asarray(matrix.scores["data"], np.float32),
    }
