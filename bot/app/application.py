"""The composition root: Settings -> Application. The only place that names concrete parts.

Every import of a part is inside the function that needs it: `frontdesk sources list` pays for no FAISS,
`frontdesk ask` for no torch and no Scrapy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.app.factories import attributor_for, configure_logging, masker, version_store
from bot.app.services import FeatureParts
from bot.errors import StorageError
from bot.sections import warn_of_misspelt
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.answering.pipeline import AnswerPipeline
    from bot.answering.ports import AnswerWriter, LearnsWordings, PictureReader, QuestionReader
    from bot.chat.conversation import IncomingMessage
    from bot.chat.ports import ConversationStore
    from bot.commands.console import Console
    from bot.inbox.service import InboxService
    from bot.platforms.registry import Platforms
    from bot.platforms.services import PlatformServices
    from bot.platforms.web.metrics import Metrics
    from inference.vllm import VllmGenerator
    from retrieval.interfaces import Retriever


@dataclass
class Application(FeatureParts):
    """The use cases on an open database: the stores, the search on them, the features on both, and here what answers.
    Parts are made when first asked for, in whatever order, and closed in the opposite one."""

    @cached_property
    def metrics(self) -> Metrics:
        """What operators watch."""
        from bot.platforms.web.metrics import Metrics

        return Metrics()

    @cached_property
    def pictures(self) -> PictureReader | None:
        """What says what pictures show, if a model may be asked."""
        from bot.answering.pictures import ModelPictureReader

        if self.generator is None or not self.settings.vllm_pictures:
            return None
        return ModelPictureReader(self.generator, self.metrics)

    @cached_property
    def answer_pipeline(self) -> AnswerPipeline:
        """The one use case that turns a message into an answer."""
        return self.make_answer_pipeline(
            self.retriever,
            self.conversations,
            (self.settings.answer_threshold, self.settings.suggest_threshold),
            self.wording_learner,
        )

    def make_answer_pipeline(
        self,
        retriever: Retriever,
        conversations: ConversationStore,
        thresholds: tuple[float | None, float | None],
        learning: LearnsWordings | None = None,
    ) -> AnswerPipeline:
        """The same over another search, log or thresholds (to answer, to show the nearest entry)."""
        from bot.answering.pipeline import AnswerPipeline

        writer, reader = self._writing
        return AnswerPipeline(
            retriever=retriever,
            store=conversations,
            writer=writer,
            threshold=thresholds[0],
            suggest_threshold=thresholds[1],
            intents=self.intent_reader,
            reader=reader,
            handoff=self._can_hand_over,
            mask=masker(self.settings),
            learning=learning,
            page_languages=self._list_page_languages,
            find_granted=self.live_audiences.find_granted,
        )

    @cached_property
    def _writing(self) -> tuple[AnswerWriter, QuestionReader | None]:
        """Who writes answers, and who reads what is hard to tell by rules."""
        from bot.answering.quote import ExtractiveWriter

        if not self.generator:
            return ExtractiveWriter(), None
        from bot.answering.first_line import Patience
        from bot.answering.generate import GeneratedWriter
        from bot.answering.judging import DraftJudge
        from bot.answering.model_reader import SECONDS, ModelReader

        settings, patience = self.settings, Patience(self.settings.first_line_seconds)
        writer = GeneratedWriter(
            self.generator,
            ExtractiveWriter(),
            self.metrics,
            seconds=settings.vllm_seconds,
            attributor=attributor_for(settings, self.embedding_models),
            patience=patience,
            judge=DraftJudge(self.generator, self.metrics) if settings.vllm_judge else None,
        )
        reader = ModelReader(
            self.generator,
            self.metrics,
            seconds=patience.limit_reading(SECONDS),
            follow_ups=settings.vllm_followups,
        )
        return writer, reader

    def _list_page_languages(self) -> Collection[str]:
        from retrieval.errors import RetrievalError

        try:
            return self.live_index.current_index()[1].languages
        except RetrievalError:  # whoever searches says so
            return ()

    def _can_hand_over(self, message: IncomingMessage) -> bool:
        from bot.chat.message import ThreadRef

        return self.handoffs.can_hand_over(ThreadRef(message.platform, "", message.channel, ""))

    @cached_property
    def inbox(self) -> InboxService:
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
            self.answer_pipeline,
            self.conversations,
            self.inbox_store,
            self.metrics,
            limits,
            intents=self.intent_reader,
            masking=MessageMasking(masker(settings)),
            handoffs=self.handoffs,
            on_abstention=settings.handoff_on_abstention,
            on_undeliverable=self.undelivered.tell,
            pictures=self.pictures,
        )

    @cached_property
    def console(self) -> Console:
        """What admins and teammates call."""
        from bot.app.commands import make_groups
        from bot.commands.console import Console
        from bot.commands.registry import Kind

        groups = make_groups(self, version_store(self.settings))
        return Console(self.access, groups, {Kind.SOURCE: groups[0].list_names})

    @cached_property
    def platform_services(self) -> PlatformServices:
        """What the chat platforms call."""
        from bot.platforms.services import PlatformServices

        return PlatformServices(
            inbox=self.inbox,
            inbox_store=self.inbox_store,
            conversations=self.conversations,
            markers=self.markers,
            posted_messages=self.posted_messages,
            catalogue=self.catalogue,
            console=self.console,
            handoffs=self.handoffs,
            voting=self.voting,
            posters=self.posters,
            allowed_networks=self.settings.crawl_allow,
            data_dir=self.settings.data_dir,
            mask=masker(self.settings),
        )

    def beside(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What goes on beside answering, each until cancelled."""
        from bot.inbox.notices import Digest

        works: list[Callable[[], Coroutine[Any, Any, None]]] = [
            *self.keeping_current,
            self.schedules.run,
            self.handoffs.watch_handoffs,
            self.refresh_watch.run,
            self.privacy.run,
        ]
        if self.settings.gaps_weekly:
            works.append(Digest(self.gaps, self.notices, self.markers).run)
        return works

    async def warm_up(self) -> None:
        """Load what a first answer would wait for. Raises NoActiveVersion, CorruptVersion."""
        await self.load_beside()
        self.answer_pipeline.warm_up()
        await self.conversations.load_conversation("")
        await self.retriever.retrieve("warm up")
        if self.live_index.current_index()[1].languages["zh"]:
            await self.retriever.retrieve("预热")  # the dictionary is read with the first Chinese question
        if self.generator:
            await _greet(self.generator)


