"""What every steering command shares: who steers, the record of it, and asking before something is lost."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import typer

from bot.chat.people import Actor, Role
from bot.cli.output import print_line

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card

PLATFORM = "cli"


def current_operator() -> Actor:
    """Whoever may run `frontdesk` is an admin."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        user = "operator"
    return Actor(PLATFORM, "", user, role=Role.ADMIN)


def record_action(application: Application, action: str, target: str = "") -> AbstractAsyncContextManager[None]:
    """Within it the action is done, and recorded. `target` is a thing's name, never a text."""
    return application.access.allowed(current_operator(), Role.ADMIN, action, target)


async def call_command(
    application: Application, name: str, options: Mapping[str, str | bool] | None = None
) -> Card | None:
    """A command of the console, which every surface calls. Raises what it raises: here that is an exit code."""
    from bot.chat.card import Card
    from bot.chat.message import ThreadRef
    from bot.cli.cards import TerminalScreen
    from bot.commands.parser import Call

    given = {key: value for key, value in (options or {}).items() if value}
    answer = await application.console.run(
        current_operator(), ThreadRef(PLATFORM, "", "", ""), Call(name, given), TerminalScreen()
    )
    return answer if isinstance(answer, Card) else None


async def press_button(application: Application, action: str, value: str) -> Card | None:
    """A button of the console's."""
    from bot.chat.card import Card
    from bot.chat.message import ThreadRef
    from bot.cli.cards import TerminalScreen

    answer = await application.console.click(
        current_operator(), ThreadRef(PLATFORM, "", "", ""), action, value, TerminalScreen()
    )
    return answer if isinstance(answer, Card) else None


def confirm_or_exit(question: str, yes: bool) -> None:
    """Ask, unless `yes` was said. Raises InputError where there is nobody to ask; ends the command at a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        from bot.errors import InputError

        raise InputError("There is no terminal to ask at: add --yes if you are sure.")
    if not typer.confirm(question, err=True):
        print_line("Nothing was changed.", err=True)
        raise typer.Exit(1)
