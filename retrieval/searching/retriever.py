"""The Retriever: a query becomes ranked passages and a confidence, in worker threads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from retrieval.documents import Document, RetrievalResult, ScoredPassage
from retrieval.indexing.building import build_index
from retrieval.indexing.dense import search_on_one_thread
from retrieval.indexing.index import Index
from retrieval.indexing.lexical import Places, Scores
from retrieval.interfaces import Embedder
from retrieval.searching import calibration, contexts, fusion, signals
from retrieval.searching.fusion import BRIDGED, LEXICAL, SEMANTIC, Profile
from retrieval.searching.languages import LanguageProbe
from retrieval.searching.signals import SIGNALS, Candidates
from retrieval.text import detect_language

MINORITY = 0.02  # a language with less of the corpus does not count as one of it


class ActiveIndex(Protocol):
    """Where the index comes from at the moment of a question."""

    def current(self) -> tuple[str, Index]:
        """Version id and index. Raises NoActiveVersion, CorruptVersion, FingerprintMismatch."""


class LiveRetriever:
    """Implements the port `Retriever` on whatever index is active.

    As many questions are worked on at once as there are cores, each on one thread: a small model and a search of a
    millisecond gain nothing from more.
    """

    def __init__(self, live: ActiveIndex, embedder: Embedder) -> None:
        self._live = live
        self._embedder = embedder
        self._probe = LanguageProbe(embedder)
        cores = len(os.sched_getaffinity(0))
        self._threads = ThreadPoolExecutor(cores, "retrieve", initializer=search_on_one_thread)

    async def retrieve(self, query: str, *, context: Sequence[str] = (), limit: int = 10) -> RetrievalResult:
        """See the port."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._retrieve, query, tuple(context), limit)

    def _retrieve(self, text: str, context: tuple[str, ...], limit: int) -> RetrievalResult:
        started = time.perf_counter()
        version, index = self._live.current()
        loaded = time.perf_counter()
        language = detect_language(text)
        profile = choose_profile(self._probe, language, index)
        vector = self._embedder.embed_queries([text])[0]
        embedded = time.perf_counter()
        query = signals.prepare(index, text, vector, concepts=profile.concepts)
        rows = index.dense.search(vector[None], signals.NEAREST)[0]
        if context:
            gains = contexts.topics(index, text, context)
            candidates = signals.gather(index, query, rows, [contexts.on_topic(index, gains)])
            leaning = contexts.lean(index, candidates, gains, context, concepts=profile.concepts)
            scores = fusion.fuse(candidates, profile) + leaning
            whole = contexts.joined(text, context)
            judged = signals.prepare(index, whole, self._embedder.embed_queries([whole])[0], concepts=profile.concepts)
        else:
            candidates = signals.gather(index, query, rows)
            scores = fusion.fuse(candidates, profile)
            judged = query
        preferred = fusion.prefer(candidates, scores, index.twins)
        ranking = fusion.rank(candidates, preferred)
        features = calibration.describe(index, judged, candidates, ranking, scores)
        passages = _scored(index, candidates, ranking[:limit], preferred)
        searched = time.perf_counter()
        return RetrievalResult(
            query=text,
            language=language,
            passages=passages,
            confidence=calibration.confidence(features, calibration.COEFFICIENTS[profile.name]),
            index_version=version,
            embedder=self._embedder.fingerprint,
            features=features,
            timings_ms={
                "load": (loaded - started) * 1000,
                "embed": (embedded - loaded) * 1000,
                "search": (searched - embedded) * 1000,
            },
        )


def choose_profile(probe: LanguageProbe, language: str, index: Index) -> Profile:
    """By whether the embedder connects the query's language with that of the documents it is about: its own where the
    corpus has it, else the corpus's most frequent."""
    shares = index.languages
    if not shares:
        return SEMANTIC
    own = shares[language] >= MINORITY * shares.total()
    target = language if own else max(shares, key=shares.__getitem__)
    if probe.knows(language, target):
        return SEMANTIC
    return LEXICAL if language == target else BRIDGED


class FixedIndex:
    """An ActiveIndex that never changes."""

    def __init__(self, index: Index, version: str = "") -> None:
        self._current = version, index

    def current(self) -> tuple[str, Index]:
        """The one index."""
        return self._current


def retriever_over(documents: Sequence[Document], embedder: Embedder) -> LiveRetriever:
    """A retriever over `documents` alone, indexed in memory."""
    return LiveRetriever(FixedIndex(build_index(documents, embedder)), embedder)


def _scored(index: Index, candidates: Candidates, ranking: Places, scores: Scores) -> tuple[ScoredPassage, ...]:
    values = candidates.values[ranking].tolist()
    return tuple(
        ScoredPassage(index.passages[place], score, dict(zip(SIGNALS, row, strict=True)))
        for place, score, row in zip(
            candidates.passages[ranking].tolist(), np.round(scores[ranking], 4).tolist(), values, strict=True
        )
    )
