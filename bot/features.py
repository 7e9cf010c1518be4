"""All that can be called behind `/faq` and on the command line: the features' commands, in the order of the help.

Light to import: `frontdesk --help` is made from it. What a feature's commands call is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.access.commands import AdminCommands, AuditCommands
from bot.answering.commands import ExplainCommands
from bot.api_keys.commands import KeyCommands
from bot.commands.help import HelpCommand
from bot.commands.registry import Command, declared_commands
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

GROUPS: tuple[type, ...] = (
    SourceCommands,
    ExplainCommands,
    InsightCommands,
    GapCommands,
    FreshnessCommands,
    ChannelCommands,
    AdminCommands,
    HandoffCommands,
    TaughtCommands,
    GlossaryCommands,
    LearnedCommands,
    WordingCommands,
    PrivacyCommands,
    KeyCommands,
    AuditCommands,
)
COMMANDS: Mapping[str, Command] = declared_commands([*GROUPS, HelpCommand])
