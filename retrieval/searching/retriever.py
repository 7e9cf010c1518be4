"""The Retriever: a query becomes ranked passages and a confidence, in worker threads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import Protocol

import numpy as np

from retrieval.documents import Document, RetrievalResult, ScoredPassage
from retrieval.indexing.building import build_index
from retrieval.indexing.dense import search_on_one_thread
from retrieval.indexing.index import Index
from retrieval.indexing.lexical import Places, Scores
from retrieval.interfaces import Embedder
from retrieval.searching import calibration, contexts, families, fusion, rewriting, signals
from retrieval.searching.glossary import MOST_VARIANTS, Glossary, Variant
from retrieval.searching.languages import LanguageProbe
from retrieval.searching.pasted import question_of
from retrieval.searching.profiles import BRIDGED, GLOSSED, LEXICAL, SEMANTIC, SIGNALS, WORDED, Profile
from retrieval.searching.reranking import Reranking
from retrieval.searching.rewriting import Rewritten
from retrieval.searching.signals import Candidates, Query
from retrieval.searching.spelling import Spellings
from retrieval.text import detect_language

FOREIGN = 3.0
"""In score, which is a log-likelihood: what a document in another script than the question's lacks where there are some
in its own; glosses let the two meet."""
MINORITY = 0.02  # a language with less of the corpus does not count as one of it


class ActiveIndex(Protocol):
    """Where the index comes from at the moment of a question."""

    def current(self) -> tuple[str, Index]:
        """Version id and index. Raises NoActiveVersion, CorruptVersion, FingerprintMismatch."""


class LiveRetriever:
    """Implements the port `Retriever` on whatever index is active.

    As many questions are worked on at once as there are cores, each on one thread: a small model and a search of a
    millisecond gain nothing from more. `glossary` gives what questions are rewritten with, at every question.
    """

    def __init__(
        self,
        live: ActiveIndex,
        embedder: Embedder,
        reranking: Reranking | None = None,
        glossary: Callable[[], Glossary] = Glossary,
    ) -> None:
        self._live = live
        self._embedder = embedder
        self._reranking = reranking
        self._glossary = glossary
        self._occurrences = rewriting.Occurrences()
        self._spellings = Spellings(embedder.count_tokens)
        self._probe = LanguageProbe(embedder)
        cores = len(os.sched_getaffinity(0))
        self._threads = ThreadPoolExecutor(cores, "retrieve", initializer=search_on_one_thread)

    async def retrieve(self, query: str, *, context: Sequence[str] = (), limit: int = 10) -> RetrievalResult:
        """See the port."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._retrieve, query, tuple(context), limit)

    def _retrieve(self, message: str, context: tuple[str, ...], limit: int) -> RetrievalResult:
        started = time.perf_counter()
        version, index = self._live.current()
        loaded = time.perf_counter()
        text = question_of(message, index)
        language = detect_language(text)
        profile = choose_profile(self._probe, language, index)
        native = profile in (SEMANTIC, WORDED)
        variants = self._variants(index, text)
        said = variants[0].text if variants else text
        vector, *others = self._embedder.embed_queries([text, *(each.text for each in variants)])
        query = signals.prepare(index, text, vector, profile)
        in_context = None if not context or contexts.has_topic(text) else self._after(index, said, context, profile)
        embedded = time.perf_counter()
        rows = index.dense.search(vector[None], signals.NEAREST)[0]
        rewritten = rewriting.search(index, variants, others, profile)
        also = [each.candidates.passages for each in rewritten]
        if context:
            gains = contexts.topics(index, text, context)
            also.append(contexts.on_topic(index, gains))
        own = signals.gather(index, query, rows, also)
        candidates = rewriting.best_of(index, own, rewritten)
        fused = fusion.fuse(candidates, profile)
        if in_context and contexts.bare(text):
            after = signals.measure(index, in_context, candidates.passages)
            fused = contexts.mixed(fused, fusion.fuse(after, profile))
        scores = self._at_home(index, candidates, fused, language, native)
        if context:
            scores = scores + contexts.lean(index, candidates, gains, context, concepts=profile.concepts)
        if self._reranking:
            read = in_context.text if in_context else said
            scores = self._reranking.rescore(read, index.passages, candidates, scores)
        preferred = fusion.prefer(candidates, scores, index.twins)
        ranking = fusion.rank(candidates, preferred)
        named = "\n".join([text, *(each.text for each in variants)])
        family = families.find_family(index, named, candidates.documents[ranking], preferred[ranking])
        if family.differ and in_context:
            family = families.find_family(index, in_context.text, candidates.documents[ranking], preferred[ranking])
        preferred = families.settle(family, candidates.documents, preferred)
        ranking = fusion.rank(candidates, preferred)
        features = min(
            (
                calibration.describe(index, each, candidates, ranking, scores, family, anew=each is not query)
                for each in self._judged(index, query, own, rewritten, candidates.passages[ranking], in_context)
            ),
            key=lambda each: calibration.confidence(each, profile),
        )
        passages = _scored(index, candidates, ranking[:limit], preferred, profile)
        meant = np.isin(candidates.documents[ranking[:limit]], family.meant).tolist()
        searched = time.perf_counter()
        return RetrievalResult(
            query=message,
            language=language,
            passages=passages,
            confidence=calibration.confidence(features, profile),
            index_version=version,
            embedder=self._embedder.fingerprint,
            features=features,
            timings_ms={
                "load": (loaded - started) * 1000,
                "embed": (embedded - loaded) * 1000,
                "search": (searched - embedded) * 1000,
            },
            rewritten=tuple(each.text for each in variants),
            family=tuple(compress(passages, meant)) if family.differ else (),
        )

    def _variants(self, index: Index, text: str) -> Sequence[Variant]:
        """What is searched beside the query: what it says in the company's words, else what it was meant to say."""
        if variants := self._glossary().variants(text, self._occurrences.of(index)):
            return variants
        meant = self._spellings.of(index).mend(text)
        if not meant:
            return ()
        return [Variant(meant), *self._glossary().variants(meant, self._occurrences.of(index))][:MOST_VARIANTS]

    def _after(self, index: Index, meant: str, context: tuple[str, ...], profile: Profile) -> Query:
        """The question after what was asked last. Embedded by itself: company changes a vector a little."""
        text = contexts.joined(meant, context)
        return signals.prepare(index, text, self._embedder.embed_queries([text])[0], profile)

    def _at_home(self, index: Index, candidates: Candidates, scores: Scores, language: str, native: bool) -> Scores:
        """The scores, lower for what is in another script that the model reads as a gloss only, unless all is. A
        question that is not in a language `native` to the model may itself be answered by what is."""
        scripts = index.scripts[candidates.documents]
        foreign = scripts != language
        if not native or not foreign.any() or foreign.all():
            return scores
        read = [script for script in np.unique(scripts).tolist() if self._probe.knows(language, script)]
        lacking: Scores = (foreign & ~np.isin(scripts, read)).astype(np.float32)
        return scores - np.float32(FOREIGN) * lacking

    def _judged(
        self,
        index: Index,
        query: Query,
        own: Candidates,
        rewritten: Sequence[Rewritten],
        ranked: Places,
        in_context: Query | None,
    ) -> list[Query]:
        """What the first of the `ranked` passages is judged by: the wording of the question that fits it best and, if
        that needs the conversation, the question after what was asked last. An answer has to fit both; one that names
        all that a bare question says the latter alone."""
        best, profile = query, query.profile
        if rewritten and len(ranked):
            by = rewriting.judged_by(index, int(ranked[0]), own, rewritten, lambda each: fusion.fuse(each, profile))
            best = by.query if by else query
        if not in_context:
            return [best]
        named = len(ranked) and contexts.bare(query.text) and contexts.names(index, int(ranked[0]), query.text)
        return [in_context] if named else [best, in_context]


