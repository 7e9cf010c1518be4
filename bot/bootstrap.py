"""The composition root: Settings -> Application. The only place that names concrete parts.

Every import of a part is inside the function that needs it: `frontdesk sources list` pays for no FAISS,
`frontdesk ask` for no torch and no Scrapy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SettingsError, StorageError
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bot.adapters.discord.app import DiscordAdapter, DiscordConfig
    from bot.adapters.serving import Adapter
    from bot.adapters.slack.app import SlackAdapter, SlackConfig
    from bot.adapters.terminal import Terminal
    from bot.adapters.web.metrics import Metrics
    from bot.answers.answering import Answering
    from bot.answers.evaluation import Evaluation
    from bot.conversation import Turn
    from bot.desk.desk import Desk
    from bot.interfaces import (
        AnswerWriter,
        ConversationStore,
        Inbox,
        Markers,
        QuestionReader,
        RefreshLog,
        SourceStore,
    )
    from bot.knowledge.catalogue import Catalogue, Knowledge
    from bot.knowledge.refreshing import Refreshing, RefreshRequest
    from bot.storage.database import Database
    from inference.vllm import VllmGenerator
    from retrieval.documents import Document, Selectors, Source
    from retrieval.indexing.versions import VersionStore
    from retrieval.interfaces import Crawler, Embedder, Fetch, Retriever
    from retrieval.refresh import Progress, RefreshReport
    from retrieval.searching.live import LiveIndex


@dataclass(frozen=True)
class Application:
    """The use cases on an open database. Parts are made when first asked for."""

    settings: Settings
    database: Database

    @cached_property
    def conversations(self) -> ConversationStore:
        """Conversations, turns and feedback."""
        from bot.storage.conversations import SqlConversationStore

        return SqlConversationStore(self.database)

    @cached_property
    def sources(self) -> SourceStore:
        """The sources an admin named."""
        from bot.storage.sources import SqlSourceStore

        return SqlSourceStore(self.database)

    @cached_property
    def refreshes(self) -> RefreshLog:
        """What refreshes did and when."""
        from bot.storage.refreshes import SqlRefreshLog

        return SqlRefreshLog(self.database)

    @cached_property
    def refreshing(self) -> Refreshing:
        """The refresh use case."""
        from bot.knowledge.refreshing import Refreshing

        return Refreshing(self.sources, self.refreshes, self._run_refresh)

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model of the settings."""
        return embedder_for(self.settings)

    @cached_property
    def live_index(self) -> LiveIndex:
        """The active version's index, swapped when another becomes active."""
        from retrieval.searching.live import LiveIndex

        return LiveIndex(version_store(self.settings), self.embedder)

    @cached_property
    def retriever(self) -> Retriever:
        """Searches the active version, whichever that is at the moment of the question. Raises NoActiveVersion."""
        from retrieval.searching.retriever import LiveRetriever

        version_store(self.settings).active()  # without one, say so before the model is loaded
        return LiveRetriever(self.live_index, self.embedder)

    @cached_property
    def inbox(self) -> Inbox:
        """What arrived from chat platforms and is owed."""
        from bot.desk.policy import after
        from bot.storage.inbox import SqlInbox

        return SqlInbox(self.database, after, lease=self.settings.lease_seconds)

    @cached_property
    def markers(self) -> Markers:
        """Short notes that outlive the process."""
        from bot.storage.markers import SqlMarkers

        return SqlMarkers(self.database)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What Frontdesk knows, since when."""
        from bot.knowledge.catalogue import Catalogue

        return Catalogue(self.sources, self._knowledge)

    @cached_property
    def metrics(self) -> Metrics:
        """What operators watch."""
        from bot.adapters.web.metrics import Metrics

        return Metrics()

    @cached_property
    def desk(self) -> Desk:
        """Who is answered, when, in what order."""
        from bot.desk.desk import Desk, DeskLimits

        settings = self.settings
        limits = DeskLimits(
            workers=settings.resolved_workers,
            seconds=settings.answer_seconds,
            queue=settings.queue_limit,
            per_user=settings.queue_per_user,
            user_budget=settings.user_budget,
            workspace_budget=settings.workspace_budget,
            lease=settings.lease_seconds,
        )
        return Desk(self.answering, self.conversations, self.inbox, self.metrics, limits)

    @cached_property
    def slack(self) -> SlackAdapter:
        """Slack."""
        from bot.adapters.slack.app import SlackAdapter

        return SlackAdapter(
            self.desk,
            self.inbox,
            self.conversations,
            self.catalogue,
            slack_config(self.settings),
            socket=self.settings.slack_mode == "socket",
        )

    @cached_property
    def discord(self) -> DiscordAdapter:
        """Discord."""
        from bot.adapters.discord.app import DiscordAdapter

        return DiscordAdapter(
            self.desk,
            self.inbox,
            self.markers,
            self.conversations,
            self.catalogue,
            discord_config(self.settings),
        )

    def _knowledge(self) -> Knowledge:
        from datetime import datetime

        from bot.knowledge.catalogue import Knowledge

        version, index = self.live_index.current()
        manifest = version_store(self.settings).get(version).manifest
        counts = manifest.counts
        made = datetime.fromisoformat(manifest.created_at)
        return Knowledge(version, made, counts["pages"], counts["passages"], index.documents)

    @cached_property
    def answering(self) -> Answering:
        """The one use case that turns a message into an answer."""
        from bot.answers.answering import Answering
        from bot.answers.extractive import ExtractiveWriter

        writer: AnswerWriter = ExtractiveWriter()
        reader: QuestionReader | None = None
        if self.generator:
            from bot.answers.generated import GeneratedWriter
            from bot.answers.reading import ModelReader

            writer = GeneratedWriter(self.generator, writer, self.metrics, seconds=self.settings.vllm_seconds)
            reader = ModelReader(self.generator, self.metrics)
        return Answering(
            retriever=self.retriever,
            store=self.conversations,
            writer=writer,
            threshold=self.settings.answer_threshold,
            reader=reader,
        )

    @cached_property
    def generator(self) -> VllmGenerator | None:
        """The vLLM servers of the settings, if there are any."""
        return generator_for(self.settings) if self.settings.vllm_url else None

    async def close(self) -> None:
        """Let go of what was opened."""
        if generator := self.__dict__.get("generator"):
            await generator.close()
        await self.database.close()

    @cached_property
    def terminal(self) -> Terminal:
        """The chat in a terminal."""
        from bot.adapters.terminal import Terminal

        return Terminal(self.answering, self.conversations, history=self.settings.data_dir / "chat_history")

    async def warm_up(self) -> None:
        """Load what a first answer would wait for. Raises NoActiveVersion, CorruptVersion, FingerprintMismatch."""
        self.answering.warm_up()
        await self.conversations.load("")
        await self.retriever.retrieve("warm up")
        if self.generator:
            await _greet(self.generator)

    def _run_refresh(
        self, sources: Sequence[Source], request: RefreshRequest, on_progress: Callable[[Progress], None]
    ) -> RefreshReport:
        from retrieval.refresh import RefreshOptions, refresh

        return refresh(
            sources,
            store=version_store(self.settings),
            crawler=crawler_for(self.settings),
            embedder=self.embedder,
            options=RefreshOptions(
                dry_run=request.dry_run,
                force=request.force,
                only=frozenset(request.only),
                max_vanish=self.settings.max_vanish,
                hnsw_from=self.settings.hnsw_from,
            ),
            on_progress=on_progress,
        )


async def _greet(generator: VllmGenerator) -> None:
    """Open a connection before the first customer waits for it; a server that is not up yet is no fault."""
    import structlog

    from inference.errors import GeneratorError

    try:
        await generator.model()
    except GeneratorError as error:
        structlog.get_logger(__name__).warning("no vLLM server answers: passages are quoted", cause=str(error))


async def serve_application(application: Application) -> None:
    """Answer in every chat platform that has tokens, until stopped.

    Raises SettingsError when none has, or a token is missing.
    """
    from bot.adapters.serving import Address, readiness, serve
    from bot.adapters.web.app import web_app

    settings = application.settings
    adapters = _adapters(application)
    await application.warm_up()
    metrics, desk = application.metrics, application.desk
    metrics.watch_queue(lambda: desk.waiting, lambda: desk.working)
    for adapter in adapters:
        metrics.watch_adapter(adapter.platform, partial(getattr, adapter, "connected"))
    ready = readiness(
        adapters, {"database": partial(_database_lacks, application), "index": partial(_index_lacks, settings)}
    )
    slack = None
    if settings.slack_mode == "http" and settings.slack_bot_token.get_secret_value():
        slack = application.slack.handle_http
    await serve(
        desk,
        adapters,
        web_app(ready, metrics, slack),
        Address(settings.host, settings.port),
        drain_seconds=settings.drain_seconds,
    )


def _adapters(application: Application) -> list[Adapter]:
    settings = application.settings
    adapters: list[Adapter] = []
    if settings.slack_bot_token.get_secret_value():
        _check_slack_settings(settings)
        adapters.append(application.slack)
    if settings.discord_token.get_secret_value():
        adapters.append(application.discord)
    if not adapters:
        raise SettingsError(
            "No chat platform has a token: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or DISCORD_TOKEN. See .env.example."
        )
    return adapters


def _check_slack_settings(settings: Settings) -> None:
    if settings.slack_mode == "socket" and not settings.slack_app_token.get_secret_value():
        raise SettingsError(
            "SLACK_APP_TOKEN is missing, which Socket Mode needs: set it, or use FRONTDESK_SLACK_MODE=http."
        )
    if settings.slack_mode == "http" and not settings.slack_signing_secret.get_secret_value():
        raise SettingsError("SLACK_SIGNING_SECRET is missing, without which no request can be trusted: set it.")


async def _database_lacks(application: Application) -> str:
    try:
        await application.conversations.load("")
    except StorageError:
        return "the database does not answer"
    return ""


async def _index_lacks(settings: Settings) -> str:
    return "" if version_store(settings).active_id() else "nothing is indexed yet"


def slack_config(settings: Settings) -> SlackConfig:
    """The Slack settings as the adapter takes them."""
    from bot.adapters.slack.app import SlackConfig

    return SlackConfig(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        api_url=settings.slack_api_url,
        support_channel=settings.slack_support_channel,
    )


def slack_app_manifest(name: str, url: str) -> dict[str, object]:
    """The app manifest of Slack."""
    from bot.adapters.slack.manifest import manifest

    return manifest(name, url)


async def slack_team(settings: Settings) -> str:
    """The id of the workspace that the bot token belongs to. Raises SettingsError, PlatformError."""
    from bot.adapters.slack.app import team_of

    if not settings.slack_bot_token.get_secret_value():
        raise SettingsError("SLACK_BOT_TOKEN is missing: set it, or name the team with --workspace.")
    return await team_of(slack_config(settings))


async def check_slack(settings: Settings) -> tuple[str, frozenset[str]]:
    """Who the bot is, and which scopes it lacks. Raises PlatformError."""
    from bot.adapters.slack.app import check, check_socket
    from bot.adapters.slack.manifest import SCOPES

    config = slack_config(settings)
    found = await check(config, SCOPES)
    if settings.slack_mode == "socket":
        await check_socket(config)
    return found


def discord_config(settings: Settings) -> DiscordConfig:
    """The Discord settings as the adapter takes them. Raises SettingsError without a token."""
    from bot.adapters.discord.app import DiscordConfig

    token = settings.discord_token.get_secret_value()
    if not token:
        raise SettingsError("DISCORD_TOKEN is missing: copy it from the Bot page of your application.")
    return DiscordConfig(
        token=token,
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
        support_channel=settings.discord_support_channel,
    )


async def discord_invitation(settings: Settings) -> str:
    """The URL that adds the bot to a server. Raises SettingsError, PlatformError."""
    from bot.adapters.discord.app import application, invitation
    from bot.adapters.discord.failures import connecting

    with connecting():
        return invitation(await application(discord_config(settings)))


async def discord_guild(settings: Settings, channel: str) -> str:
    """The id of the server that a channel belongs to. Raises SettingsError, PlatformError."""
    from bot.adapters.discord.app import guild_of

    return await guild_of(discord_config(settings), int(channel))


async def check_discord(settings: Settings) -> tuple[str, str]:
    """The application's name, and what it is shown. Raises SettingsError, PlatformError."""
    from bot.adapters.discord.app import application, mode, sees_content
    from bot.adapters.discord.failures import connecting

    with connecting():
        about = await application(discord_config(settings))
    return about.name, mode(content=sees_content(about))


