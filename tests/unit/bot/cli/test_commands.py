"""What is declared for every surface can be typed at a terminal, and chats take nothing that is the terminal's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.app import Application
from bot.chat.card import Card, File
from bot.chat.people import Role
from bot.cli.commands import ELSEWHERE, Given, TerminalForm, add_commands, name_on_terminal
from bot.cli.main import app as real_app
from bot.commands.parser import read_line
from bot.commands.registry import Command, Kind, Parameter, Terminal
from bot.errors import BotError, InputError
from bot.features import COMMANDS
from bot.platforms.registry import find_sections
from bot.settings import Settings

TYPED = {name: each for name, each in COMMANDS.items() if name not in ELSEWHERE}
OWN = [
    (name, each)
    for name, command in COMMANDS.items()
    for each in command.terminal_parameters
    if each.name not in {shared.name for shared in command.parameters}
]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (name for section in (Settings, *find_sections()) for name in section.environment_variables()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def run(commands: Mapping[str, Command], form: TerminalForm, *words: str) -> Any:
    """What a command line made of these declarations does with a line; raises what the command raises."""
    app = typer.Typer()
    groups: Mapping[str, typer.Typer] = defaultdict(typer.Typer)
    add_commands(app, groups, commands, dict.fromkeys(commands, form), {"recrawl": "refresh"})
    for name, group in groups.items():
        app.add_typer(group, name=name)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def values_of(parameter: Parameter) -> str:
    """Something that may be typed for it."""
    if parameter.choices:
        return parameter.choices[0]
    return "3" if parameter.kind in {Kind.DAYS, Kind.COUNT} else "value"


def words_for(command: Command, *, only_needed: bool = False) -> Iterator[str]:
    for each in command.terminal_parameters:
        option = each.named or each.kind is Kind.FLAG or (each.choices and not each.required)
        if only_needed and (not each.required or each.kind is Kind.FLAG):
            continue
        if option:
            yield f"--{each.name}"
        if each.kind is not Kind.FLAG:
            yield values_of(each)


def given_by(name: str, *words: str) -> Given:
    """What the command is called with."""
    calls: list[tuple[str, Given]] = []

    async def call(_application: Application, called: str, given: Given) -> Card | None:
        calls.append((called, given))
        return None

    done = run(COMMANDS, TerminalForm(call=call), *name_on_terminal(name, COMMANDS).split(), *words)
    assert done.exit_code == 0, done.output
    [(called, given)] = calls
    assert called == name
    return given


@pytest.mark.parametrize("name", TYPED)
def test_every_parameter_of_every_command_arrives_as_it_was_typed(name: str) -> None:
    given = given_by(name, *words_for(COMMANDS[name]))
    for each in COMMANDS[name].terminal_parameters:
        expected: Any = values_of(each)
        if each.kind is Kind.FLAG:
            expected = True
        elif each.kind is Kind.REST:
            expected = [expected]
        elif each.kind in {Kind.DAYS, Kind.COUNT}:
            expected = int(expected)
        assert given[each.name] == expected, each.name


@pytest.mark.parametrize("name", TYPED)
def test_what_may_be_left_out_is_not_missed_and_what_may_not_is(name: str) -> None:
    command = COMMANDS[name]
    needed = {each.name for each in command.terminal_parameters if each.required and each.kind is not Kind.FLAG}
    given = given_by(name, *words_for(command, only_needed=True))
    assert {key for key, value in given.items() if value} == needed
    if needed:
        assert run(COMMANDS, TerminalForm(), *name_on_terminal(name, COMMANDS).split()).exit_code == 2


def test_the_command_line_has_every_command_that_is_declared_once_and_help_of_it() -> None:
    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "commands"):
            yield path, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{path} {name}".strip())

    known = dict(walk(typer.main.get_command(real_app), ""))
    for name, command in TYPED.items():
        shown = known[name_on_terminal(name, COMMANDS)].help
        assert command.help.casefold().replace("/faq ", "frontdesk ") in shown.casefold()
        assert "/faq" not in shown
    assert set(ELSEWHERE) <= set(COMMANDS)


@pytest.mark.parametrize(("name", "parameter"), OWN, ids=[f"{name} {each.name}" for name, each in OWN])
def test_no_chat_takes_what_only_the_terminal_may_say(name: str, parameter: Parameter) -> None:
    """Whoever may name an admin in one workspace could else name one in any other."""
    assert parameter.name not in COMMANDS[name].usage
    needed = [each.name for each in COMMANDS[name].parameters if each.required and each.kind is not Kind.FLAG]
    with pytest.raises(InputError, match="is no option"):
        read_line(" ".join([name, *needed, f"--{parameter.name}", values_of(parameter)]), COMMANDS)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, each) for name, command in TYPED.items() for each in command.terminal_parameters if each.choices],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_what_is_none_of_the_choices_is_told_with_them(name: str, parameter: Parameter) -> None:
    words = [f"--{parameter.name}", "another", *words_for(COMMANDS[name], only_needed=True)]
    if parameter.required:  # said twice, the last counts
        words = [*words[2:], *words[:2]]
    with pytest.raises(InputError, match=f"another.*{parameter.choices[-1]}"):
        run(COMMANDS, TerminalForm(), *name_on_terminal(name, COMMANDS).split(), *words)


# -- forms ------------------------------------------------------------------------------------------------------------

ONE = {"thing": Command("thing", Role.ADMIN, "see /faq thing", terminal=Terminal(more="More."))}


async def give_file(_application: Application, _name: str, _given: Given) -> Card:
    return Card(text="Two rows.", file=File("thing.csv", "a\r\nb\r\n"), data=["a", "b"])


async def give_none(_application: Application, _name: str, _given: Given) -> Card:
    return Card(text="Nothing: see /faq thing.")


def test_a_file_goes_where_it_is_said_and_json_is_the_data(tmp_path: Path) -> None:
    form = TerminalForm(call=give_file, as_json=list, file="csv")
    done = run(ONE, form, "thing", "--csv", str(tmp_path / "out.csv"))
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == b"a\r\nb\r\n"
    assert "Two rows." in done.stderr
    assert run(ONE, form, "thing", "--csv", "-").stdout.split() == ["a", "b"]
    assert run(ONE, form, "thing", "--json").stdout.split() == ["[", '"a",', '"b"', "]"]
    assert "Two rows." in run(ONE, form, "thing").stdout
    assert run(ONE, TerminalForm(call=give_file, file="out", file_always=True), "thing").stdout.split() == ["a", "b"]
    with pytest.raises(InputError, match="contradict"):
        run(ONE, form, "thing", "--json", "--csv", "-")
    with pytest.raises(InputError, match="/no/such"):
        run(ONE, form, "thing", "--csv", "/no/such/out.csv")
    with pytest.raises(BotError, match="see frontdesk thing"):
        run(ONE, TerminalForm(call=give_none, file="csv"), "thing", "--csv", str(tmp_path / "none.csv"))
    assert not (tmp_path / "none.csv").exists()


def test_nothing_is_done_that_was_not_agreed_to() -> None:
    form = TerminalForm(call=give_file, question=lambda _given: "Sure?")
    with pytest.raises(InputError, match="--yes"):  # there is nobody to ask
        run(ONE, form, "thing")
    assert "Two rows." in run(ONE, form, "thing", "-y").stdout
    assert run(ONE, TerminalForm(call=give_file), "thing", "--yes").exit_code == 2  # what is not asked has no answer
    assert run(ONE, TerminalForm(call=give_file), "thing", "--json").exit_code == 2  # what has no data offers none


def test_the_help_names_commands_as_they_are_typed_here() -> None:
    shown = run(ONE, TerminalForm(), "thing", "--help").stdout
    assert "See frontdesk thing. More." in shown
