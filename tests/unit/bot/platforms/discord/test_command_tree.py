"""Discord's commands are those of the registry: a name, options and a description for each, within its limits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import AppCommandOptionType as Type
from discord import app_commands

from bot.app.commands import COMMANDS, GROUPS
from bot.commands.parser import Call
from bot.commands.registry import Kind
from bot.platforms.discord.command_tree import add_commands

GROUP_HELP = {name: text for group in GROUPS for name, text in getattr(group, "GROUPS", {}).items()}
TYPES = {Kind.FLAG: Type.boolean, Kind.USER: Type.user, Kind.CHANNEL: Type.channel, Kind.DAYS: Type.integer}


class Steering:
    """Keeps what is called."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def run_command(self, interaction: Any, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture
def steering() -> Steering:
    return Steering()


@pytest.fixture
def made(steering: Steering) -> dict[str, app_commands.Command[Any, Any, Any]]:
    """The subcommands of /faq by the names that people type."""
    console = SimpleNamespace(commands=COMMANDS, group_help=GROUP_HELP)
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    add_commands(tree, cast(Any, SimpleNamespace(console=console, commands=steering)))
    faq = tree.get_command("faq")
    assert isinstance(faq, app_commands.Group)
    found = {}
    for each in faq.walk_commands():
        if isinstance(each, app_commands.Command):
            found[each.qualified_name.removeprefix("faq ").removesuffix(" list").replace("-", " ")] = each
        else:
            assert 0 < len(each.commands) <= 25
    assert len(faq.commands) <= 25
    return found


def test_every_command_is_there_once_with_its_options(made: dict[str, app_commands.Command[Any, Any, Any]]) -> None:
    assert set(made) == set(COMMANDS)
    for name, command in COMMANDS.items():
        options = {each.name: each for each in made[name].parameters}
        assert set(options) == {each.name.replace("-", "_") for each in command.parameters}
        for parameter in command.parameters:
            option = options[parameter.name.replace("-", "_")]
            assert option.type is TYPES.get(parameter.kind, Type.string)
            assert option.required is (parameter.required and parameter.kind is not Kind.FLAG)
            assert [choice.value for choice in option.choices] == list(parameter.choices)
            assert option.autocomplete is (parameter.kind is Kind.SOURCE)
            assert 0 < len(str(option.description)) <= 100


async def test_what_is_given_reaches_the_console_under_the_names_that_are_typed(
    made: dict[str, app_commands.Command[Any, Any, Any]], steering: Steering
) -> None:
    member = SimpleNamespace(id=7)
    await made["recrawl"].callback(cast(Any, None), source="shop", dry_run=True, force=False)
    await made["gaps"].callback(cast(Any, None), days=30)
    await made["admins add"].callback(cast(Any, None), user=member)
    await made["channel help"].callback(cast(Any, None), state="on", channel=None)
    assert steering.calls == [
        Call("recrawl", {"source": "shop", "dry-run": True}),
        Call("gaps", {"days": "30"}),
        Call("admins add", {"user": "7"}),
        Call("channel help", {"state": "on"}),
    ]