@asynccontextmanager
async def open_application(settings: Settings | None = None) -> AsyncIterator[Application]:
    """The application on an open, migrated database; closes it. Raises SettingsError, StorageError."""
    from bot.storage.database import Database

    settings = settings or load_settings()
    configure_logging(settings)
    _make_data_dir(settings)
    application = Application(settings, await Database.open(settings.resolved_database_url))
    try:
        yield application
    finally:
        await application.close()


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"The data folder {settings.data_dir} cannot be made ({reason}): set FRONTDESK_DATA_DIR to a folder "
            "this user may write."
        ) from error


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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)  # on the handler: some libraries raise their own loggers to DEBUG
    logging.basicConfig(handlers=[handler], force=True)
    for chatty in ("discord", "slack_bolt", "slack_sdk"):  # they would write messages and tokens into a debugging log
        logging.getLogger(chatty).setLevel(logging.WARNING)


def explanation(turn: Turn) -> RenderableType:
    """Why the turn was answered as it was, with every passage and measure."""
    from bot.adapters.explaining import explanation

    return explanation(turn, measures=True)


def version_store(settings: Settings) -> VersionStore:
    """The index versions in the data folder."""
    from retrieval.indexing.versions import VersionStore

    return VersionStore(settings.data_dir / "index", settings.keep_versions)


