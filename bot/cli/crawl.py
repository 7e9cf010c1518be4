"""Commands that bring pages in: sources, refresh, crawl."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, console, print_json, print_table, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap import Application
    from bot.knowledge.refreshing import RefreshRequest
    from retrieval.documents import Selectors, Source
    from retrieval.refresh import Progress, RefreshReport

sources_app = typer.Typer(no_args_is_help=True)

SinglePage = Annotated[bool, typer.Option("--page", help="Read this one page only, follow no links.")]
Prefix = Annotated[str, typer.Option(help="Only paths that begin so, e.g. /help/. Default: the start URL's folder.")]
MaxPages = Annotated[int | None, typer.Option(min=1, help="At most so many pages of this source.")]
MaxDepth = Annotated[int | None, typer.Option(min=0, help="Follow links at most so deep from the start.")]
QuestionCss = Annotated[str, typer.Option(help="CSS selector of a question, for markup no general rule reads.")]
AnswerCss = Annotated[str, typer.Option(help="CSS selector of an answer; goes with --question-css.")]
ItemCss = Annotated[str, typer.Option(help="CSS selector of the element around one pair.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report what would change, change nothing.")]
Force = Annotated[bool, typer.Option("--force", help="Activate even when much of the knowledge would vanish.")]


@sources_app.command("add")
def add(
    location: Annotated[str, typer.Argument(help="A start URL, or a folder of HTML, Markdown or text files.")],
    name: Annotated[str, typer.Option(help="What to call it. Default: made from the location.")] = "",
    page: SinglePage = False,
    prefix: Prefix = "",
    max_pages: MaxPages = None,
    max_depth: MaxDepth = None,
    question_css: QuestionCss = "",
    answer_css: AnswerCss = "",
    item_css: ItemCss = "",
) -> None:
    """Name a source. It is read at the next `frontdesk refresh`."""
    from bot.knowledge.sources import describe_source

    source = describe_source(
        location,
        name=name,
        single_page=page,
        path_prefix=prefix,
        selectors=read_selectors(question_css, answer_css, item_css),
        max_pages=max_pages,
        max_depth=max_depth,
    )
    run(lambda application: application.sources.add(source))
    typer.echo(f"Added {source.kind} {source.name}: {source.location}. Read it with 'frontdesk refresh'.")


@sources_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the sources."""
    sources = run(lambda application: application.sources.list())
    if as_json:
        print_json(list(sources))
        return
    print_table(
        "Sources",
        ["name", "kind", "location", "scope", "selectors"],
        [(s.name, s.kind, s.location, s.path_prefix, s.selectors.question if s.selectors else "") for s in sources],
        empty="No source yet: add one with 'frontdesk sources add https://example.com/faq'.",
    )


@sources_app.command("remove")
def remove(name: str) -> None:
    """Forget a source. Its pages leave the index at the next `frontdesk refresh`."""
    run(lambda application: application.sources.remove(name))
    typer.echo(f"Removed {name}. Its pages leave the index at the next 'frontdesk refresh'.")


def refresh(
    names: Annotated[list[str] | None, typer.Argument(help="Only these sources. Default: all.")] = None,
    dry_run: DryRun = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Read the sources again and activate a new version of the index if anything changed."""
    from bot.knowledge.refreshing import RefreshRequest

    request = RefreshRequest(tuple(names or ()), dry_run, force)
    _show_report(run(lambda application: refresh_with_bars(application, request)), as_json)


def crawl(
    urls: Annotated[list[str], typer.Argument(help="URLs or folders.")],
    page: SinglePage = False,
    prefix: Prefix = "",
    max_pages: MaxPages = None,
    max_depth: MaxDepth = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Add sources and read them, in one step."""
    from bot.knowledge.refreshing import RefreshRequest
    from bot.knowledge.sources import describe_source

    wanted = [
        describe_source(url, single_page=page, path_prefix=prefix, max_pages=max_pages, max_depth=max_depth)
        for url in urls
    ]

    async def work(application: Application) -> RefreshReport:
        names = [await _known_or_added(application, source) for source in wanted]
        return await refresh_with_bars(application, RefreshRequest(only=tuple(names), force=force))

    _show_report(run(work), as_json)


async def _known_or_added(application: Application, source: Source) -> str:
    """The name under which the location is kept, adding it if it is new."""
    for known in await application.sources.list():
        if (known.kind, known.location) == (source.kind, source.location):
            return known.name
    await application.sources.add(source)
    return source.name


def read_selectors(question: str, answer: str, item: str) -> Selectors | None:
    """Selectors from three options. Raises InputError when only a part of them is given."""
    from bot.errors import InputError
    from retrieval.documents import Selectors

    if not (question or answer or item):
        return None
    if not (question and answer):
        raise InputError(
            "Custom selectors need both --question-css and --answer-css (and --item-css if pairs are boxed)."
        )
    return Selectors(question, answer, item)


async def refresh_with_bars(application: Application, request: RefreshRequest) -> RefreshReport:
    """A refresh with progress bars on stderr."""
    with progress_bars() as on_progress:
        return await application.refreshing.refresh(request, on_progress)


@contextmanager
def progress_bars() -> Iterator[Callable[[Progress], None]]:
    """One bar a stage (crawl, embed, …); gives the function to report progress to, callable from any thread."""
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
        console=console(stderr=True),
    )
    tasks: dict[str, object] = {}

    def report(progress: Progress) -> None:
        task = tasks.get(progress.stage)
        if task is None:
            task = tasks[progress.stage] = bars.add_task(progress.stage, total=None, detail="")
        bars.update(
            task,  # type: ignore[arg-type]
            completed=progress.done,
            total=progress.total or None,
            detail=progress.detail[-60:],
        )

    with bars:
        yield report


def _show_report(report: RefreshReport, as_json: bool) -> None:
    if as_json:
        print_json(report.as_dict())
        return
    from bot.cli.reports import show_report

    show_report(report)


COMMANDS = (refresh, crawl)
