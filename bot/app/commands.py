"""The features' commands over the services that they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.access.commands import AdminCommands, AuditCommands
from bot.answering.commands import ExplainCommands
from bot.features import COMMANDS, GROUPS
from bot.gaps.commands import GapCommands
from bot.glossary.commands import GlossaryCommands
from bot.handoff.commands import HandoffCommands
from bot.inbox.commands import ChannelCommands
from bot.learned.commands import LearnedCommands
from bot.privacy.commands import PrivacyCommands
from bot.sources.commands import SourceCommands
from bot.taught.commands import TaughtCommands

if TYPE_CHECKING:
    from bot.app.application import Application
    from retrieval.indexing.versions import VersionStore

__all__ = ["COMMANDS", "GROUPS", "make_groups"]


def make_groups(app: Application, versions: VersionStore) -> tuple[SourceCommands, *tuple[object, ...]]:
    """Each group over the services that it calls, in the order of `GROUPS`."""
    sources = SourceCommands(
        app.sources,
        app.refreshing,
        app.schedules,
        app.watching,
        app.previewing,
        app.removing,
        app.status,
        versions,
    )
    return (
        sources,
        ExplainCommands(app.conversations),
        GapCommands(app.gaps),
        ChannelCommands(app.inbox, app.platforms.declared),
        AdminCommands(app.admins, app.platforms.declared),
        HandoffCommands(app.handing, app.handoffs),
        TaughtCommands(app.teaching, app.markers),
        GlossaryCommands(app.glossary),
        LearnedCommands(app.learning),
        PrivacyCommands(app.privacy),
        AuditCommands(app.audit),
    )
