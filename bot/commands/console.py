"""What admins and teammates call, from Slack, Discord or the command line: who may is asked here, at every call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol

import structlog

from bot.chat.card import Card
from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role
from bot.chat.platform import AdminReply
from bot.commands.chat_lines import to_chat_line
from bot.commands.context import Answer, CommandContext
from bot.commands.help import HelpCommand
from bot.commands.parser import Call
from bot.commands.registry import Bound, Command, Kind, bind_handlers
from bot.errors import BotError, DeliveryError
from bot.i18n import words_for
from bot.runtime.faults import log_fault
from retrieval.errors import RetrievalError

log = structlog.get_logger(__name__)

_GONE = "I do not know this {} any more."


class Guard(Protocol):
    """Who may do what, and the record of it."""

    async def role(self, actor: Actor) -> Role: ...

    def allowed(
        self, actor: Actor, role: Role, action: str, target: str = "", *, typed: bool = False, as_user: str = ""
    ) -> AbstractAsyncContextManager[None]: ...


class Console:
    """Calls what `groups` declare. Each method answers what only the caller sees; what everybody sees goes to the
    screen. A fault becomes a card: of a known one its cause and mend, of any other an id that stands in the log.

    `offer` gives what may stand for a parameter of a kind, to admins who are typing."""

    def __init__(
        self,
        guard: Guard,
        groups: Sequence[object],
        offer: Mapping[Kind, Callable[[], Awaitable[Sequence[str]]]] | None = None,
    ) -> None:
        self._guard = guard
        self._offer = offer or {}
        shown = HelpCommand()
        self._handlers = bind_handlers([*groups, shown])
        self.commands: Mapping[str, Command] = {
            name: bound.declared
            for name, bound in self._handlers.commands.items()
            if isinstance(bound.declared, Command)
        }
        """All commands, by name, in the order of the help."""
        self.group_help = {name: text for group in groups for name, text in getattr(group, "GROUPS", {}).items()}
        """What groups of commands are about, by the first word of their names."""
        shown.commands = self.commands
        self._to_chat_line = partial(to_chat_line, commands=self.commands)

    async def run(self, actor: Actor, place: ThreadRef, call: Call, screen: AdminReply) -> Answer:
        """A command."""
        bound = self._handlers.commands[call.name]
        usage = self.commands[call.name].usage
        to_line = str if actor.platform == "cli" else self._to_chat_line
        context = CommandContext(actor, place, screen, call.name, call.options, usage=usage, to_chat_line=to_line)
        return await self._guarded(context, bound, typed=True)

    async def click(self, actor: Actor, place: ThreadRef, action: str, value: str, screen: AdminReply) -> Answer:
        """A button. `screen` shows what takes the place of the message it stands below."""
        bound = self._handlers.buttons.get(action)
        if bound is None:
            return Card(text=_GONE.format("button"))
        context = CommandContext(actor, place, screen, action, value=value, to_chat_line=self._to_chat_line)
        return await self._guarded(context, bound)

    async def submit(
        self,
        actor: Actor,
        place: ThreadRef,
        action: str,
        value: str,
        fields: Mapping[str, str],
        screen: AdminReply | None = None,
    ) -> Answer:
        """A form, or a menu with its fields."""
        bound = self._handlers.forms.get(action)
        if bound is None:
            return Card(text=_GONE.format("form"))
        shown = screen or _Nowhere()
        context = CommandContext(
            actor, place, shown, action, value=value, fields=fields, to_chat_line=self._to_chat_line
        )
        return await self._guarded(context, bound)

    async def complete(self, actor: Actor, kind: Kind) -> Sequence[str]:
        """What is offered to an admin who types a parameter of that kind; nothing to others."""
        try:
            if kind not in self._offer or await self._guard.role(actor) < Role.ADMIN:
                return ()
            return await self._offer[kind]()
        except BotError:
            return ()

    async def _guarded(self, context: CommandContext, bound: Bound, *, typed: bool = False) -> Answer:
        declared = bound.declared
        note = declared.note(context)
        try:
            async with self._guard.allowed(
                context.actor, declared.role, context.name, note.target, typed=typed, as_user=note.as_user
            ):
                return await bound.handle(context)
        except (BotError, RetrievalError) as error:
            if context.raises_faults:
                raise
            if isinstance(error, DeliveryError):
                log.warning("not shown", command=context.name, cause=str(error))
            return Card(text=self._to_chat_line(str(error)), fault=True)
        except Exception as error:
            if context.raises_faults:
                raise
            fault = log_fault(error, command=context.name)
            return Card(text=words_for("en").say("fault", fault=fault), fault=True)


class _Nowhere:
    """A screen for calls that show nothing."""

    async def show_card(self, card: Card, *, public: bool = False) -> None:
        """Nothing."""

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """Nothing."""
