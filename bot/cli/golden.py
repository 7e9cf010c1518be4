"""`frontdesk eval` on golden questions: asks them on one side or two, and shows what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.golden_reports import judged_dict, show_one, show_two
from bot.cli.output import check_output, make_console, print_line, run_on_application, write_rows

if TYPE_CHECKING:
    from bot.app import Application, Side
    from bot.app.measurement import Beside
    from bot.evaluation.ask import OnDone
    from bot.evaluation.questions import GoldenQuestion
    from bot.evaluation.voted import Voted


@dataclass(frozen=True)
class Wanted:
    """What `frontdesk eval` was asked for. With `days` or `from_log` the questions are the log's, else a file's."""

    questions: Path | None
    from_log: bool
    days: float | None
    write: Path | None
    version: str
    changes: Sequence[str]
    against: str
    against_changes: Sequence[str]
    out: Path | None
    curve: Path | None
    progress: bool | None
    as_json: bool

    @property
    def has_other_side(self) -> bool:
        """Whether there is another side."""
        return bool(self.against or self.against_changes)


def evaluate_golden(wanted: Wanted) -> None:
    """Ask golden questions, and show what came of it. Raises InputError and what asking raises."""
    from bot.app import ask_golden
    from bot.cli.curve import check_picture, draw_curves

    if wanted.curve:
        check_picture(wanted.curve)
        check_output(wanted.curve, wanted.questions, wanted.out)
    if wanted.out:
        check_output(wanted.out, wanted.questions)
    sides = find_sides(wanted)
    questions, beside = find_questions(wanted)
    if not questions:
        doing = "write" if wanted.write else "measure"
        print_line(f"frontdesk: no answer has been voted on yet: there is nothing to {doing}.", err=True)
        raise typer.Exit(1)
    if wanted.write:
        _write_questions(wanted.write, questions)
        return
    judged = []
    for side in sides:
        with progress_bar(wanted.progress) as on_done:
            judged.append(ask_golden(questions, side, beside, on_done=on_done))
    names = _describe_sides(wanted, sides)
    titles = names if len(names) == 1 else [f"{letter}: {name}" for letter, name in zip("AB", names, strict=True)]
    try:  # shown first, and written though nobody reads on: a long measurement is not lost
        if len(judged) == 2:
            show_two(names, judged[0], judged[1], wanted.as_json)
        else:
            show_one(names[0], judged[0], wanted.as_json)
    finally:
        if wanted.out:
            write_rows(wanted.out, map(judged_dict, judged[0]))
    if wanted.curve:
        draw_curves(wanted.curve, list(zip(titles, judged, strict=True)))
        print_line(f"The curve is drawn in {wanted.curve}.", err=True)


def find_sides(wanted: Wanted) -> list[Side]:
    """What is asked: one side, or two that are compared. Raises InputError, NoActiveVersion, UnknownVersion."""
    from bot.app import Side, settings_with, version_store

    here = settings_with(wanted.changes)
    store = version_store(here)

    def find_version_id(named: str) -> str:
        return store.find_active().id if named in {"", "active"} else store.find_version(named).id

    if wanted.write:
        return []
    sides = [Side(find_version_id(wanted.version), here)]
    if wanted.has_other_side:
        sides.append(
            Side(find_version_id(wanted.against or wanted.version), settings_with(wanted.against_changes, here))
        )
    return sides


def find_questions(wanted: Wanted) -> tuple[Sequence[GoldenQuestion], Beside]:
    """The questions, and what is searched beside the pages."""
    from bot.evaluation.questions import read_golden

    file = read_golden(wanted.questions) if wanted.questions else None
    if file and not file.encoding.startswith("utf"):
        print_line(f"{wanted.questions} is no UTF-8: it was read as {file.encoding.upper()}.", err=True)

    async def load_questions(application: Application) -> tuple[Voted | None, Beside]:
        from bot.evaluation.voted import voted_questions

        since = None if wanted.days is None else datetime.now(UTC) - timedelta(days=min(wanted.days, 36_500))
        voted = await voted_questions(application.conversations, since) if wanted.from_log else None
        return voted, await application.known_beside()

    voted, beside = run_on_application(load_questions)
    if voted and (voted.unclear or voted.unusable):
        print_line(
            f"Left out: {voted.unclear} questions whose votes cancel out, {voted.unusable} voted turns that cite "
            "nothing.",
            err=True,
        )
    return (file.questions if file else voted.questions if voted else ()), beside


def _write_questions(path: Path, questions: Sequence[GoldenQuestion]) -> None:
    from bot.evaluation.questions import write_golden

    write_golden(path, questions)
    noun = "question" if len(questions) == 1 else "questions"
    print_line(
        f"{len(questions)} {noun} written to {path}: correct what should answer them, then "
        f"'frontdesk eval --questions {path}'.",
        err=True,
    )


@contextmanager
def progress_bar(wanted: bool | None) -> Iterator[OnDone]:
    """A progress bar (None: if somebody watches); gives what it is told of, how many questions of how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    err = make_console(stderr=True)
    if not (err.is_interactive if wanted is None else wanted):
        yield lambda _done, _of: None
        return
    columns = TextColumn("asking"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task("asking", total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)


def _describe_sides(wanted: Wanted, sides: Sequence[Side]) -> list[str]:
    """What tells the sides apart, in words."""
    changes = [[*wanted.changes], [*wanted.changes, *wanted.against_changes]]
    return [", ".join([f"version {side.version}", *changed]) for side, changed in zip(sides, changes, strict=False)]
