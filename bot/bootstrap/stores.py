"""The stores on an open database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.interfaces import (
        AdminStore,
        AuditLog,
        ConversationStore,
        GlossaryStore,
        HandoffStore,
        Inbox,
        LearnedStore,
        Markers,
        MissedStore,
        PrivacyStore,
        RefreshLog,
        ScheduleStore,
        SourceStore,
        TaughtStore,
    )
    from bot.storage.database import Database


@dataclass(frozen=True)
class Stores:
    """Each is made when first asked for."""

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
    def schedule_store(self) -> ScheduleStore:
        """When sources are read by themselves."""
        from bot.storage.schedules import SqlScheduleStore

        return SqlScheduleStore(self.database)

    @cached_property
    def refreshes(self) -> RefreshLog:
        """What refreshes did and when."""
        from bot.storage.refreshes import SqlRefreshLog

        return SqlRefreshLog(self.database)

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
    def admins(self) -> AdminStore:
        """Who was named an admin."""
        from bot.storage.admins import SqlAdminStore

        return SqlAdminStore(self.database)

    @cached_property
    def audit(self) -> AuditLog:
        """Who did what."""
        from bot.storage.audit import SqlAuditLog

        return SqlAuditLog(self.database)

    @cached_property
    def handoffs(self) -> HandoffStore:
        """Conversations that people take over."""
        from bot.storage.handoffs import SqlHandoffStore

        return SqlHandoffStore(self.database)

    @cached_property
    def taught(self) -> TaughtStore:
        """Answers that people gave."""
        from bot.storage.taught import SqlTaughtStore

        return SqlTaughtStore(self.database)

    @cached_property
    def glossary_store(self) -> GlossaryStore:
        """Terms that mean the same."""
        from bot.storage.glossary import SqlGlossaryStore

        return SqlGlossaryStore(self.database)

    @cached_property
    def learned_store(self) -> LearnedStore:
        """What people showed of which entry some words mean."""
        from bot.storage.learned import SqlLearnedStore

        return SqlLearnedStore(self.database)

    @cached_property
    def missed(self) -> MissedStore:
        """What was not answered well."""
        from bot.storage.missed import SqlMissedStore

        return SqlMissedStore(self.database)

    @cached_property
    def privacy_store(self) -> PrivacyStore:
        """Deletes what people said."""
        from bot.storage.privacy import SqlPrivacyStore

        return SqlPrivacyStore(self.database)
