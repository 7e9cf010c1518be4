"""The command line's form of what is declared for every surface: names, arguments, options and help come from the
declarations, permission and record from the console. What a terminal does otherwise with a command's outcome (JSON, a
table with more columns, a file) is its `TerminalForm`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from bot.cli.output import AsJson, open_output, print_json, print_line, run_on_application
from bot.cli.steering import call_command, confirm_or_exit
from bot.commands.registry import Command, Kind, Parameter

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card

Given = Mapping[str, Any]
"""What was typed, by parameter: a text, a number, a list of texts, True; None, "" or False where it was left out."""

ELSEWHERE = {
    "help": "that is --help",
    "cancel": "that is recrawl --cancel",
    "sources add": "adds folders too, shares its options with crawl, and looks first only where it is told to",
    "channel help": "channels help and unhelp: a terminal stands in no channel",
    "channel quiet": "channels quiet and unhelp",
}
"""Declared commands that the command line has in another form, and which."""


async def call_on_console(application: Application, name: str, given: Given) -> Card | None:
    """A command as it was typed."""
    return await call_command(application, name, {key: _to_option(value) for key, value in given.items()})


def show_card(card: Card) -> None:
    """As it is shown everywhere."""
    from bot.cli.cards import print_card

    print_card(card)


def as_it_is(data: Any) -> object:
    """Data that is JSON already."""
    return data


@dataclass(frozen=True, slots=True)
class TerminalForm:
    """How a declared command is called and shown here. `as_json` makes JSON of its card's data, and offers --json;
    `file` is the option that names where its card's file goes ("-": to stdout), without which a card is shown, or,
    where `file_always`, the file is written to stdout. `question` is asked before anything is done. `run` takes the
    place of all that."""

    call: Callable[[Application, str, Given], Awaitable[Card | None]] = call_on_console
    show: Callable[[Card], None] = show_card
    as_json: Callable[[Any], object] | None = None
    file: str = ""
    file_always: bool = False
    question: Callable[[Given], str] | None = None
    run: Callable[[Given, bool], None] | None = None


PLAIN = TerminalForm()


class ListingGroup(typer.core.TyperGroup):
    """A group that lists where no other command of it is named: it was one command, and scripts call it so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_for_help and (not args or args[0].startswith("-")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def name_on_terminal(name: str, commands: Mapping[str, Command]) -> str:
    """What a declared command is called: `sources` is the `list` of the group that others belong to."""
    groups = any(other.startswith(f"{name} ") for other in commands)
    return commands[name].terminal.name or (f"{name} list" if groups else name)


def add_commands(
    app: typer.Typer,
    groups: Mapping[str, typer.Typer],
    commands: Mapping[str, Command],
    forms: Mapping[str, TerminalForm],
    aliases: Mapping[str, str],
) -> None:
    """Add to the app, or to the group that the first word names, all declared commands that are not elsewhere.
    `aliases` are further names, by the command's."""
    for declared in commands.values():
        if declared.name in ELSEWHERE:
            continue
        group, _, name = name_on_terminal(declared.name, commands).rpartition(" ")
        function = _make_function(declared, forms.get(declared.name, PLAIN))
        for each in filter(None, (name, aliases.get(declared.name))):
            (groups[group] if group else app).command(each, help=_describe(declared))(function)


def _make_function(declared: Command, form: TerminalForm) -> Callable[..., None]:
    """What typer calls, with a signature of which it reads what may be typed."""
    named = {_to_identifier(each.name): each.name for each in declared.terminal_parameters}

    def call(**typed: Any) -> None:
        given = {name: typed[identifier] for identifier, name in named.items()}
        _run(declared, form, given, typed)

    asked = [_to_signature(each) for each in declared.terminal_parameters]
    if form.file:
        text = "The file to write. Default: standard output." if form.file_always else _TO_FILE
        asked.append(_keyword(form.file, Annotated[str, typer.Option(f"--{form.file}", metavar="FILE", help=text)], ""))
    if form.question:
        asked.append(_keyword("yes", Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")], False))
    if form.as_json:
        asked.append(_keyword("as_json", AsJson, False))
    call.__signature__ = inspect.Signature(asked)  # type: ignore[attr-defined]
    return call


_TO_FILE = "Write everything as CSV; '-': to stdout."


def _run(declared: Command, form: TerminalForm, given: Given, typed: Given) -> None:
    from bot.errors import InputError

    for each in declared.terminal_parameters:
        value = given[each.name]
        if value and each.choices and value not in each.choices:
            raise InputError(f"{value!r} is none of {', '.join(each.choices)}.")
    as_json, path = bool(typed.get("as_json")), str(typed.get(form.file, "") or "")
    if form.run:
        form.run(given, as_json)
        return
    if as_json and path:
        raise InputError(f"--{form.file} and --json contradict each other: leave one out.")
    if form.question:
        confirm_or_exit(form.question(given), bool(typed["yes"]))
    card = run_on_application(lambda application: form.call(application, declared.name, given))
    if card is None:
        return
    if as_json and form.as_json:
        print_json(form.as_json(card.data))
    elif path or form.file_always:
        _write_file(card, path)
    else:
        form.show(card)


def _write_file(card: Card, path: str) -> None:
    """Raises BotError where there is nothing to write, InputError where it cannot be written."""
    from bot.cli.cards import to_terminal_line
    from bot.errors import BotError

    if card.file is None:
        raise BotError(to_terminal_line(card.text))
    to_stdout = path in {"", "-"}
    with open_output(None if to_stdout else Path(path)) as stream:
        stream.write(card.file.content)
    print_line(f"{card.text}{'' if to_stdout else f' Written to {path}.'}", err=True)


def _describe(declared: Command) -> str:
    from bot.cli.cards import to_terminal_line

    first = f"{declared.help[:1].upper()}{declared.help[1:]}."
    return to_terminal_line(" ".join(filter(None, [first, declared.terminal.more])))


def _to_signature(parameter: Parameter) -> inspect.Parameter:
    """As an argument; what is named, a flag or one of few choices that may be left out is an option."""
    from bot.cli.cards import to_terminal_line

    help_text, identifier = to_terminal_line(parameter.help) or None, _to_identifier(parameter.name)
    kind: Any = _TYPES.get(parameter.kind, str)
    default: Any = inspect.Parameter.empty if parameter.required and parameter.kind is not Kind.FLAG else None
    if parameter.kind is Kind.FLAG:
        kind, default = bool, False
    elif default is None:
        kind = Optional[kind]  # noqa: UP045 (made at run time)
    if parameter.named or parameter.kind is Kind.FLAG or (parameter.choices and not parameter.required):
        names = [f"--{parameter.name}", *([f"-{parameter.letter}"] if parameter.letter else [])]
        bounds = _BOUNDS.get(parameter.kind, (None, None))
        option = typer.Option(
            *names, help=help_text, metavar="|".join(parameter.choices) or None, min=bounds[0], max=bounds[1]
        )
        return _keyword(identifier, Annotated[kind, option], default)
    shown = f"{parameter.name.upper()}{'…' if parameter.kind is Kind.REST else ''}"
    metavar = shown if parameter.required else f"[{shown}]"
    return _keyword(identifier, Annotated[kind, typer.Argument(metavar=metavar, help=help_text)], default)


_TYPES: Mapping[Kind, Any] = {Kind.REST: list[str], Kind.DAYS: int, Kind.COUNT: int}
_BOUNDS: Mapping[Kind, tuple[int, int | None]] = {Kind.DAYS: (1, 366), Kind.COUNT: (1, None)}


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _to_identifier(name: str) -> str:
    return name.replace("-", "_")


def _to_option(value: Any) -> str | bool:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
