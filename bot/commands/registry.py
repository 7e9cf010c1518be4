"""One declaration a command: its name, who may call it, its parameters and its help, on the method that does it.

`/faq`, Discord's command tree, the command line, the help and the documents are made from these declarations. A
feature's commands are a class whose methods are decorated; `declared_commands` reads them from classes, `bind_handlers`
from instances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from bot.chat.people import Role

if TYPE_CHECKING:
    from bot.commands.context import CommandContext, Handler

Method = TypeVar("Method", bound=Callable[..., Any])
_DECLARED = "__declared__"


class Kind(StrEnum):
    """What a parameter holds, by which a platform chooses how to ask for it."""

    TEXT = "text"
    REST = "rest"  # whatever else is typed on the line
    FLAG = "flag"  # there or not
    SOURCE = "source"  # a source's name
    USER = "user"
    CHANNEL = "channel"
    DAYS = "days"  # 1 to 366
    COUNT = "count"  # 1 or more


@dataclass(frozen=True, slots=True)
class Parameter:
    """`name` as it is typed; `named`: behind `--name`, else by its place. `choices` are all that it may be; `letter`
    is short for the name at a terminal."""

    name: str
    help: str = ""
    kind: Kind = Kind.TEXT
    required: bool = True
    named: bool = False
    choices: tuple[str, ...] = ()
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is otherwise on the command line: what the command is called there, and what it takes besides or in another
    way (in place of a parameter of that name). Chats never take these: a chat knows by itself who calls, and where.
    `more` is told behind the help where there is room."""

    name: str = ""
    parameters: tuple[Parameter, ...] = ()
    more: str = ""


_AS_IN_CHATS = Terminal()


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What the record says of a call: what it is done to, and who stands for a caller who is to be forgotten."""

    target: str
    as_user: str = ""


Note = Callable[["CommandContext"], AuditNote]


def note_options(context: CommandContext) -> AuditNote:
    """The options that are texts: names of things."""
    return AuditNote(" ".join(str(value) for value in context.options.values() if isinstance(value, str)))


def note_value(context: CommandContext) -> AuditNote:
    """The thing that a button or form is about."""
    return AuditNote(context.value[:12])


def note_nothing(_context: CommandContext) -> AuditNote:
    """What is done holds somebody's words."""
    return AuditNote("")


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed behind `/faq`. `terminal`: what is otherwise on the command line."""

    name: str
    role: Role
    help: str
    parameters: tuple[Parameter, ...] = ()
    note: Note = note_options
    terminal: Terminal = _AS_IN_CHATS

    @property
    def usage(self) -> str:
        """As it is typed."""
        return " ".join(["/faq", self.name, *map(_describe, self.parameters)])

    @property
    def terminal_parameters(self) -> tuple[Parameter, ...]:
        """All that it takes on the command line."""
        own = {each.name: each for each in self.terminal.parameters}
        shared = tuple(own.pop(each.name, each) for each in self.parameters)
        return (*shared, *own.values())


@dataclass(frozen=True, slots=True)
class Action:
    """A button or form that comes back under a name."""

    name: str
    role: Role
    note: Note = note_value


@dataclass(frozen=True, slots=True)
class Bound:
    """A command or action with what does it."""

    declared: Command | Action
    handle: Handler


@dataclass(frozen=True, slots=True)
class Handlers:
    """What can be called, by name."""

    commands: Mapping[str, Bound]
    buttons: Mapping[str, Bound]
    forms: Mapping[str, Bound]


def command(
    name: str,
    role: Role,
    help: str,
    *parameters: Parameter,
    note: Note = note_options,
    terminal: Terminal = _AS_IN_CHATS,
) -> Callable[[Method], Method]:
    """The method is called by `/faq name`."""
    return _declare("commands", Command(name, role, help, parameters, note, terminal))


def on_button(name: str, role: Role, *, note: Note = note_value) -> Callable[[Method], Method]:
    """The method is called by a button."""
    return _declare("buttons", Action(name, role, note))


def on_form(name: str, role: Role, *, note: Note = note_value) -> Callable[[Method], Method]:
    """The method is called with a form's fields."""
    return _declare("forms", Action(name, role, note))


def declared_commands(groups: Iterable[type]) -> Mapping[str, Command]:
    """Commands of classes, by name, in the order of their declarations."""
    return {name: each for name, each in _list_declared(groups, "commands").items() if isinstance(each, Command)}


def declared_buttons(groups: Iterable[type]) -> Mapping[str, Command | Action]:
    """Buttons of classes, by name."""
    return _list_declared(groups, "buttons")


def declared_forms(groups: Iterable[type]) -> Mapping[str, Command | Action]:
    """Forms of classes, by name."""
    return _list_declared(groups, "forms")


def bind_handlers(groups: Sequence[object]) -> Handlers:
    """Commands, buttons and forms of instances."""
    found: dict[str, dict[str, Bound]] = {"commands": {}, "buttons": {}, "forms": {}}
    for group in groups:
        for attribute, method in vars(type(group)).items():
            for kind, each in getattr(method, _DECLARED, ()):
                found[kind][each.name] = Bound(each, getattr(group, attribute))
    return Handlers(**found)


def _list_declared(groups: Iterable[type], wanted: str) -> dict[str, Command | Action]:
    return {
        each.name: each
        for group in groups
        for method in vars(group).values()
        for kind, each in getattr(method, _DECLARED, ())
        if kind == wanted
    }


def _declare(kind: str, declared: Command | Action) -> Callable[[Method], Method]:
    def mark(method: Method) -> Method:
        # The decorator that stands first is applied last.
        setattr(method, _DECLARED, ((kind, declared), *getattr(method, _DECLARED, ())))
        return method

    return mark


def _describe(parameter: Parameter) -> str:
    if parameter.kind is Kind.FLAG:
        return f"[--{parameter.name}]"
    if parameter.named:
        return f"[--{parameter.name} …]"
    if not parameter.required:
        return f"[{parameter.name}]"
    return f"<{parameter.name}{'…' if parameter.kind is Kind.REST else ''}>"
