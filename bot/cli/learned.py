"""`frontdesk learned …`: the wordings that customers have shown the entries of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import AsJson, print_json, run
from bot.cli.steering import audited, steer

if TYPE_CHECKING:
    from bot.app import Application
    from bot.learned.models import Evidence
    from bot.learned.service import Wording

learned_app = typer.Typer(no_args_is_help=True)

WordingId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first digits of it, as `frontdesk learned list` shows.")
]


@learned_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List which entries customers showed that their words mean, those in use first."""
    if not as_json:
        steer("learned")
        return

    async def work(application: Application) -> Sequence[Wording]:
        async with audited(application, "learned"):
            return await application.learning.list()

    print_json([asdict(each) for each in run(work)])


@learned_app.command("show")
def show(wording: WordingId, as_json: AsJson = False) -> None:
    """Show a wording, and what people did that it rests on."""
    if not as_json:
        steer("learned show", id=wording)
        return

    async def work(application: Application) -> dict[str, Any]:
        async with audited(application, "learned show", wording[:20]):
            found, evidence = await application.learning.get(wording)
        return asdict(found) | {"evidence": [_as_dict(each) for each in evidence]}

    print_json(run(work))


@learned_app.command("remove")
def remove(wording: WordingId) -> None:
    """Take a wording out. It is not learned again."""
    steer("learned remove", id=wording)


def _as_dict(evidence: Evidence) -> dict[str, Any]:
    """Without who it was."""
    return {"gesture": evidence.gesture.value, "turn_id": evidence.turn_id, "at": evidence.created_at}