def embedder_for(settings: Settings) -> Embedder:
    """The embedding model of the settings. Raises ModelError."""
    from retrieval.indexing.embedder import load_embedder

    configure_logging(settings)
    return load_embedder(settings.embedding_model, settings.data_dir / "models", onnx=settings.embedding_onnx)


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


async def check_vllm(settings: Settings) -> list[tuple[str, str, str]]:
    """Of each vLLM server: its URL, what it serves, and what is wrong with it (or "")."""
    from inference.errors import GeneratorError

    found = []
    for url in settings.vllm_url:
        generator = generator_for(settings.model_copy(update={"vllm_url": (url,)}))
        try:
            model, context = await generator.model(), await generator.context()
            found.append((url, f"{model}, {context} tokens", ""))
        except GeneratorError as error:
            found.append((url, "", str(error)))
        finally:
            await generator.close()
    return found


def crawler_for(settings: Settings) -> Crawler:
    """The crawler, behind its address guard."""
    from importlib.metadata import version

    from retrieval.crawling import CrawlSettings
    from retrieval.crawling import crawler_for as make

    configure_logging(settings)
    return make(
        CrawlSettings(
            allow=settings.crawl_allow,
            delay=settings.crawl_delay,
            concurrency=settings.crawl_concurrency,
            max_pages=settings.crawl_max_pages,
            max_depth=settings.crawl_max_depth,
            page_timeout=settings.crawl_page_timeout,
            max_seconds=settings.crawl_max_seconds,
            contact=settings.crawl_contact,
            version=version("frontdesk"),
            cache=settings.data_dir / "crawl",
        )
    )


