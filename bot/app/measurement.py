"""What golden questions are asked of: a version of the index under some settings, as the product would answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from bot.app.factories import embedding_models_for, fitted_for, intent_reader_for, masker, reranking_for, version_store
from bot.errors import InputError
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from bot.evaluation.ask import OnDone
    from bot.evaluation.judge import Judged
    from bot.evaluation.questions import GoldenQuestion
    from bot.evaluation.trial import GoldenTrial
    from retrieval.documents import Document
    from retrieval.index.index import Index
    from retrieval.interfaces import Retriever
    from retrieval.models.embedding_models import EmbeddingModels
    from retrieval.search.profiles import Fitted
    from retrieval.search.rerank import Reranking
    from retrieval.search.retriever import LiveRetriever
    from retrieval.search.synonyms import Glossary

_ELSEWHERE = ("data_dir", "database_url")  # they would name other versions, not another way to answer


@dataclass(frozen=True)
class Side:
    """A version of the index ("" for the active one) under some settings."""

    version: str
    settings: Settings


def settings_with(changes: Sequence[str], over: Settings | None = None) -> Settings:
    """The settings, changed by NAME=VALUE; an empty value is the default. Raises InputError, SettingsError."""
    settings = over or load_settings()
    given: dict[str, Any] = {name: getattr(settings, name) for name in settings.model_fields_set}
    for change in changes:
        name, equals, value = change.partition("=")
        name = name.strip().lower().removeprefix("frontdesk_")
        if not equals or name not in Settings.model_fields:
            raise InputError(f"{change!r} is no setting: write NAME=VALUE, such as answer_threshold=0.6.")
        if name in _ELSEWHERE:
            raise InputError(f"{name} cannot be compared: both sides are versions in one data folder.")
        given.pop(name, None)
        default = Settings.model_fields[name].get_default(call_default_factory=True)
        given[name] = value.strip() or default
    return load_settings(**given)


@dataclass(frozen=True)
class Beside:
    """What people gave to answer with beside the pages, whatever the version."""

    taught: Sequence[Document]
    glossary: Glossary


@dataclass(frozen=True)
class Opened:
    """A side with its index and models loaded."""

    settings: Settings
    index: Index
    models: EmbeddingModels
    glossary: Glossary
    reranking: Reranking | None

    def ask(self, questions: Sequence[GoldenQuestion], on_done: OnDone, fitted: Fitted | None = None) -> list[Judged]:
        """Ask the questions of a search that goes by `fitted` (None: by what it went by last), whose thresholds count
        where the settings name none."""
        import asyncio

        from bot.evaluation.ask import ask_questions
        from bot.evaluation.judge import Entries

        self.retriever.fitted = fitted or self.retriever.fitted
        return asyncio.run(
            ask_questions(
                questions,
                self.retriever,
                Entries(self.index),
                intent_reader_for(self.settings, self.models),
                threshold=self.settings.answer_threshold,
                suggest_threshold=self.settings.suggest_threshold,
                mask=masker(self.settings),
                on_done=on_done,
            )
        )

    @cached_property
    def retriever(self) -> LiveRetriever:
        """What searches it."""
        from retrieval.search.retriever import FixedIndex, LiveRetriever

        fitted = fitted_for(self.settings, self.models)
        return LiveRetriever(FixedIndex(self.index), self.models, self.reranking, lambda: self.glossary, fitted)


def ask_golden(questions: Sequence[GoldenQuestion], side: Side, beside: Beside, *, on_done: OnDone) -> list[Judged]:
    """Ask the questions on a side. For a thread without an event loop. Raises what `open_side` raises."""
    opened = open_side(side, beside)
    return opened.ask(questions, on_done)


def open_side(side: Side, beside: Beside) -> Opened:
    """Load a side.

    A version that was made with another embedding model is embedded anew, in memory, as far as it lacks vectors. Raises
    NoActiveVersion, UnknownVersion, CorruptVersion, ModelError, SettingsError.
    """
    from retrieval.index.build import build_index
    from retrieval.index.index import Index

    settings = side.settings
    store = version_store(settings)
    version = store.find_version(side.version) if side.version else store.find_active()
    store.verify_files(version)
    models = embedding_models_for(settings)
    index = Index.load(version.folder)
    if version.manifest.embedder != models.fingerprint:
        index = build_index(index.documents, models, previous=index, exact_below=settings.hnsw_from)
    return _lay_beside(index, settings, models, beside, reranking_for(settings))


def _lay_beside(
    index: Index, settings: Settings, models: EmbeddingModels, beside: Beside, reranking: Reranking | None
) -> Opened:
    """An index with the taught answers laid over it, as the live one has them."""
    from retrieval.index.build import build_index
    from retrieval.search.same_question import find_same_question_pairs

    if beside.taught:
        added = build_index(beside.taught, models)
        index = index.with_additions(added, find_same_question_pairs(index, added))
    return Opened(settings, index, models, beside.glossary, reranking)


def golden_trial(
    path: Path, settings: Settings, models: Callable[[], EmbeddingModels], beside: Callable[[], Beside]
) -> GoldenTrial:
    """The gate of a refresh: the questions of a file. Raises InputError."""
    from bot.evaluation.questions import read_golden
    from bot.evaluation.trial import GoldenTrial

    reranking = cache(lambda: reranking_for(settings))  # loaded once, for both versions, and not before the crawl

    def open_index(index: Index) -> tuple[Index, Retriever]:
        opened = _lay_beside(index, settings, models(), beside(), reranking())
        return opened.index, opened.retriever

    return GoldenTrial(
        read_golden(path).questions,
        open_index,
        lambda: intent_reader_for(settings, models()),
        threshold=settings.answer_threshold,
        suggest_threshold=settings.suggest_threshold,
        mask=masker(settings),
    )