def choose_profile(probe: LanguageProbe, language: str, index: Index) -> Profile:
    """By whether the embedder connects the query's language with that of the documents it is about: its own where the
    corpus has it, else the corpus's most frequent."""
    shares = index.languages
    if not shares:
        return SEMANTIC
    own = shares[language] >= MINORITY * shares.total()
    target = language if own else max(shares, key=shares.__getitem__)
    if probe.knows(language, target):
        return WORDED if index.worded else SEMANTIC
    if probe.glosses(language, target):
        return GLOSSED if language == target else BRIDGED
    return LEXICAL


class FixedIndex:
    """An ActiveIndex that never changes."""

    def __init__(self, index: Index, version: str = "") -> None:
        self._current = version, index

    def current(self) -> tuple[str, Index]:
        """The one index."""
        return self._current


def retriever_over(
    documents: Sequence[Document], embedder: Embedder, reranking: Reranking | None = None
) -> LiveRetriever:
    """A retriever over `documents` alone, indexed in memory."""
    return LiveRetriever(FixedIndex(build_index(documents, embedder)), embedder, reranking)


def _scored(
    index: Index, candidates: Candidates, ranking: Places, scores: Scores, profile: Profile
) -> tuple[ScoredPassage, ...]:
    values = candidates.values[ranking].tolist()
    return tuple(
        ScoredPassage(
            index.passages[place],
            score,
            {name: value for name, value in zip(SIGNALS, row, strict=True) if name in profile.weights},
        )
        for place, score, row in zip(
            candidates.passages[ranking].tolist(), np.round(scores[ranking], 4).tolist(), values, strict=True
        )
    )
