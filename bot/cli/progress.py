"""Progress bars of a refresh, on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.cli.output import make_console

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import TaskID

    from retrieval.refresh import Progress


@contextmanager
def progress_bars() -> Iterator[Callable[[Progress], None]]:
    """One bar a stage (crawl, embed, …); gives the function to report progress to, callable from any thread."""
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
        console=make_console(stderr=True),
    )
    tasks: dict[str, TaskID] = {}

    def update_bars(progress: Progress) -> None:
        if not tasks:
            bars.start()  # not before: bars without a task would end in a blank line
        task = tasks.get(progress.stage)
        if task is None:
            task = tasks[progress.stage] = bars.add_task(progress.stage, total=None, detail="")
        bars.update(task, completed=progress.done, total=progress.total or None, detail=progress.detail[-60:])

    try:
        yield update_bars
    finally:
        if tasks:
            bars.stop()
