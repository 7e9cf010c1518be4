"""What every command shares: the consoles, JSON, and running a coroutine on an open application."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

import typer

from bot.platforms.terminal.printing import escaped_controls, safe_console
from retrieval.text.cleaning import without_controls

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from bot.app import Application

T = TypeVar("T")

_MANY = 6  # columns: of fewer, a broken word does no harm
_WIDEST = 10_000  # characters: nothing is broken

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def run_on_application(work: Callable[[Application], Awaitable[T]], **settings: Any) -> T:
    """Open the application, with these settings in place of those of the environment, await `work(application)`, close
    it."""
    from bot.app import open_application
    from bot.settings import load_settings

    async def await_work() -> T:
        async with open_application(load_settings(**settings)) as application:
            return await work(application)

    return asyncio.run(await_work())


def make_console(*, stderr: bool = False) -> Console:
    """A rich console; commands print data to stdout, progress and notices to stderr."""
    return safe_console(stderr=stderr)


def print_line(text: str, *, err: bool = False) -> None:
    """A line for whoever called the command, whosever words stand in it."""
    typer.echo(without_controls(text).replace("\r", ""), err=err)


def print_json(value: object) -> None:
    """One JSON value on stdout, readable, with every script as it is."""
    typer.echo(escaped_controls(json.dumps(value, ensure_ascii=False, indent=2, default=_to_json_value)))


def json_figure(value: float) -> float | None:
    """A figure as JSON can hold it, which knows no NaN: None where there was nothing to count."""
    return None if isinstance(value, float) and math.isnan(value) else value


def format_figure(value: float, sign: str = "") -> str:
    """A figure for a table: a dash where there was nothing to count."""
    if isinstance(value, int):
        return str(value)
    return "–" if math.isnan(value) else f"{value:{sign}.3f}"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table, or the line `empty` when there is nothing to show."""
    from rich.text import Text

    console = make_console()
    console.print(fit_table(title, columns, rows, console) if rows else Text(empty))


def fit_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], console: Console) -> RenderableType:
    """A table as `make_table` makes it; where it has many columns, and words in them would be broken, each row as a
    block of lines under its first cell instead."""
    from rich.console import Group
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = make_table(title, columns, rows)
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).minimum
    if len(columns) < _MANY or needed <= console.width:
        return table
    names = [Text(column.lstrip(">="), style="dim") for column in columns]
    parts: list[RenderableType] = [Text(title, style="italic")] if title else []
    for row in rows:
        first, *others = (_to_text(cell) for cell in row)
        first.stylize("bold")
        block = Table.grid(padding=(0, 2))
        block.add_column(no_wrap=True)
        block.add_column(overflow="fold")
        for name, cell in zip(names[1:], others, strict=True):
            if cell.plain:
                block.add_row(Text.assemble("  ", name), cell)
        parts += [first, block]
    return Group(*parts)


def make_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table. Text from outside is never read as markup, nor as what a terminal obeys.

    A column whose name begins with ">" is aligned to the right, one with "=" is never wrapped.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", header_style="bold")
    for column in columns:
        right, whole = column.startswith(">"), column.startswith("=")
        table.add_column(column.lstrip(">="), justify="right" if right else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*map(_to_text, row))
    return table


def _to_text(cell: object) -> Text:
    from rich.text import Text

    from retrieval.text.cleaning import clean_text

    return cell.copy() if isinstance(cell, Text) else Text(clean_text(str(cell)))


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """A text file as UTF-8 with its line ends as they are written, or stdout. Raises InputError."""
    if path is None:
        yield sys.stdout
        return
    with _faults_in_writing(path), path.open("w", encoding="utf-8", newline="") as stream:
        yield stream


def write_rows(path: Path, rows: Iterable[object]) -> None:
    """A JSON value a line. Raises InputError."""
    with open_output(path) as stream:
        stream.writelines(escaped_controls(json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


def check_output(path: Path, *others: Path | None) -> None:
    """Raises InputError where `path` cannot be written or is one of the `others`, before anything long is done. Leaves
    what is there as it is."""
    from bot.errors import InputError

    with _faults_in_writing(path):
        if any(other and _is_same_file(path, other) for other in others):
            raise InputError(f"{path} is named twice: a file that is read or written already is not written over.")
        new = not path.exists()
        if new or path.is_file():  # of a pipe, the reader would take the attempt for all there is
            path.open("a").close()
        if new:
            path.resolve().unlink()  # and not a link to it


def _is_same_file(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute() or (one.exists() and other.exists() and one.samefile(other))


@contextmanager
def _faults_in_writing(path: Path) -> Iterator[None]:
    from bot.errors import InputError

    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write {path} ({error.strerror}): name a file in a folder you may write to."
        ) from error


def _to_json_value(value: Any) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON-ready")
