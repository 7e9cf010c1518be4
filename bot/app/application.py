"""The composition root: Settings -> Application. The only place that names concrete parts.

Every import of a part is inside the function that needs it: `frontdesk sources list` pays for no FAISS,
`frontdesk ask` for no torch and no Scrapy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.app.factories import (
    admin_channels,
    configure_logging,
    crawler_for,
    discord_config,
    embedding_models_for,
    fitted_for,
    generator_for,
    intent_reader_for,
    masker,
    read_first_pages,
    reranking_for,
    slack_config,
    support_channels,
    version_store,
)
from bot.app.measurement import Beside, golden_trial
from bot.app.operators import check_vllm
from bot.app.stores import Stores
from bot.errors import StorageError
from bot.settings import Settings, load_settings
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.access.service import AccessService
    from bot.answering.pipeline import AnswerPipeline
    from bot.answering.ports import AnswerWriter, PictureReader, QuestionReader
    from bot.chat.conversation import IncomingMessage
    from bot.chat.platform import ChannelPoster
    from bot.chat.ports import IntentReader
    from bot.chat.refusal_notes import Refusals
    from bot.commands.console import Console
    from bot.gaps.service import Gaps
    from bot.glossary.service import GlossaryService, LiveGlossary
    from bot.handoff.service import HandoffService
    from bot.inbox.notices import Notices, Undelivered, Voting
    from bot.inbox.service import InboxService
    from bot.learned.service import LiveLearned, WordingLearner
    from bot.platforms.discord.platform import DiscordAdapter
    from bot.platforms.slack.platform import SlackAdapter
    from bot.platforms.terminal.platform import Terminal
    from bot.platforms.web.metrics import Metrics
    from bot.privacy.service import PrivacyService
    from bot.sources.catalogue import Catalogue, Knowledge
    from bot.sources.preview import SourcePreview
    from bot.sources.refresh import RefreshRequest, RefreshService
    from bot.sources.removal import SourceRemoval
    from bot.sources.schedule import ScheduledRefreshes
    from bot.sources.status import StatusReport
    from bot.sources.watch import RefreshWatch
    from bot.taught.service import PublishedTaughtAnswers, TaughtAnswers
    from inference.vllm import VllmGenerator
    from retrieval.documents import Source
    from retrieval.indexing.models import EmbeddingModels
    from retrieval.interfaces import Retriever
    from retrieval.refresh import Progress, RefreshReport
    from retrieval.searching.live import LiveIndex


@dataclass(frozen=True)
class Application(Stores):
    """The use cases on an open database. Parts are made when first asked for."""

    @cached_property
    def refreshing(self) -> RefreshService:
        """The refresh use case."""
        from bot.sources.refresh import RefreshService

        return RefreshService(self.sources, self.refreshes, self._run_refresh, self._paused, self._prepare_refresh)

    async def _paused(self) -> frozenset[str]:
        return await self.schedules.paused()

    @cached_property
    def schedules(self) -> ScheduledRefreshes:
        """Sources that are read by themselves."""
        from bot.sources.schedule import ScheduledRefreshes

        async def tell(text: str) -> None:
            await self.notices.tell_admins(text)

        return ScheduledRefreshes(self.schedule_store, self.refreshing, tell)

    @cached_property
    def embedding_models(self) -> EmbeddingModels:
        """The embedding model of the settings."""
        return embedding_models_for(self.settings)

    @cached_property
    def intents(self) -> IntentReader:
        """What tells questions from what asks nothing."""
        return intent_reader_for(self.settings, self.embedding_models)

    @cached_property
    def live_index(self) -> LiveIndex:
        """The active version's index, swapped when another becomes active."""
        from retrieval.searching.live import LiveIndex

        return LiveIndex(version_store(self.settings), self.embedding_models, self.shelf)

    @cached_property
    def retriever(self) -> Retriever:
        """Searches the active version, whichever that is at the moment of the question. Raises NoActiveVersion."""
        from retrieval.searching.learned import LearnedRetriever
        from retrieval.searching.retriever import LiveRetriever

        store = version_store(self.settings)
        if not self.shelf.current_documents()[1] and store.active_id() is None:
            store.find_active()  # says that nothing is indexed, before the model is loaded
        reranking = reranking_for(self.settings)
        fitted = fitted_for(self.settings, self.embedding_models)
        live = LiveRetriever(self.live_index, self.embedding_models, reranking, self.live_glossary.current, fitted)
        return LearnedRetriever(live, self.live_learned.current)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What Frontdesk knows, since when."""
        from bot.sources.catalogue import Catalogue

        return Catalogue(self.sources, self._knowledge)

    @cached_property
    def metrics(self) -> Metrics:
        """What operators watch."""
        from bot.platforms.web.metrics import Metrics

        return Metrics()

    @cached_property
    def desk(self) -> InboxService:
        """Who is answered, when, in what order."""
        from bot.inbox.assembly import build_inbox
        from bot.inbox.limits import InboxLimits
        from bot.inbox.masking import MessageMasking

        settings = self.settings
        limits = InboxLimits(
            workers=settings.resolved_workers,
            seconds=settings.answer_seconds,
            queue=settings.queue_limit,
            per_user=settings.queue_per_user,
            user_budget=settings.user_budget,
            workspace_budget=settings.workspace_budget,
            lease=settings.lease_seconds,
        )
        return build_inbox(
            self.answering,
            self.conversations,
            self.inbox,
            self.metrics,
            limits,
            intents=self.intents,
            masking=MessageMasking(masker(settings)),
            handoffs=self.handing,
            on_abstention=settings.handoff_on_abstention,
            on_undeliverable=self.undelivered.tell,
            pictures=self.pictures,
        )

    @cached_property
    def slack(self) -> SlackAdapter:
        """Slack."""
        from bot.platforms.slack.platform import SlackAdapter

        return SlackAdapter(
            self.desk,
            self.inbox,
            self.conversations,
            self.catalogue,
            slack_config(self.settings),
            console=self.console,
            handing=self.handing,
            voting=self.voting,
            rooms=self.rooms,
            socket=self.settings.slack_mode == "socket",
        )

    @cached_property
    def discord(self) -> DiscordAdapter:
        """Discord."""
        from bot.platforms.discord.platform import DiscordAdapter

        return DiscordAdapter(
            self.desk,
            self.inbox,
            self.markers,
            self.conversations,
            self.catalogue,
            discord_config(self.settings),
            console=self.console,
            handing=self.handing,
            voting=self.voting,
            rooms=self.rooms,
        )

    # -- steering -------------------------------------------------------------------------------------------------

    @cached_property
    def rooms(self) -> dict[str, ChannelPoster]:
        """The platforms that are connected: adapters come and go."""
        return {}

    @cached_property
    def shelf(self) -> PublishedTaughtAnswers:
        """The taught answers that are searched."""
        from bot.taught.service import PublishedTaughtAnswers

        async def changed() -> None:
            if index := self.__dict__.get("live_index"):
                await asyncio.to_thread(index.refresh)

        return PublishedTaughtAnswers(self.taught, changed)

    @cached_property
    def teaching(self) -> TaughtAnswers:
        """Answers that people give."""
        from bot.taught.service import TaughtAnswers

        return TaughtAnswers(self.taught, self.shelf, lambda: self.retriever)

    @cached_property
    def live_glossary(self) -> LiveGlossary:
        """The terms that questions are rewritten with."""
        from bot.glossary.service import LiveGlossary

        return LiveGlossary(self.glossary_store)

    @cached_property
    def glossary(self) -> GlossaryService:
        """Terms that mean the same."""
        from bot.glossary.service import GlossaryService

        return GlossaryService(
            self.glossary_store, self.sources, self.live_glossary, lambda: self._knowledge().documents
        )

    @cached_property
    def live_learned(self) -> LiveLearned:
        """The wordings that customers have shown the entries of."""
        from bot.learned.service import LiveLearned

        return LiveLearned(self.learned_store, self.settings.learn_from)

    @cached_property
    def learning(self) -> WordingLearner:
        """What customers' choices and votes tell of their words."""
        from bot.learned.service import WordingLearner

        return WordingLearner(self.learned_store, self.live_learned, self.settings.learn_from)

    @cached_property
    def notices(self) -> Notices:
        """What teammates and admins are told."""
        from bot.inbox.notices import Notices

        settings = self.settings
        return Notices(self.rooms, support_channels(settings), admin_channels(settings), self.teaching)

    @cached_property
    def undelivered(self) -> Undelivered:
        """What admins are told of customers who cannot be."""
        from bot.inbox.notices import Undelivered

        return Undelivered(self.notices)

    @cached_property
    def voting(self) -> Voting:
        """What customers think of answers."""
        from bot.inbox.notices import Voting

        return Voting(self.conversations, self.notices, masker(self.settings), self.learning)

    @cached_property
    def handing(self) -> HandoffService:
        """From the bot to a human and back."""
        from bot.handoff.service import HandoffLimits, HandoffService

        settings = self.settings
        return HandoffService(
            self.handoffs,
            self.inbox,
            self.conversations,
            self.rooms,
            support_channels(settings),
            self.notices.propose,
            HandoffLimits(timedelta(minutes=settings.handoff_remind_minutes), settings.handoff_note),
        )

    @cached_property
    def permissions(self) -> AccessService:
        """Who may steer."""
        from bot.access.service import AccessService

        return AccessService(self.admins, self.audit)

    @cached_property
    def privacy(self) -> PrivacyService:
        """Forgetting."""
        from bot.privacy.service import PrivacyService

        async def forgotten() -> None:
            await self.shelf.load()
            await self.live_learned.load()

        return PrivacyService(self.privacy_store, self.settings.retention_days, forgotten)

    @cached_property
    def gaps(self) -> Gaps:
        """What people asked and was not answered well."""
        from bot.gaps.service import Gaps

        async def answered(question: str) -> str:
            from bot.answering.decide import make_decision
            from bot.chat.conversation import Decision

            try:
                found = await self.retriever.retrieve(question)
            except RetrievalError:
                return ""
            decided = make_decision(found, self.settings.answer_threshold)
            return found.passages[0].passage.id if decided.decision is Decision.ANSWER else ""

        return Gaps(self.missed, lambda: self.embedding_models, lambda: self.intents, answered)

    @cached_property
    def previewing(self) -> SourcePreview:
        """The first pairs of a site."""
        from bot.sources.preview import SourcePreview

        return SourcePreview(lambda source: read_first_pages(source, self.settings), self.markers)

    @cached_property
    def removing(self) -> SourceRemoval:
        """Taking a source out."""
        from bot.sources.removal import SourceRemoval

        return SourceRemoval(self.sources, version_store(self.settings))

    @cached_property
    def status(self) -> StatusReport:
        """How Frontdesk is doing."""
        from bot.sources.status import StatusReport

        def queue() -> tuple[int, int] | None:
            desk: InboxService | None = self.__dict__.get("desk")
            return (desk.waiting_count, desk.working_count) if desk else None

        async def health() -> Sequence[tuple[str, str, str]]:
            return await check_vllm(self.settings)

        runs, refused = self.refreshes, self.refusals.list_refusals
        return StatusReport(self.sources, self.schedule_store, runs, self._knowledge, health, queue, refused)

    @cached_property
    def refusals(self) -> Refusals:
        """Which platforms refuse a process that runs."""
        from bot.chat.refusal_notes import Refusals

        return Refusals(self.markers, ("discord", "slack"))

    @cached_property
    def watching(self) -> RefreshWatch:
        """Refreshes, shown as they go."""
        from bot.sources.watch import RefreshWatch

        return RefreshWatch(self.refreshing, self.refreshes, self.rooms)

    @cached_property
    def console(self) -> Console:
        """What admins and teammates call."""
        from bot.app.commands import make_groups
        from bot.commands.console import Console
        from bot.commands.registry import Kind

        groups = make_groups(self, version_store(self.settings))
        return Console(self.permissions, groups, {Kind.SOURCE: groups[0].list_names})

    def beside(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What goes on beside answering, each until cancelled."""
        from bot.inbox.notices import Digest

        works: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self.shelf.run,
            self.live_glossary.run,
            self.live_learned.run,
            self.schedules.run,
            self.handing.watch_handoffs,
            self.watching.run,
            self.privacy.run,
        ]
        if self.settings.gaps_weekly:
            works.append(Digest(self.gaps, self.notices, self.markers).run)
        return works

    def _knowledge(self) -> Knowledge:
        from bot.sources.catalogue import Knowledge

        version, index = self.live_index.current_index()
        if not version:  # taught answers alone
            return Knowledge("", datetime.now(UTC), 0, len(index.passages), index.documents, index.passages)
        manifest = version_store(self.settings).find_version(version).manifest
        counts = manifest.counts
        made = datetime.fromisoformat(manifest.created_at)
        return Knowledge(version, made, counts["pages"], counts["passages"], index.documents, index.passages)

    @cached_property
    def answering(self) -> AnswerPipeline:
        """The one use case that turns a message into an answer."""
        from bot.answering.pipeline import AnswerPipeline
        from bot.answering.quote import ExtractiveWriter

        writer: AnswerWriter = ExtractiveWriter()
        reader: QuestionReader | None = None
        if self.generator:
            from bot.answering.generate import GeneratedWriter
            from bot.answering.model_reader import ModelReader

            writer = GeneratedWriter(self.generator, writer, self.metrics, seconds=self.settings.vllm_seconds)
            reader = ModelReader(self.generator, self.metrics)
        return AnswerPipeline(
            retriever=self.retriever,
            store=self.conversations,
            writer=writer,
            threshold=self.settings.answer_threshold,
            suggest_threshold=self.settings.suggest_threshold,
            intents=self.intents,
            reader=reader,
            handoff=self._can_hand_over,
            mask=masker(self.settings),
            learning=self.learning,
        )

    def _can_hand_over(self, message: IncomingMessage) -> bool:
        from bot.chat.message import ThreadRef

        return "rooms" in self.__dict__ and self.handing.can_hand_over(
            ThreadRef(message.platform, "", message.channel, "")
        )

    @cached_property
    def generator(self) -> VllmGenerator | None:
        """The vLLM servers of the settings, if there are any."""
        return generator_for(self.settings) if self.settings.vllm_url else None

    @cached_property
    def pictures(self) -> PictureReader | None:
        """What says what pictures show, if a model may be asked."""
        from bot.answering.pictures import ModelPictureReader

        if self.generator is None or not self.settings.vllm_pictures:
            return None
        return ModelPictureReader(self.generator, self.metrics)

    async def close(self) -> None:
        """Let go of what was opened."""
        if refreshing := self.__dict__.get("refreshing"):
            await refreshing.close()
        if privacy := self.__dict__.get("privacy"):
            await privacy.close()
        if generator := self.__dict__.get("generator"):
            await generator.close()
        await self.database.close()

    @cached_property
    def terminal(self) -> Terminal:
        """The chat in a terminal."""
        from bot.platforms.terminal.platform import Terminal

        history = self.settings.data_dir / "chat_history"
        mask = masker(self.settings)
        return Terminal(self.answering, self.conversations, history=history, mask=mask, learning=self.learning)

    async def warm_up(self) -> None:
        """Load what a first answer would wait for. Raises NoActiveVersion, CorruptVersion."""
        await self.load_beside()
        self.answering.warm_up()
        await self.conversations.load_conversation("")
        await self.retriever.retrieve("warm up")
        if self.live_index.current_index()[1].languages["zh"]:
            await self.retriever.retrieve("预热")  # the dictionary is read with the first Chinese question
        if self.generator:
            await _greet(self.generator)

    async def load_beside(self) -> None:
        """Take in what people taught, named and showed. Raises StorageError."""
        await self.shelf.load()
        await self.live_glossary.load()
        await self.live_learned.load()

    def _run_refresh(
        self, sources: Sequence[Source], request: RefreshRequest, on_progress: Callable[[Progress], None]
    ) -> RefreshReport:
        from retrieval.refresh import RefreshOptions, refresh_index

        golden = self.settings.golden_questions  # read before anything is crawled, so that a broken file costs nothing
        trial = None
        if golden:
            trial = golden_trial(golden, self.settings, lambda: self.embedding_models, self._beside)
        return refresh_index(
            sources,
            store=version_store(self.settings),
            crawler=crawler_for(self.settings),
            models=self.embedding_models,
            options=RefreshOptions(
                dry_run=request.dry_run,
                force=request.force,
                only=frozenset(request.only),
                max_vanish=self.settings.max_vanish,
                hnsw_from=self.settings.hnsw_from,
                may_lose=self.settings.golden_may_lose,
            ),
            trial=trial,
            on_progress=on_progress,
        )

    async def _prepare_refresh(self) -> None:
        if self.settings.golden_questions:
            await self.known_beside()

    async def known_beside(self) -> Beside:
        """The taught answers and the glossary as they are now. Raises StorageError."""
        await self.shelf.load()
        await self.live_glossary.load()
        return self._beside()

    def _beside(self) -> Beside:
        return Beside(self.shelf.current_documents()[1], self.live_glossary.current())


async def _greet(generator: VllmGenerator) -> None:
    """Open a connection before the first customer waits for it; a server that is not up yet is no fault."""
    import structlog

    from inference.errors import GeneratorError

    try:
        await generator.model_name()
    except GeneratorError as error:
        structlog.get_logger(__name__).warning("no vLLM server answers: passages are quoted", cause=str(error))


@asynccontextmanager
async def open_application(settings: Settings | None = None) -> AsyncIterator[Application]:
    """The application on an open, migrated database; closes it. Raises SettingsError, StorageError."""
    from bot.database.database import Database

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
