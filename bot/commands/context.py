"""What the console's groups of commands share: a call, what comes of it, and the use cases behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.access.ports import AdminStore, AuditLog
from bot.access.service import AccessService
from bot.chat.card import Card, Form
from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role
from bot.chat.platform import AdminReply
from bot.chat.ports import ConversationStore, Markers
from bot.gaps.service import Gaps
from bot.glossary.service import GlossaryService
from bot.handoff.ports import HandoffStore
from bot.handoff.service import HandoffService
from bot.inbox.ports import InboxStore
from bot.learned.service import WordingLearner
from bot.privacy.service import PrivacyService
from bot.sources.ports import SourceStore
from bot.sources.preview import SourcePreview
from bot.sources.refresh import RefreshService
from bot.sources.removal import SourceRemoval
from bot.sources.schedule import ScheduledRefreshes
from bot.sources.status import StatusReport
from bot.sources.watch import RefreshWatch
from bot.taught.service import TaughtAnswers
from retrieval.text import make_storable

if TYPE_CHECKING:
    from retrieval.indexing.versions import VersionStore


@dataclass(frozen=True, slots=True)
class CommandServices:
    """The use cases that a console calls."""

    permissions: AccessService
    admins: AdminStore
    audit: AuditLog
    sources: SourceStore
    schedules: ScheduledRefreshes
    refreshing: RefreshService
    watching: RefreshWatch
    previewing: SourcePreview
    removing: SourceRemoval
    status: StatusReport
    versions: VersionStore
    conversations: ConversationStore
    gaps: Gaps
    inbox: InboxStore
    handing: HandoffService
    handoffs: HandoffStore
    teaching: TaughtAnswers
    glossary: GlossaryService
    learning: WordingLearner
    privacy: PrivacyService
    markers: Markers


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A call by somebody, somewhere; `fields` are those of a form."""

    actor: Actor
    place: ThreadRef
    screen: AdminReply
    name: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    value: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whatever a platform hands on can be stored and logged."""
        object.__setattr__(self, "value", make_storable(self.value))
        for name in ("options", "fields"):
            given: Mapping[str, str | bool] = getattr(self, name)
            object.__setattr__(
                self, name, {key: make_storable(each) if isinstance(each, str) else each for key, each in given.items()}
            )

    def text(self, name: str) -> str:
        """An option's text, or ""."""
        value = self.options.get(name, "")
        return value if isinstance(value, str) else ""


Answer = Card | Form | None
"""What only the caller sees: a card, or a form to be filled in."""

Handler = Callable[[CommandContext], Awaitable[Answer]]
Handlers = Mapping[str, tuple[Role, Handler]]
"""By name: who may, and what is done."""