async def _greet(generator: VllmGenerator) -> None:
    """Open a connection before the first customer waits for it; a server that is not up yet is no fault."""
    import structlog

    from inference.errors import GeneratorError

    try:
        await generator.model_name()
    except GeneratorError as error:
        structlog.get_logger(__name__).warning("no vLLM server answers: passages are quoted", cause=str(error))


@asynccontextmanager
async def open_application(
    settings: Settings | None = None, platforms: Platforms | None = None, **overrides: Any
) -> AsyncIterator[Application]:
    """The application on an open, migrated database; closes it. `platforms`: those that there are, in place of those
    that Frontdesk comes with, as the environment sets them; `overrides`: parts by name, in place of what would be made.

    Raises SettingsError, StorageError.
    """
    from bot.database.database import Database
    from bot.platforms.registry import load_platforms

    settings = settings or load_settings()
    configure_logging(settings)
    known = platforms or load_platforms()
    warn_of_misspelt((Settings, *(each.platform.section for each in known.values())))
    _make_data_dir(settings)
    async with AsyncExitStack() as closing:
        database = await Database.open(settings.resolved_database_url)
        closing.push_async_callback(database.close)
        application = Application(settings, database, known, closing)
        for name, part in overrides.items():
            if not isinstance(getattr(Application, name, None), cached_property):
                raise AssertionError(f"the application has no part {name}")
            setattr(application, name, part)
        yield application


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"The data folder {settings.data_dir} cannot be made ({reason}): set FRONTDESK_DATA_DIR to a folder "
            "this user may write."
        ) from error
