"""What finds answers: the models, the index with what people taught, named and showed, and the search over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.app.factories import (
    embedding_models_for,
    fitted_for,
    intent_reader_for,
    load_coverage,
    reranking_for,
    version_store,
)
from bot.app.measurement import Beside
from bot.app.stores import Stores

if TYPE_CHECKING:
    from bot.chat.ports import IntentReader
    from bot.freshness.service import LiveSetAside
    from bot.glossary.service import LiveGlossary
    from bot.learned.service import LiveLearned
    from bot.sources.audiences import LiveAudiences
    from bot.sources.catalogue import Knowledge
    from bot.taught.service import PublishedTaughtAnswers
    from retrieval.audiences import Audience
    from retrieval.coverage import CoverageSummary
    from retrieval.index.index import Index
    from retrieval.interfaces import Retriever
    from retrieval.models.embedding_models import EmbeddingModels
    from retrieval.search.live_index import LiveIndex
    from retrieval.search.profiles import Fitted
    from retrieval.search.query_vectors import QuestionVectors


@dataclass
class SearchParts(Stores):
    """On the stores. Each part is made when first asked for."""

    @cached_property
    def embedding_models(self) -> EmbeddingModels:
        """The embedding models of the settings."""
        return embedding_models_for(self.settings)

    @cached_property
    def question_vectors(self) -> QuestionVectors:
        """The vectors of the last questions: a message is read by the same as it is searched by."""
        from retrieval.search.query_vectors import QuestionVectors

        return QuestionVectors(self.embedding_models)

    @cached_property
    def intent_reader(self) -> IntentReader:
        """What tells questions from what asks nothing."""
        return intent_reader_for(self.settings, self.embedding_models, self.question_vectors)

    @cached_property
    def published_answers(self) -> PublishedTaughtAnswers:
        """The taught answers that are searched."""
        from bot.taught.service import PublishedTaughtAnswers

        return PublishedTaughtAnswers(self.taught_store)

    @cached_property
    def live_glossary(self) -> LiveGlossary:
        """The terms that questions are rewritten with."""
        from bot.glossary.service import LiveGlossary

        return LiveGlossary(self.glossary_store)

    @cached_property
    def live_learned(self) -> LiveLearned:
        """The wordings that customers have shown the entries of."""
        from bot.learned.service import LiveLearned

        return LiveLearned(self.learned_store, self.settings.learn_from)

    @cached_property
    def live_audiences(self) -> LiveAudiences:
        """Whom sources are for."""
        from bot.sources.audiences import LiveAudiences

        def list_taught() -> list[Audience]:
            return [document.audience for document in self.published_answers.current_documents()[1]]

        return LiveAudiences(self.audience_store, list_taught)

    @cached_property
    def live_set_aside(self) -> LiveSetAside:
        """The entries that are not answered from."""
        from bot.freshness.service import LiveSetAside

        return LiveSetAside(self.freshness_store)

    @cached_property
    def live_index(self) -> LiveIndex:
        """The active version's index, swapped when another becomes active."""
        from retrieval.search.live_index import LiveIndex

        index = LiveIndex(
            version_store(self.settings), self.embedding_models, self.published_answers, self.live_set_aside
        )

        async def index_taught_answers() -> None:
            await asyncio.to_thread(index.refresh)

        self.published_answers.on_change(index_taught_answers)
        return index

    @cached_property
    def retriever(self) -> Retriever:
        """Searches the active version, whichever that is at the moment of the question. Raises NoActiveVersion."""
        from retrieval.search.learned_wordings import LearnedRetriever
        from retrieval.search.retriever import LiveRetriever

        store = version_store(self.settings)
        if not self.published_answers.current_documents()[1] and store.active_id() is None:
            store.find_active()  # says that nothing is indexed, before the model is loaded
        reranking = reranking_for(self.settings)
        fitted = fitted_for(self.settings, self.embedding_models)
        live = LiveRetriever(
            self.live_index,
            self.embedding_models,
            reranking,
            self.live_glossary.current,
            fitted,
            self.question_vectors,
            self.live_audiences.current,
        )
        return LearnedRetriever(live, self.live_learned.current)

    def load_fitted(self) -> Fitted:
        """What is searched by now. Raises ModelError."""
        return fitted_for(self.settings, self.embedding_models)

    def describe_knowledge(self) -> Knowledge:
        """What is searched now. Raises NoActiveVersion, CorruptVersion."""
        from bot.sources.catalogue import Knowledge

        version, index = self.live_index.current_index()
        if not version:  # taught answers alone
            return Knowledge("", datetime.now(UTC), 0, len(index.passages), index.shown_documents, index.passages)
        manifest = version_store(self.settings).find_version(version).manifest
        counts = manifest.counts
        made = datetime.fromisoformat(manifest.created_at)
        return Knowledge(version, made, counts["pages"], counts["passages"], index.shown_documents, index.passages)

    def describe_coverage(self) -> CoverageSummary:
        """How much of each page's text the active version knows; of no page while there is none that can be read."""
        return load_coverage(self.settings)

    @property
    def keeping_current(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """What takes in, until cancelled, whatever other processes change of what is answered from."""
        return (
            self.live_audiences.run,
            self.published_answers.run,
            self.live_glossary.run,
            self.live_learned.run,
            self.live_set_aside.run,
        )

    async def load_beside(self) -> None:
        """Take in whom sources are for, and what people taught, named and showed. Raises StorageError."""
        await self.live_audiences.load()
        await self.published_answers.load()
        await self.live_glossary.load()
        await self.live_learned.load()
        await self.live_set_aside.load()

    async def take_in_known(self) -> None:
        """So that the next question finds the newest version, with all that people taught. Raises StorageError."""
        await self.load_beside()
        if self.published_answers.current_documents()[1] or version_store(self.settings).active_id():
            await asyncio.to_thread(self.live_index.refresh)

    async def load_index(self) -> Index:
        """What is searched from this moment on: the newest version with all that people taught. Raises StorageError,
        NoActiveVersion, CorruptVersion."""
        await self.take_in_known()
        return (await asyncio.to_thread(self.live_index.current_index))[1]

    async def known_beside(self) -> Beside:
        """The taught answers and the glossary as they are now. Raises StorageError."""
        await self.published_answers.load()
        await self.live_glossary.load()
        return self._current_beside()

    def _current_beside(self) -> Beside:
        return Beside(self.published_answers.current_documents()[1], self.live_glossary.current())
