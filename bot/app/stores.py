"""The stores on an open database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.access.ports import AdminStore, AuditLog
    from bot.answering.ports import TurnSearch
    from bot.api_keys.ports import KeyStore
    from bot.chat.ports import ConversationStore, Markers, PostedMessages
    from bot.database.database import Database
    from bot.evaluation.runs import EvaluationRunStore
    from bot.freshness.ports import FreshnessStore
    from bot.gaps.ports import DraftStore, GapMarkStore, MissedStore
    from bot.glossary.ports import GlossaryStore
    from bot.handoff.ports import HandoffStore
    from bot.inbox.ports import InboxStore
    from bot.insights.ports import InsightStore
    from bot.learned.ports import LearnedStore
    from bot.privacy.ports import PrivacyStore
    from bot.sources.ports import AudienceStore, RefreshLog, ScheduleStore, SourceStore
    from bot.taught.ports import TaughtStore
    from bot.wordings.ports import WordingStore


@dataclass
class Stores:
    """Each is made when first asked for."""

    settings: Settings
    database: Database

    @cached_property
    def conversations(self) -> ConversationStore:
        """Conversations, turns and feedback."""
        from bot.answering.store import SqlConversationStore

        return SqlConversationStore(self.database)

    @cached_property
    def turn_search(self) -> TurnSearch:
        """Finds turns in the log."""
        from bot.answering.turn_search_store import SqlTurnSearch

        return SqlTurnSearch(self.database)

    @cached_property
    def source_store(self) -> SourceStore:
        """The sources an admin named."""
        from bot.sources.store import SqlSourceStore

        return SqlSourceStore(self.database)

    @cached_property
    def audience_store(self) -> AudienceStore:
        """Whom sources are for."""
        from bot.sources.audience_store import SqlAudienceStore

        return SqlAudienceStore(self.database)

    @cached_property
    def schedule_store(self) -> ScheduleStore:
        """When sources are read by themselves."""
        from bot.sources.schedule_store import SqlScheduleStore

        return SqlScheduleStore(self.database)

    @cached_property
    def refresh_log(self) -> RefreshLog:
        """What refreshes did and when."""
        from bot.sources.refresh_log import SqlRefreshLog

        return SqlRefreshLog(self.database)

    @cached_property
    def inbox_store(self) -> InboxStore:
        """What arrived from chat platforms and is owed."""
        from bot.inbox.policy import update_thread
        from bot.inbox.store import SqlInboxStore

        return SqlInboxStore(self.database, update_thread, lease=self.settings.lease_seconds)

    @cached_property
    def markers(self) -> Markers:
        """Short notes that outlive the process."""
        from bot.database.markers import SqlMarkers

        return SqlMarkers(self.database)

    @cached_property
    def posted_messages(self) -> PostedMessages:
        """What is shown on platforms that keep nothing themselves."""
        from bot.database.posted_messages import SqlPostedMessages

        return SqlPostedMessages(self.database)

    @cached_property
    def admin_store(self) -> AdminStore:
        """Who was named an admin."""
        from bot.access.admin_store import SqlAdminStore

        return SqlAdminStore(self.database)

    @cached_property
    def audit_log(self) -> AuditLog:
        """Who did what."""
        from bot.access.audit_store import SqlAuditLog

        return SqlAuditLog(self.database)

    @cached_property
    def key_store(self) -> KeyStore:
        """The keys of the HTTP API."""
        from bot.api_keys.store import SqlKeyStore

        return SqlKeyStore(self.database)

    @cached_property
    def handoff_store(self) -> HandoffStore:
        """Conversations that people take over."""
        from bot.handoff.store import SqlHandoffStore

        return SqlHandoffStore(self.database)

    @cached_property
    def taught_store(self) -> TaughtStore:
        """Answers that people gave."""
        from bot.taught.store import SqlTaughtStore

        return SqlTaughtStore(self.database)

    @cached_property
    def glossary_store(self) -> GlossaryStore:
        """Terms that mean the same."""
        from bot.glossary.store import SqlGlossaryStore

        return SqlGlossaryStore(self.database)

    @cached_property
    def learned_store(self) -> LearnedStore:
        """What people showed of which entry some words mean."""
        from bot.learned.store import SqlLearnedStore

        return SqlLearnedStore(self.database)

    @cached_property
    def wording_store(self) -> WordingStore:
        """What a model wrote that customers might ask."""
        from bot.wordings.store import SqlWordingStore

        return SqlWordingStore(self.database)

    @cached_property
    def missed_store(self) -> MissedStore:
        """What was not answered well."""
        from bot.gaps.store import SqlMissedStore

        return SqlMissedStore(self.database)

    @cached_property
    def draft_store(self) -> DraftStore:
        """What a model drafted for what was not answered well."""
        from bot.gaps.draft_store import SqlDraftStore

        return SqlDraftStore(self.database)

    @cached_property
    def gap_mark_store(self) -> GapMarkStore:
        """What admins said of gaps."""
        from bot.gaps.mark_store import SqlGapMarkStore

        return SqlGapMarkStore(self.database)

    @cached_property
    def insight_store(self) -> InsightStore:
        """Counts what the log holds."""
        from bot.insights.store import SqlInsightStore

        return SqlInsightStore(self.database)

    @cached_property
    def evaluation_runs(self) -> EvaluationRunStore:
        """What came of the golden questions."""
        from bot.evaluation.run_store import SqlEvaluationRunStore

        return SqlEvaluationRunStore(self.database)

    @cached_property
    def freshness_store(self) -> FreshnessStore:
        """Since when entries read as they do, and which contradict each other."""
        from bot.freshness.store import SqlFreshnessStore

        return SqlFreshnessStore(self.database)

    @cached_property
    def privacy_store(self) -> PrivacyStore:
        """Deletes what people said."""
        from bot.privacy.store import SqlPrivacyStore

        return SqlPrivacyStore(self.database)
