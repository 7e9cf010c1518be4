"""The features' services, on the search and the stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from bot.app.factories import attributor_for, crawler_for, generator_for, masker, read_first_pages, version_store
from bot.app.measurement import golden_trial
from bot.app.operators import check_vllm
from bot.app.searching import SearchParts
from bot.errors import BotError
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.access.service import AccessService
    from bot.api_keys.service import ApiKeys
    from bot.chat.platform import ChannelPoster
    from bot.chat.refusal_notes import Refusals
    from bot.freshness.ports import Judge
    from bot.freshness.service import Contradictions
    from bot.freshness.stale import Staleness
    from bot.gaps.drafts import GapDrafts
    from bot.gaps.service import Gaps
    from bot.glossary.service import GlossaryService
    from bot.handoff.service import HandoffService
    from bot.inbox.notices import Notices, Undelivered, Voting
    from bot.insights.service import Insights
    from bot.learned.service import WordingLearner
    from bot.platforms.registry import Platforms
    from bot.privacy.service import PrivacyService
    from bot.sources.catalogue import Catalogue
    from bot.sources.preview import SourcePreview
    from bot.sources.refresh import RefreshRequest, RefreshService
    from bot.sources.removal import SourceRemoval
    from bot.sources.schedule import ScheduledRefreshes
    from bot.sources.status import ServerHealth, StatusReport
    from bot.sources.watch import RefreshWatch
    from bot.taught.service import TaughtAnswers
    from bot.wordings.service import Wordings
    from inference.spare_time import SpareTime
    from inference.vllm import VllmGenerator
    from retrieval.audiences import Viewer
    from retrieval.documents import Document, Passage, Source
    from retrieval.refresh import Progress, RefreshReport

_DRAFTED_FROM = 4  # passages that an entry is drafted from


@dataclass
class FeatureParts(SearchParts):
    """`platforms` are the chat platforms as they are configured; what is opened on the way is put on `closing`."""

    platforms: Platforms
    closing: AsyncExitStack

    @cached_property
    def schedules(self) -> ScheduledRefreshes:
        """Sources that are read by themselves."""
        from bot.sources.schedule import ScheduledRefreshes

        async def tell(text: str) -> None:
            await self.notices.tell_admins(text)

        return ScheduledRefreshes(self.schedule_store, self.refresh_service, tell)

    @cached_property
    def refresh_service(self) -> RefreshService:
        """The refresh use case."""
        from bot.sources.refresh import RefreshService

        service = RefreshService(
            self.source_store,
            self.refresh_log,
            self._run_refresh,
            self._paused,
            self._prepare_refresh,
            self._conclude_refresh,
        )
        self.closing.push_async_callback(service.close)
        return service

    async def _paused(self) -> frozenset[str]:
        return await self.schedules.paused()

    def _run_refresh(
        self, sources: Sequence[Source], request: RefreshRequest, on_progress: Callable[[Progress], None]
    ) -> RefreshReport:
        from retrieval.refresh import RefreshOptions, refresh_index

        golden = self.settings.golden_questions  # read before anything is crawled, so that a broken file costs nothing
        trial = None
        if golden:
            trial = golden_trial(golden, self.settings, lambda: self.embedding_models, self._current_beside)
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
                min_coverage=self.settings.min_coverage,
            ),
            audiences=self.live_audiences.current(),
            wordings=self.wordings.current(),
            trial=trial,
            on_progress=on_progress,
        )

    async def _prepare_refresh(self) -> None:
        await self.live_audiences.load()
        await self.wordings.load()
        if self.settings.golden_questions:
            await self.known_beside()

    async def _conclude_refresh(self, report: RefreshReport) -> Mapping[str, object]:
        from bot.freshness.conclusion import conclude_refresh

        if report.renewed and report.outcome != "dry_run":
            await self.audience_store.record_read(report.renewed, report.version)
            await self.live_audiences.load()
        told = dict(await conclude_refresh(report, self.contradictions, self.staleness))
        if report.outcome == "dry_run":
            return told
        try:
            await self.contradictions.judge_found()
            await self.gap_drafts.draft_missing()
            if written := await self.wordings.write_missing():
                told["wordings"] = asdict(written)
        except (BotError, RetrievalError) as error:  # what is known by now is told all the same
            structlog.get_logger(__name__).warning("a model's work is left for the next refresh", cause=str(error))
        return told

    @cached_property
    def catalogue(self) -> Catalogue:
        """What Frontdesk knows, since when."""
        from bot.sources.catalogue import Catalogue

        return Catalogue(self.source_store, self.describe_knowledge, self.live_audiences.current)

    @cached_property
    def taught_answers(self) -> TaughtAnswers:
        """Answers that people give."""
        from bot.taught.audience import TaughtAudiences
        from bot.taught.service import TaughtAnswers

        channels = {*self.platforms.support_channels.items(), *self.platforms.admin_channels.items()}
        audiences = TaughtAudiences(self.live_audiences, self.conversations, lambda: self.retriever, channels)
        return TaughtAnswers(self.taught_store, self.published_answers, lambda: self.retriever, audiences)

    @cached_property
    def glossary(self) -> GlossaryService:
        """Terms that mean the same."""
        from bot.glossary.service import GlossaryService

        return GlossaryService(
            self.glossary_store, self.source_store, self.live_glossary, lambda: self.describe_knowledge().documents
        )

    @cached_property
    def wording_learner(self) -> WordingLearner:
        """What customers' choices and votes tell of their words."""
        from bot.learned.service import WordingLearner

        return WordingLearner(self.learned_store, self.live_learned, self.settings.learn_from)

    @cached_property
    def wordings(self) -> Wordings:
        """What a model wrote that customers might ask."""
        from bot.wordings.service import Wordings
        from bot.wordings.writer import ModelWordings

        writer = ModelWordings(self.spare_time) if self.spare_time else None
        budget = self.settings.wordings_per_refresh
        return Wordings(self.wording_store, self.load_index, self._find_meant, writer, budget)

    async def _find_meant(self, question: str) -> str:
        """The entry that a question means: it is first, and neither is another as likely nor is it too far off to be
        shown."""
        from bot.answering.decide import make_decision
        from bot.chat.conversation import Decision

        found = await self.retriever.retrieve(question)
        decided = make_decision(found, self.settings.answer_threshold, self.settings.suggest_threshold)
        if decided.decision not in {Decision.ANSWER, Decision.SUGGEST}:
            return ""
        return found.passages[0].passage.document.entry_id

    @cached_property
    def posters(self) -> dict[str, ChannelPoster]:
        """The platforms that are connected: adapters come and go."""
        return {}

    @cached_property
    def notices(self) -> Notices:
        """What teammates and admins are told."""
        from bot.inbox.notices import Notices

        return Notices(
            self.posters, self.platforms.support_channels, self.platforms.admin_channels, self.taught_answers
        )

    @cached_property
    def undelivered(self) -> Undelivered:
        """What admins are told of customers who cannot be."""
        from bot.inbox.notices import Undelivered

        return Undelivered(self.notices)

    @cached_property
    def voting(self) -> Voting:
        """What customers think of answers."""
        from bot.inbox.notices import Voting

        return Voting(self.conversations, self.notices, masker(self.settings), self.wording_learner)

    @cached_property
    def handoffs(self) -> HandoffService:
        """From the bot to a human and back."""
        from bot.handoff.service import HandoffLimits, HandoffService

        settings = self.settings
        return HandoffService(
            self.handoff_store,
            self.inbox_store,
            self.conversations,
            self.posters,
            self.platforms.support_channels,
            self.notices.propose,
            HandoffLimits(timedelta(minutes=settings.handoff_remind_minutes), settings.handoff_note),
            self.undelivered.tell_of_support,
        )

    @cached_property
    def access(self) -> AccessService:
        """Who may steer."""
        from bot.access.service import AccessService

        return AccessService(self.admin_store, self.audit_log)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Who may call the HTTP API."""
        from bot.api_keys.service import ApiKeys

        keys = ApiKeys(self.key_store)
        self.closing.push_async_callback(keys.close)
        return keys

    @cached_property
    def privacy(self) -> PrivacyService:
        """Forgetting."""
        from bot.privacy.service import PrivacyService

        async def forgotten() -> None:
            await self.published_answers.load()
            await self.live_learned.load()

        service = PrivacyService(self.privacy_store, self.settings.retention_days, forgotten)
        self.closing.push_async_callback(service.close)
        return service

    @cached_property
    def gaps(self) -> Gaps:
        """What people asked and was not answered well."""
        from bot.gaps.service import Gaps

        async def answered(question: str, viewer: Viewer) -> str:
            from bot.answering.decide import make_decision
            from bot.chat.conversation import Decision

            try:
                found = await self.retriever.retrieve(question, viewer=viewer)
            except RetrievalError:
                return ""
            decided = make_decision(found, self.settings.answer_threshold)
            return found.passages[0].passage.id if decided.decision is Decision.ANSWER else ""

        models, intents = (lambda: self.embedding_models), (lambda: self.intent_reader)
        return Gaps(
            self.missed_store,
            models,
            intents,
            answered,
            self.draft_store,
            self.take_in_known,
            self.gap_mark_store,
        )

    @cached_property
    def gap_drafts(self) -> GapDrafts:
        """Entries that a model drafts for gaps."""
        from bot.gaps.drafter import INSTRUCTIONS, ModelDrafter
        from bot.gaps.drafts import GapDrafts

        async def keep(text: str, passages: Sequence[Passage], question: str, language: str) -> str:
            from bot.answering.carried import keep_carried

            attributor = attributor_for(self.settings, self.embedding_models)
            return await asyncio.to_thread(keep_carried, text, passages, question, language, INSTRUCTIONS, attributor)

        async def find_nearest(question: str, viewer: Viewer) -> Sequence[Passage]:
            found = await self.retriever.retrieve(question, limit=_DRAFTED_FROM, viewer=viewer)
            return [each.passage for each in found.passages]

        drafter = ModelDrafter(self.spare_time, keep) if self.spare_time else None
        return GapDrafts(self.draft_store, self.gaps, find_nearest, drafter, self.settings.drafts_per_refresh)

    @cached_property
    def insights(self) -> Insights:
        """How well questions are answered."""
        from bot.insights.service import Insights

        return Insights(self.insight_store, timedelta(hours=self.settings.insights_quiet_hours))

    @cached_property
    def contradictions(self) -> Contradictions:
        """Entries that answer the same question differently."""
        from bot.freshness.service import Contradictions

        def find_audience(document: Document) -> frozenset[str]:
            return self.live_audiences.current().find_audience(document)

        return Contradictions(
            self.freshness_store, self.live_set_aside, self.load_index, find_audience, self._make_judge()
        )

    def _make_judge(self) -> Judge | None:
        from bot.freshness.judge import ModelJudge

        wanted = self.settings.judge_contradictions
        return ModelJudge(self.spare_time) if wanted and self.spare_time else None

    @cached_property
    def generator(self) -> VllmGenerator | None:
        """The vLLM servers of the settings, if there are any."""
        if not self.settings.vllm_url:
            return None
        generator = generator_for(self.settings)
        self.closing.push_async_callback(generator.close)
        return generator

    @cached_property
    def spare_time(self) -> SpareTime | None:
        """The vLLM servers, for what nobody waits for."""
        from inference.spare_time import SpareTime

        return SpareTime(self.generator, self.settings.vllm_seconds) if self.generator else None

    @cached_property
    def staleness(self) -> Staleness:
        """Answers that may be out of date."""
        from bot.freshness.stale import Staleness

        return Staleness(self.freshness_store, self.load_index)

    @cached_property
    def source_preview(self) -> SourcePreview:
        """The first pairs of a site."""
        from bot.sources.preview import SourcePreview

        return SourcePreview(lambda source: read_first_pages(source, self.settings), self.markers)

    @cached_property
    def source_removal(self) -> SourceRemoval:
        """Taking a source out."""
        from bot.sources.removal import SourceRemoval

        return SourceRemoval(self.source_store, version_store(self.settings))

    @cached_property
    def refusals(self) -> Refusals:
        """Which platforms refuse a process that runs."""
        from bot.chat.refusal_notes import Refusals
        from bot.handoff.service import name_trouble

        return Refusals(self.markers, [*sorted(self.platforms), *map(name_trouble, sorted(self.platforms))])

    @cached_property
    def status(self) -> StatusReport:
        """How Frontdesk is doing."""
        from bot.sources.status import StatusReport

        async def health() -> Sequence[ServerHealth]:
            return await check_vllm(self.settings, self.generator)

        runs, refused = self.refresh_log, self.refusals.list_refusals
        return StatusReport(
            self.source_store,
            self.schedule_store,
            runs,
            self.describe_knowledge,
            self.describe_coverage,
            health,
            refused,
            self.audience_store,
        )

    @cached_property
    def refresh_watch(self) -> RefreshWatch:
        """Refreshes, shown as they go."""
        from bot.sources.watch import RefreshWatch

        return RefreshWatch(self.refresh_service, self.refresh_log, self.posters)
