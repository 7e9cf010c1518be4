"""What admins and teammates call, from Slack, Discord or the command line: who may is asked here, at every call."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.access.commands import FORGET_ME, PeopleCommands, forgets_caller, whom
from bot.access.models import FORGOTTEN
from bot.chat.card import Button, Card, Line, Style
from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role, make_pseudonym
from bot.chat.platform import AdminReply
from bot.commands import cards as drawing
from bot.commands.context import Answer, CommandContext, CommandServices, Handler, Handlers
from bot.commands.parser import COMMANDS, Call, usage
from bot.commands.questions import QuestionCommands
from bot.errors import BotError, DeliveryError
from bot.glossary import commands as glossary
from bot.i18n import words_for
from bot.learned import commands as learned
from bot.sources.commands import KnowledgeCommands
from bot.taught.commands import TaughtCommands
from retrieval.errors import RetrievalError

log = structlog.get_logger(__name__)


class Console:
    """Each method answers what only the caller sees; what everybody sees goes to the screen. A fault becomes a card:
    of a known one its cause and mend, of any other an id that stands in the log."""

    def __init__(self, parts: CommandServices) -> None:
        self._parts = parts
        knowledge, questions = KnowledgeCommands(parts), QuestionCommands(parts)
        people, taught = PeopleCommands(parts), TaughtCommands(parts)
        self._commands: Handlers = {
            **knowledge.commands,
            **questions.commands,
            **people.commands,
            **taught.commands,
            **{name: (Role.ADMIN, work) for name, work in glossary.commands(lambda: parts.glossary).items()},
            **{name: (Role.ADMIN, work) for name, work in learned.commands(lambda: parts.learning).items()},
            "help": (Role.TEAMMATE, self._help),
        }
        self._clicks: Handlers = {**knowledge.clicks, **questions.clicks, **people.clicks, **taught.clicks}
        self._forms: Handlers = taught.forms

    @classmethod
    def roles(cls) -> Mapping[str, Role]:
        """Who may call each command."""
        unequipped = cls(None)  # type: ignore[arg-type]  # the parts are wanted only when a command runs
        return {name: role for name, (role, _) in unequipped._commands.items()}

    async def run(self, actor: Actor, place: ThreadRef, call: Call, screen: AdminReply) -> Answer:
        """A command."""
        role, work = self._commands[call.name]
        asked = CommandContext(actor, place, screen, call.name, call.options)
        return await self._guarded(asked, role, work, _target(asked), typed=True)

    async def click(self, actor: Actor, place: ThreadRef, action: str, value: str, screen: AdminReply) -> Answer:
        """A button. `screen` shows what takes the place of the message it stands below."""
        if action not in self._clicks:
            return Card(text="I do not know this button any more.")
        role, work = self._clicks[action]
        target = make_pseudonym(actor.platform, actor.user) if action == FORGET_ME else value[:12]
        return await self._guarded(CommandContext(actor, place, screen, action, value=value), role, work, target)

    async def submit(
        self, actor: Actor, place: ThreadRef, action: str, value: str, fields: Mapping[str, str], screen: AdminReply
    ) -> Answer:
        """A form."""
        if action not in self._forms:
            return Card(text="I do not know this form any more.")
        role, work = self._forms[action]
        asked = CommandContext(actor, place, screen, action, value=value, fields=fields)
        return await self._guarded(asked, role, work, value[:12])

    async def save_message(self, actor: Actor, place: ThreadRef, question: str, answer: str, url: str) -> Answer:
        """ "Save as FAQ answer" on somebody's message: a form with what is known."""

        async def work(asked: CommandContext) -> Answer:
            token = uuid.uuid4().hex[:12]
            await self._parts.markers.set(f"teach:{token}", url)
            return drawing.teach_form("teach", token, question=question, answer=answer)

        return await self._guarded(CommandContext(actor, place, _Nowhere(), "save"), Role.TEAMMATE, work, "")

    async def source_names(self, actor: Actor) -> Sequence[str]:
        """What is offered to an admin who types a source's name; nothing to others."""
        try:
            if await self._parts.permissions.role(actor) < Role.ADMIN:
                return ()
            return [source.name for source in await self._parts.sources.list()]
        except BotError:
            return ()

    def ask_forget_me(self, actor: Actor, language: str) -> Card:
        """`/forget-me`: asks first."""
        words = words_for(language)
        yes = Button(FORGET_ME, f"{actor.user} {language}", words.labels["forget_yes"], Style.DANGER)
        return Card(text=words.say("forget_confirm"), buttons=(yes,))

    async def _guarded(
        self, asked: CommandContext, role: Role, work: Handler, target: str, *, typed: bool = False
    ) -> Answer:
        as_user = FORGOTTEN if forgets_caller(asked) else ""
        try:
            async with self._parts.permissions.allowed(
                asked.actor, role, asked.name, target, typed=typed, as_user=as_user
            ):
                return await work(asked)
        except (BotError, RetrievalError) as error:
            if asked.actor.platform == "cli":  # there a fault is a line of its own and an exit code
                raise
            if isinstance(error, DeliveryError):
                log.warning("not shown", command=asked.name, cause=str(error))
            return Card(text=drawing.for_chat(str(error)), fault=True)
        except Exception as error:
            if asked.actor.platform == "cli":
                raise
            fault = uuid.uuid4().hex[:8]
            log.error("fault", fault=fault, command=asked.name, kind=type(error).__name__)
            log.debug("fault's traceback", fault=fault, exc_info=error)
            return Card(text=words_for("en").say("fault", fault=fault), fault=True)

    async def _help(self, asked: CommandContext) -> Answer:
        lines = tuple(Line(usage(name), note=spec.help) for name, spec in COMMANDS.items())
        return Card(title="What you can ask of me here", lines=lines)


class _Nowhere:
    """A screen for calls that show nothing."""

    async def show(self, card: Card, *, public: bool = False) -> None:
        """Nothing."""

    async def attend(self, work: asyncio.Task[Any]) -> None:
        """Nothing."""


def _target(asked: CommandContext) -> str:
    """What a command is done to, for the record: never a text."""
    if asked.name == "teach":
        return ""
    if asked.name == "forget":
        return make_pseudonym(*whom(asked))
    return " ".join(str(value) for value in asked.options.values() if isinstance(value, str))
