"""The features' commands over the services that they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.access.commands import AdminCommands, AuditCommands
from bot.answering.commands import ExplainCommands
from bot.api_keys.commands import KeyCommands
from bot.features import COMMANDS, GROUPS
from bot.freshness.commands import FreshnessCommands
from bot.gaps.commands import GapCommands
from bot.glossary.commands import GlossaryCommands
from bot.handoff.commands import HandoffCommands
from bot.inbox.commands import ChannelCommands
from bot.insights.commands import InsightCommands
from bot.learned.commands import LearnedCommands
from bot.privacy.commands import PrivacyCommands
from bot.sources.commands import SourceCommands
from bot.taught.commands import TaughtCommands
from bot.wordings.commands import WordingCommands

if TYPE_CHECKING:
    from bot.app.application import Application
    from retrieval.index.versions import VersionStore

__all__ = ["COMMANDS", "GROUPS", "make_groups"]


def make_groups(app: Application, versions: VersionStore) -> tuple[SourceCommands, *tuple[object, ...]]:
    """Each group over the services that it calls, in the order of `GROUPS`."""
    sources = SourceCommands(
        app.source_store,
        app.refresh_service,
        app.schedules,
        app.refresh_watch,
        app.source_preview,
        app.source_removal,
        app.status,
        versions,
        app.audience_store,
        app.live_audiences,
        app.platforms.declared,
    )
    return (
        sources,
        ExplainCommands(app.conversations, app.access.role),
        InsightCommands(app.insights),
        GapCommands(app.gaps, app.gap_mark_store),
        FreshnessCommands(app.contradictions, app.staleness),
        ChannelCommands(app.inbox_store, app.platforms.declared),
        AdminCommands(app.admin_store, app.platforms.declared),
        HandoffCommands(app.handoffs, app.handoff_store),
        TaughtCommands(app.taught_answers, app.markers, app.platforms.declared, app.draft_store),
        GlossaryCommands(app.glossary),
        LearnedCommands(app.wording_learner),
        WordingCommands(app.wordings),
        PrivacyCommands(app.privacy),
        KeyCommands(app.api_keys),
        AuditCommands(app.audit_log),
    )
