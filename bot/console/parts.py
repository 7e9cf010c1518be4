"""What the console's groups of commands share: a call, what comes of it, and the use cases behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.cards import Card, Form
from bot.console.watching import Watching
from bot.handoff.handing import Handing
from bot.interfaces import (
    AdminStore,
    AuditLog,
    ConversationStore,
    HandoffStore,
    Inbox,
    Markers,
    Screen,
    SourceStore,
)
from bot.knowledge.gaps import Gaps
from bot.knowledge.glossary import Keeping
from bot.knowledge.learning import Learning
from bot.knowledge.permissions import Permissions
from bot.knowledge.previewing import Previewing
from bot.knowledge.privacy import Privacy
from bot.knowledge.refreshing import Refreshing
from bot.knowledge.removing import Removing
from bot.knowledge.schedules import Schedules
from bot.knowledge.status import StatusReport
from bot.knowledge.teaching import Teaching
from bot.messages import Place
from bot.people import Actor, Role
from retrieval.text import make_storable

if TYPE_CHECKING:
    from retrieval.indexing.versions import VersionStore


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases that a console calls."""

    permissions: Permissions
    admins: AdminStore
    audit: AuditLog
    sources: SourceStore
    schedules: Schedules
    refreshing: Refreshing
    watching: Watching
    previewing: Previewing
    removing: Removing
    status: StatusReport
    versions: VersionStore
    conversations: ConversationStore
    gaps: Gaps
    inbox: Inbox
    handing: Handing
    handoffs: HandoffStore
    teaching: Teaching
    glossary: Keeping
    learning: Learning
    privacy: Privacy
    markers: Markers


@dataclass(frozen=True, slots=True)
class Asked:
    """A call by somebody, somewhere; `fields` are those of a form."""

    actor: Actor
    place: Place
    screen: Screen
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

Work = Callable[[Asked], Awaitable[Answer]]
Works = Mapping[str, tuple[Role, Work]]
"""By name: who may, and what is done."""
