"""The command behind `make soak`."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from examples.serve import serving
from tests.e2e.conftest import crawled
from tests.soak.soak import Outcome, Plan, Soak
from tests.support.postgres import own_server

_SHOWN = 20  # faults of a kind that are told in full


def main(
    seed: Annotated[
        int, typer.Option(help="Whose people and troubles: the same ones come again, as far as time allows.")
    ] = 1,
    events: Annotated[int, typer.Option(help="How many events of people's.")] = Plan.events,
    seconds: Annotated[float, typer.Option(help="After how many seconds nobody says anything more.")] = Plan.seconds,
) -> None:
    """Soak two processes of Frontdesk in events and faults, and tell what was lost, doubled, silent or half-open."""
    console, folder = Console(), Path(tempfile.mkdtemp(prefix="frontdesk-soak-"))
    outcome = _run(Plan(events=events, seconds=seconds, seed=seed), folder, console)
    for table in (events_table(outcome), outcome_table(outcome)):
        console.print(table)
    for kind, faults in outcome.verdict.faults.items():
        for fault in faults[:_SHOWN]:
            console.print(f"[bold red]{kind}[/] ", end="")
            console.print(str(fault), markup=False, highlight=False)
    if outcome.verdict.good:
        shutil.rmtree(folder, ignore_errors=True)
        return
    console.print(f"The processes' logs: {', '.join(map(str, outcome.logs))}")
    raise typer.Exit(1)


def _run(plan: Plan, folder: Path, console: Console) -> Outcome:
    done = TextColumn("{task.completed}/{task.total}")
    columns = (TextColumn("{task.description}"), BarColumn(), done, TimeElapsedColumn())
    with Progress(*columns, console=console) as bar, serving() as site, own_server() as server:
        shown = bar.add_task("crawling the example shop", total=plan.events)
        shop = crawled(folder / "data", f"{site.url}/")

        def progress(done: int, owed: int) -> None:
            bar.update(shown, completed=done, description=f"events ({owed} open)")

        return asyncio.run(Soak(plan, shop, server, folder, progress).run())


def events_table(outcome: Outcome) -> Table:
    """What came, and what went wrong on purpose."""
    table = Table("event", "how many", "trouble", "how often", title=f"seed {outcome.plan.seed}")
    events = [*sorted(outcome.events.items()), ("in all", outcome.events.total())]
    troubles = [*sorted(outcome.troubles.items()), ("in all", outcome.troubles.total())]
    for event, trouble in zip_longest(events, troubles, fillvalue=("", "")):
        table.add_row(*map(str, (*event, *trouble)))
    return table


def outcome_table(outcome: Outcome) -> Table:
    """What became of it."""
    table = Table("what became of it", "")
    for name, count in outcome.verdict.figures.items():
        table.add_row(name, str(count))
    table.add_section()
    for name, values in (("first words", outcome.verdict.first_words), ("acknowledged", outcome.acks)):
        parts = [f"{percentile(values, part):.2f} s" for part in (50, 95, 99)]
        table.add_row(f"{name} p50 / p95 / p99", " / ".join(parts))
    table.add_row("acknowledged late, told again", str(outcome.late))
    table.add_row("given up by Slack", str(outcome.given_up))
    table.add_row("people spoke, then settled within", f"{outcome.seconds:.0f} s, {outcome.settled:.0f} s")
    table.add_section()
    for kind, faults in outcome.verdict.faults.items():
        table.add_row(f"[bold]{kind}[/]", f"[bold {'red' if faults else 'green'}]{len(faults)}[/]")
    return table


def percentile(values: list[float], part: int) -> float:
    """-> 0.0 without values."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


if __name__ == "__main__":
    typer.run(main)