def read_page(location: str, settings: Settings, selectors: Selectors | None = None) -> list[Document]:
    """The documents of one file or URL. Raises SourceError, ExtractionError."""
    from retrieval.extraction import extract

    fetch = _fetch(location, settings)
    return extract(fetch.body, fetch.url, fetch.content_type, selectors)


def _fetch(location: str, settings: Settings) -> Fetch:
    from bot.knowledge.sources import describe_source
    from retrieval.crawling import read_file
    from retrieval.errors import SourceError
    from retrieval.interfaces import FetchOutcome

    if "://" not in location:
        return read_file(Path(location))
    source = describe_source(location, single_page=True)
    fetches = list(crawler_for(settings).crawl(source, {}))
    for fetch in fetches:
        if fetch.outcome is FetchOutcome.FETCHED:
            return fetch
    reason = fetches[0].reason if fetches else "nothing came back"
    raise SourceError(f"{location} cannot be read: {reason}.")


def evaluate_files(faqs: Path, queries: Path, out: Path, settings: Settings | None = None) -> Evaluation:
    """Run the product's retrieval and decision over a question set. Raises InputError, ModelError."""
    from bot.answers.evaluation import evaluate
    from retrieval.searching.retriever import retriever_over

    settings = settings or load_settings()
    embedder = embedder_for(settings)
    return evaluate(
        faqs, queries, out, lambda documents: retriever_over(documents, embedder), threshold=settings.answer_threshold
    )
