"""Commands for the operator: versions, rollback, doctor."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.chat.text import format_age
from bot.cli.output import AsJson, make_console, print_json, print_line, print_table, run_on_application
from bot.cli.steering import record_action

if TYPE_CHECKING:
    from bot.app import Application


def list_versions(as_json: AsJson = False) -> None:
    """List the versions of the index, newest first."""
    from bot.app import version_store
    from bot.settings import load_settings

    store = version_store(load_settings())
    active = store.active_id()
    manifests = [version.manifest for version in store.list_versions()]
    if as_json:
        print_json(
            [
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
        )
        return
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


def roll_back_version(
    version: Annotated[str | None, typer.Argument(help="The version to go back to. Default: the one before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Activate an older version of the index. A running bot takes it over at its next question."""

    async def activate_older(application: Application) -> tuple[str, str | None]:
        from bot.app import version_store

        store = version_store(application.settings)
        async with record_action(application, "rollback", version or ""):
            before = store.active_id()
            return (await asyncio.to_thread(store.roll_back, version)).id, before

    chosen, before = run_on_application(activate_older)
    if as_json:
        print_json({"version": chosen, "before": before})
    else:
        print_line(f"Version {chosen} answers now (before: {before}). 'frontdesk refresh' goes forward again.")


def run_doctor(as_json: AsJson = False) -> None:
    """Check every part; say what is wrong and how to fix it. Exit code 1 if anything is."""
    from bot.cli.doctor import run_checks
    from bot.settings import load_settings

    checks = run_checks(load_settings())
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


COMMANDS = {"versions": list_versions, "rollback": roll_back_version, "doctor": run_doctor}
