"""A call of a command, button or form, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.chat.card import Card, Form
from bot.chat.message import ThreadRef
from bot.chat.people import Actor
from bot.chat.platform import AdminReply
from bot.errors import InputError
from retrieval.text.cleaning import make_storable


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A call by somebody, somewhere; `fields` are those of a form, `usage` is the command as it is typed, and
    `to_chat_line` an operator's line as it is for a chat."""

    actor: Actor
    place: ThreadRef
    screen: AdminReply
    name: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    value: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    usage: str = ""
    to_chat_line: Callable[[str], str] = str

    def __post_init__(self) -> None:
        """Whatever a platform hands on can be stored and logged."""
        object.__setattr__(self, "value", make_storable(self.value))
        for name in ("options", "fields"):
            given: Mapping[str, str | bool] = getattr(self, name)
            object.__setattr__(
                self, name, {key: make_storable(each) if isinstance(each, str) else each for key, each in given.items()}
            )

    @property
    def at_terminal(self) -> bool:
        """Whether it comes from the command line: of whoever runs Frontdesk, or of a script of theirs."""
        return self.actor.platform == "cli"

    @property
    def raises_faults(self) -> bool:
        """Whether a fault is told by no card: at a terminal it is an exit code, to a program a status."""
        return self.actor.platform in {"cli", "api"}

    def text(self, name: str) -> str:
        """An option's text, or ""."""
        value = self.options.get(name, "")
        return value if isinstance(value, str) else ""

    def count_days(self, otherwise: int) -> int:
        """The option `days`. Raises InputError."""
        days = self.text("days") or str(otherwise)
        if not days.isdecimal() or len(days) > 3 or not 1 <= int(days) <= 366:
            raise InputError(f"{days[:20]!r} is no number of days from 1 to 366.")
        return int(days)


Answer = Card | Form | None
"""What only the caller sees: a card, or a form to be filled in."""

Handler = Callable[[CommandContext], Awaitable[Answer]]
