"""`frontdesk learned …`: the wordings that customers have shown the entries of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import AsJson, print_json, run_on_application
from bot.cli.steering import record_action, run_command

if TYPE_CHECKING:
    from bot.app import Application
    from bot.learned.models import Evidence
    from bot.learned.service import Wording

learned_app = typer.Typer(no_args_is_help=True)

WordingId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first digits of it, as `frontdesk learned list` shows.")
]


@learned_app.command("list")
def list_wordings(as_json: AsJson = False) -> None:
    """List which entries customers showed that their words mean, those in use first."""
    if not as_json:
        run_command("learned")
        return

    async def load_wordings(application: Application) -> Sequence[Wording]:
        async with record_action(application, "learned"):
            return await application.learning.list()

    print_json([asdict(each) for each in run_on_application(load_wordings)])


@learned_app.command("show")
def show_wording(wording: WordingId, as_json: AsJson = False) -> None:
    """Show a wording, and what people did that it rests on."""
    if not as_json:
        run_command("learned show", id=wording)
        return

    async def load_wording(application: Application) -> dict[str, Any]:
        async with record_action(application, "learned show", wording[:20]):
            found, evidence = await application.learning.get(wording)
        return asdict(found) | {"evidence": [_as_dict(each) for each in evidence]}

    print_json(run_on_application(load_wording))


@learned_app.command("remove")
def remove_wording(wording: WordingId) -> None:
    """Take a wording out. It is not learned again."""
    run_command("learned remove", id=wording)


def _as_dict(evidence: Evidence) -> dict[str, Any]:
    """Without who it was."""
    return {"gesture": evidence.gesture.value, "turn_id": evidence.turn_id, "at": evidence.created_at}
