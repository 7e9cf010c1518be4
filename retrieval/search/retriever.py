"""The Retriever: a query becomes ranked passages and a confidence, in worker threads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from retrieval.audiences import EVERYTHING, Audiences, Viewer
from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.index.nearest_vectors import search_on_one_thread
from retrieval.interfaces import Embedder
from retrieval.models.embedding_models import EmbeddingModels, combine_models, name_model
from retrieval.search import query_variants
from retrieval.search.audience_views import AudienceViews
from retrieval.search.fitted import load_fitted
from retrieval.search.pasted_logs import question_of
from retrieval.search.profiles import Fitted, Profile
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.rerank import Reranking
from retrieval.search.search import Search
from retrieval.search.spelling import Spellings
from retrieval.search.synonyms import MOST_VARIANTS, Glossary, QueryVariant
from retrieval.text.languages import COMMON_LANGUAGES, detect_language

MINORITY = 0.02  # a language with less of the index does not count as one of it


class ActiveIndex(Protocol):
    """Where the index comes from at the moment of a question."""

    def current_index(self) -> tuple[str, Index]:
        """Version id and index. Raises NoActiveVersion, CorruptVersion."""


class LiveRetriever:
    """Implements the port `Retriever` on whatever index is active.

    As many questions are worked on at once as there are cores, each on one thread: a small model and a search of a
    millisecond gain nothing from more. `glossary` gives what questions are rewritten with, `audiences` whom sources are
    for, both at every question; `vectors` remembers those of questions, for others as well.
    """

    def __init__(
        self,
        live: ActiveIndex,
        models: Embedder | EmbeddingModels,
        reranking: Reranking | None = None,
        glossary: Callable[[], Glossary] = Glossary,
        fitted: Fitted | None = None,
        vectors: QuestionVectors | None = None,
        audiences: Callable[[], Audiences] = Audiences,
    ) -> None:
        models = combine_models(models)
        self._live = live
        self._models = models
        self._reranking = reranking
        self._glossary = glossary
        self.fitted = fitted or load_fitted(models)
        self._vectors = vectors or QuestionVectors(models)
        self._audiences = audiences
        self._views = AudienceViews()
        self._occurrences = query_variants.Occurrences()
        self._spellings = Spellings(models.count_tokens)
        cores = len(os.sched_getaffinity(0))
        self._threads = ThreadPoolExecutor(cores, "retrieve", initializer=search_on_one_thread)

    async def retrieve(
        self, query: str, *, context: Sequence[str] = (), limit: int = 10, viewer: Viewer = EVERYTHING
    ) -> RetrievalResult:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._retrieve_on_thread, query, tuple(context), limit, viewer)

    def _retrieve_on_thread(
        self, message: str, context: tuple[str, ...], limit: int, viewer: Viewer
    ) -> RetrievalResult:
        started = time.perf_counter()
        version, index = self._live.current_index()
        audiences = self._audiences().at_version(version)
        index = self._views.find_view(index, audiences, viewer)
        loaded = time.perf_counter()
        text = question_of(message, index)
        language = detect_query_language(text, index)
        profiles = choose_profiles(self.fitted, language, index)
        search = Search(
            index, text, language, self._find_variants(index, text), context, self._vectors, self._reranking
        )
        found = search.search_by(profiles[0])
        for profile in profiles[1:]:
            if profile.tried_from <= found.confidence < found.profile.answer:
                found = search.search_by(profile)
        passages = tuple(
            replace(each, audience=audience) if (audience := audiences.find_audience(each.passage.document)) else each
            for each in found.score_passages(index, limit)
        )
        return RetrievalResult(
            query=message,
            language=language,
            passages=passages,
            confidence=found.confidence,
            index_version=version,
            embedder=self._models.fingerprint,
            features=found.features,
            timings_ms={"load": (loaded - started) * 1000, **_collect_timings(search, loaded)},
            rewritten=tuple(each.text for each in search.variants),
            family=found.list_family(passages),
            answer_from=found.profile.answer,
            suggest_from=found.profile.suggest,
            profile=found.profile.name,
        )

    def _find_variants(self, index: Index, text: str) -> Sequence[QueryVariant]:
        """What is searched beside the query: what it says in the company's words, else what it was meant to say."""
        if variants := self._glossary().rewrite_query(text, self._occurrences.make_lookup(index)):
            return variants
        meant = self._spellings.find_spelling(index).correct_query(text)
        if not meant:
            return ()
        return [QueryVariant(meant), *self._glossary().rewrite_query(meant, self._occurrences.make_lookup(index))][
            :MOST_VARIANTS
        ]


def _collect_timings(search: Search, since: float) -> dict[str, float]:
    embedding = search.embedding_ms
    return {"embed": embedding, "search": (time.perf_counter() - since) * 1000 - embedding}


def detect_query_language(text: str, index: Index) -> str:
    """The language of a question; the index's main one where it is too short to tell."""
    pages = index.languages
    return detect_language(text, index.main_language, {*pages, *COMMON_LANGUAGES}, pages)


def choose_profiles(fitted: Fitted, language: str, index: Index) -> list[Profile]:
    """By the language of the query, and that of the documents it is about: its own where the index has it, else the
    index's most frequent."""
    shares = index.languages
    own = not shares or shares[language] >= MINORITY * shares.total()
    target = language if own else max(shares, key=shares.__getitem__)
    available = [name_model(field.model) for field in index.fields]
    return fitted.choose_profiles(language, target, worded=index.has_several_wordings, available=available)


class FixedIndex:
    """An ActiveIndex that never changes."""

    def __init__(self, index: Index, version: str = "") -> None:
        self._current = version, index

    def current_index(self) -> tuple[str, Index]:
        """The one index."""
        return self._current


def retriever_over(
    documents: Sequence[Document],
    models: Embedder | EmbeddingModels,
    reranking: Reranking | None = None,
    fitted: Fitted | None = None,
) -> LiveRetriever:
    """A retriever over `documents` alone, indexed in memory."""
    return LiveRetriever(FixedIndex(build_index(documents, models)), models, reranking, fitted=fitted)
