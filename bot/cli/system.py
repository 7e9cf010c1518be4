"""Commands for the operator: doctor; and what `frontdesk versions` and `rollback` show."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import typer

from bot.chat.text import format_age
from bot.cli.commands import TerminalForm, as_it_is
from bot.cli.output import AsJson, make_console, print_json, print_table

if TYPE_CHECKING:
    from bot.chat.card import Card
    from retrieval.index.versions import Manifest

    Versions = tuple[Sequence[Manifest], str | None]
    """The manifests, newest first, and the id of the version that answers."""


def _show_versions(card: Card) -> None:
    manifests, active = cast("Versions", card.data)
    print_table(
        "Versions",
        ["", "=version", "=age", ">pages", ">documents", ">passages"],
        [
            (
                "active" if m.id == active else "",
                m.id,
                format_age(datetime.fromisoformat(m.created_at)),
                m.counts["pages"],
                m.counts["documents"],
                m.counts["passages"],
            )
            for m in manifests
        ],
        empty="Nothing is indexed yet: run 'frontdesk refresh'.",
    )


def _versions_as_json(versions: Versions) -> list[dict[str, Any]]:
    manifests, active = versions
    return [
        {
            "version": m.id,
            "active": m.id == active,
            "created_at": m.created_at,
            "parent": m.parent,
            "embedder": m.embedder,
            **m.counts,
        }
        for m in manifests
    ]


def run_doctor(as_json: AsJson = False) -> None:
    """Check every part; say what is wrong and how to fix it. Exit code 1 if anything is."""
    from bot.app.doctor import run_checks
    from bot.settings import load_settings

    err = make_console(stderr=True)
    with err.status("checking …") if err.is_interactive else nullcontext() as status:  # models take a while to load

        def show_part(part: str) -> None:
            if status:
                status.update(f"checking the {part} …")

        checks = run_checks(load_settings(), show_part)
    if as_json:
        print_json(checks)
    else:
        from rich.text import Text

        marks = {
            True: Text("ok", style="green"),
            False: Text("fault", style="bold red"),
            None: Text("note", style="yellow"),
        }
        print_table("Doctor", ["", "part", "finding"], [(marks[c.ok], c.part, c.finding) for c in checks], empty="")
        faults = sum(check.ok is False for check in checks)
        make_console().print(f"{faults} fault{'s' * (faults != 1)}." if faults else "All well.")
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


COMMANDS = {"doctor": run_doctor}
FORMS = {
    "versions": TerminalForm(show=_show_versions, as_json=_versions_as_json),
    "rollback": TerminalForm(as_json=as_it_is),
}
