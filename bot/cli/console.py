"""`frontdesk console`: Frontdesk in a browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import print_line, run_on_application
from bot.cli.steering import current_operator

if TYPE_CHECKING:
    from bot.app import Application


def open_console(
    link: Annotated[
        bool, typer.Option("--link", help="Only print a link to the console of a running `frontdesk serve`.")
    ] = False,
) -> None:
    """Serve the console on this machine, until stopped, and print a link that signs you in once."""

    async def work(application: Application) -> None:
        from bot.app.console import make_console_link, serve_console
        from bot.console.requests import PLATFORM

        actor = replace(current_operator(), platform=PLATFORM)
        if link:
            print_line(await make_console_link(application, actor))
            return
        await serve_console(application, actor, _tell)

    run_on_application(work)


def _tell(address: str) -> None:
    print_line("The console is open on this machine until Ctrl-C. This link signs you in once, within 10 minutes:")
    print_line(address)


COMMANDS = {"console": open_console}
