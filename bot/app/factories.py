"""Parts made from the settings alone. Imports stand inside the functions: each command pays for what it uses."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from bot.answering.attribution.attributor import Attributor
    from bot.chat.conversation import Turn
    from bot.chat.ports import IntentReader
    from bot.evaluation.question_files import Evaluation
    from inference.vllm import VllmGenerator
    from retrieval.coverage import CoverageSummary
    from retrieval.crawling import CrawlSettings
    from retrieval.documents import Document, Selectors, Source
    from retrieval.extraction import ExtractedPage
    from retrieval.index.versions import VersionStore
    from retrieval.interfaces import Crawler, Fetch
    from retrieval.models.embedding_models import EmbeddingModels
    from retrieval.search.profiles import Fitted
    from retrieval.search.query_vectors import QuestionVectors
    from retrieval.search.rerank import Reranking


class _UnfailingStream:
    """Writes where it can: that a disk is full, or a pipe closed, is no reason to stop answering."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # the latter where it was closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logging(settings: Settings) -> None:
    """Structured logs on stderr from the level of the settings up."""
    import logging
    import sys

    import structlog

    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # not rich's, which shows what variables hold
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _UnfailingStream(sys.stderr))),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)  # on the handler: some libraries raise their own loggers to DEBUG
    logging.basicConfig(handlers=[handler], force=True)
    # They would write messages and tokens into a debugging log.
    for chatty in ("discord", "slack_bolt", "slack_sdk", "mcp", "sse_starlette"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def version_store(settings: Settings) -> VersionStore:
    """The index versions in the data folder."""
    from retrieval.index.versions import VersionStore

    return VersionStore(settings.data_dir / "index", settings.keep_versions)


def load_coverage(settings: Settings) -> CoverageSummary:
    """How much of each page's text the active version knows; of no page while there is none that can be read."""
    from retrieval.coverage import CoverageSummary
    from retrieval.errors import CorruptVersion, NoActiveVersion
    from retrieval.index.page_records import read_coverage

    try:
        folder = version_store(settings).find_active().folder
    except (NoActiveVersion, CorruptVersion):
        return CoverageSummary((), settings.min_coverage)
    return CoverageSummary(read_coverage(folder), settings.min_coverage)


def embedding_models_for(settings: Settings) -> EmbeddingModels:
    """The embedding models of the settings, in order. Raises ModelError."""
    from retrieval.models.embedder import load_embedder
    from retrieval.models.embedding_models import EmbeddingModels
    from retrieval.models.packages import find_package
    from retrieval.models.weights import Prompts

    configure_logging(settings)
    given, cache = (
        Prompts(settings.embedding_query_prefix, settings.embedding_document_prefix),
        settings.data_dir / "models",
    )
    return EmbeddingModels(
        tuple(
            load_embedder(name, cache, settings.embedding_onnx, None if find_package(name) else given)
            for name in settings.embedding_models
        )
    )


def intent_reader_for(
    settings: Settings, models: EmbeddingModels, vectors: QuestionVectors | None = None
) -> IntentReader:
    """What tells questions from what asks nothing, by the embedding models; `vectors` are those of a search beside."""
    from bot.answering.intent.reader import LearnedReader

    return LearnedReader(models, settings.data_dir / "models", vectors)


def own_fit_of(settings: Settings, models: EmbeddingModels) -> Path:
    """Where a team's own fit for these models lies, if it has one."""
    from retrieval.search.fitted import place_own

    return place_own(models, settings.data_dir)


def fitted_for(settings: Settings, models: EmbeddingModels) -> Fitted:
    """What a search goes by: this team's own fit, else what Frontdesk comes with, as where the own one is broken."""
    import structlog

    from retrieval.errors import ModelError
    from retrieval.search.fitted import load_fitted

    try:
        return load_fitted(models, own_fit_of(settings, models))
    except ModelError as error:
        configure_logging(settings)
        structlog.get_logger(__name__).warning("this team's own fit is not used", cause=str(error))
        return load_fitted(models)


def reranking_for(settings: Settings) -> Reranking | None:
    """What reads the best passages again, if the settings name a cross-encoder. Raises ModelError."""
    if not settings.reranker:
        return None
    from retrieval.models.reranker import load_reranker
    from retrieval.search.rerank import Reranking

    configure_logging(settings)
    reranker = load_reranker(settings.reranker, settings.data_dir / "models", onnx=settings.embedding_onnx)
    return Reranking(reranker, settings.rerank_top)


def attributor_for(settings: Settings, models: EmbeddingModels) -> Attributor:
    """What finds the passage that carries a written sentence. Raises ModelError."""
    from bot.answering.attribution.attributor import Attributor

    if not settings.entailment_model:
        return Attributor(models)
    from retrieval.models.entailment import load_entailment

    configure_logging(settings)
    return Attributor(models, load_entailment(settings.entailment_model, settings.data_dir / "models"))


def generator_for(settings: Settings) -> VllmGenerator:
    """The vLLM servers of the settings."""
    from inference.interfaces import Limits
    from inference.vllm import VllmGenerator

    total = settings.vllm_seconds
    usual = Limits()
    limits = Limits(
        first=min(usual.first, total),
        between=min(usual.between, total),
        total=total,
        concurrency=settings.vllm_concurrency,
    )
    key = settings.vllm_api_key.get_secret_value()
    return VllmGenerator(settings.vllm_url, model=settings.vllm_model, api_key=key, limits=limits)


def crawler_for(settings: Settings) -> Crawler:
    """The crawler, behind its address guard."""
    from retrieval.crawling import crawler_for as make

    configure_logging(settings)
    return make(_read_crawl_settings(settings))


def _read_crawl_settings(settings: Settings) -> CrawlSettings:
    from importlib.metadata import version

    from retrieval.crawling import CrawlSettings
    from retrieval.crawling.settings import MIB

    return CrawlSettings(
        allow=settings.crawl_allow,
        delay=settings.crawl_delay,
        concurrency=settings.crawl_concurrency,
        max_pages=settings.crawl_max_pages,
        max_depth=settings.crawl_max_depth,
        page_timeout=settings.crawl_page_timeout,
        max_seconds=settings.crawl_max_seconds,
        document_bytes=int(settings.crawl_document_mib * MIB),
        contact=settings.crawl_contact,
        version=version("frontdesk"),
        cache=settings.data_dir / "crawl",
        browser=settings.browser,
        intercom_token=settings.intercom_token.get_secret_value(),
    )


def explanation(turn: Turn) -> RenderableType:
    """Why the turn was answered as it was, with every passage and measure."""
    from bot.platforms.terminal.explanation import draw_explanation

    return draw_explanation(turn, measures=True)


def read_page(location: str, settings: Settings, selectors: Selectors | None = None) -> ExtractedPage:
    """What comes out of one file or URL. Raises SourceError, ExtractionError."""
    from retrieval.extraction.process import ExtractionProcess

    fetch = _fetch(location, settings)
    with ExtractionProcess() as extractor:
        return extractor.extract_page(fetch.body, fetch.url, fetch.content_type, selectors)


def _fetch(location: str, settings: Settings) -> Fetch:
    from bot.sources.location import describe_source
    from retrieval.crawling import read_file
    from retrieval.errors import SourceError
    from retrieval.interfaces import FetchOutcome

    if "://" not in location:
        return read_file(Path(location), _read_crawl_settings(settings))
    source = describe_source(location, single_page=True)
    fetches = list(crawler_for(settings).crawl(source, {}))
    for fetch in fetches:
        if fetch.outcome is FetchOutcome.FETCHED:
            return fetch
    reason = fetches[0].reason if fetches else "nothing came back"
    raise SourceError(f"{location} cannot be read: {reason}.")


def evaluate_files(
    faqs: Path,
    queries: Path,
    settings: Settings | None = None,
    *,
    on_done: Callable[[int, int], None] = lambda _done, _of: None,
) -> Evaluation:
    """Run the product's retrieval and decision over a question set. Raises InputError, ModelError."""
    from bot.evaluation.question_files import evaluate_queries
    from retrieval.search.retriever import retriever_over

    settings = settings or load_settings()
    models, reranking = embedding_models_for(settings), reranking_for(settings)
    fitted = fitted_for(settings, models)
    return evaluate_queries(
        faqs,
        queries,
        lambda documents: retriever_over(documents, models, reranking, fitted),
        threshold=settings.answer_threshold,
        suggest_threshold=settings.suggest_threshold,
        on_done=on_done,
    )


def read_first_pages(source: Source, settings: Settings) -> list[Document]:
    """What the pages of a source hold, as far as its own limits let it be read. Raises SourceError."""
    from retrieval.errors import ExtractionError, SourceError
    from retrieval.extraction.process import ExtractionProcess
    from retrieval.interfaces import FetchOutcome

    documents: list[Document] = []
    reason = ""
    with ExtractionProcess() as extractor:
        for fetch in crawler_for(settings).crawl(source, {}):
            if fetch.outcome is FetchOutcome.PROBED:
                continue
            if fetch.outcome is FetchOutcome.SCRIPTED:
                reason = f"{fetch.reason}: add it with --render"
            if fetch.outcome is not FetchOutcome.FETCHED:
                reason = reason or fetch.reason
                continue
            try:
                documents += extractor.extract(fetch.body, fetch.url, fetch.content_type, source.selectors)
            except ExtractionError as error:
                reason = reason or str(error)
    if not documents and reason:
        raise SourceError(f"{source.location} cannot be read: {reason.rstrip('.')}.")
    return documents


def masker(settings: Settings) -> Callable[[str], str]:
    """What hides personal data before a text is kept."""
    from bot.masking import Masker

    return Masker(frozenset(settings.mask)).mask
