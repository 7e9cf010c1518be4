"""Commands for the operator: versions, rollback, doctor."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, age, console, print_json, print_table, run, say
from bot.cli.steering import audited

if TYPE_CHECKING:
    from bot.app import Application


def versions(as_json: AsJson = False) -> None:
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
                age(datetime.fromisoformat(m.created_at)),
                m.counts["pages"],
                m.counts["documents"],
                m.counts["passages"],
            )
            for m in manifests
        ],
        empty="Nothing is indexed yet: run 'frontdesk refresh'.",
    )


def rollback(
    version: Annotated[str | None, typer.Argument(help="The version to go back to. Default: the one before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Activate an older version of the index. A running bot takes it over at its next question."""

    async def work(application: Application) -> tuple[str, str | None]:
        from bot.app import version_store

        store = version_store(application.settings)
        async with audited(application, "rollback", version or ""):
            before = store.active_id()
            return (await asyncio.to_thread(store.roll_back, version)).id, before

    chosen, before = run(work)
    if as_json:
        print_json({"version": chosen, "before": before})
    else:
        say(f"Version {chosen} answers now (before: {before}). 'frontdesk refresh' goes forward again.")


def doctor(as_json: AsJson = False) -> None:
    """Check every part; say what is wrong and how to fix it. Exit code 1 if anything is."""
    from bot.cli.doctor import diagnose
    from bot.settings import load_settings

    checks = diagnose(load_settings())
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
        console().print(f"{faults} fault{'s' * (faults != 1)}." if faults else "All well.")
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


COMMANDS = (versions, rollback, doctor)
