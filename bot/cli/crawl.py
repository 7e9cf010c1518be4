"""Commands that bring pages in: sources, refresh, crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, print_json, print_table, run
from bot.cli.progress import progress_bars

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.knowledge.crawling import Crawled
    from retrieval.documents import Selectors
    from retrieval.refresh import RefreshReport

sources_app = typer.Typer(no_args_is_help=True)

SinglePage = Annotated[bool, typer.Option("--page", help="Read this one page only, follow no links.")]
Name = Annotated[str, typer.Option(help="What to call it. Default: made from the location.")]
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
    name: Name = "",
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
    from dataclasses import asdict

    from bot.knowledge.sources import scope_of

    sources = run(lambda application: application.sources.list())
    if as_json:
        print_json([asdict(source) | {"scope": scope_of(source)} for source in sources])
        return
    print_table(
        "Sources",
        ["name", "kind", "location", "scope"],
        [(s.name, s.kind, s.location, scope_of(s)) for s in sources],
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

    async def work(application: Application) -> RefreshReport:
        with progress_bars() as on_progress:
            return await application.refreshing.refresh(request, on_progress)

    _conclude(run(work), as_json)


def crawl(
    urls: Annotated[list[str], typer.Argument(help="URLs or folders.")],
    name: Name = "",
    page: SinglePage = False,
    prefix: Prefix = "",
    max_pages: MaxPages = None,
    max_depth: MaxDepth = None,
    question_css: QuestionCss = "",
    answer_css: AnswerCss = "",
    item_css: ItemCss = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Add sources and read them, in one step. A new one that cannot be read is not kept."""
    from bot.errors import InputError
    from bot.knowledge import crawling
    from bot.knowledge.sources import describe_source

    if name and len(urls) > 1:
        raise InputError("--name names one source: give one URL with it, or leave it out.")
    selectors = read_selectors(question_css, answer_css, item_css)
    wanted = [
        describe_source(
            url,
            name=name,
            single_page=page,
            path_prefix=prefix,
            selectors=selectors,
            max_pages=max_pages,
            max_depth=max_depth,
        )
        for url in urls
    ]

    async def work(application: Application) -> Crawled:
        with progress_bars() as on_progress:
            return await crawling.crawl(
                wanted, application.sources, application.refreshing, force=force, on_progress=on_progress
            )

    crawled = run(work)
    _conclude(crawled.report, as_json, crawled.forgotten)


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


def _conclude(report: RefreshReport, as_json: bool, forgotten: tuple[str, ...] = ()) -> None:
    """Print the report. Exit code 1 when a whole source could not be read."""
    from bot.cli.reports import show_report

    if as_json:
        print_json(report.as_dict())
    else:
        show_report(report)
    failed = [line.source for line in report.sources_failed]
    if failed:
        count = f"{len(failed)} of {len(report.sources)} sources could not be read: {', '.join(failed)}."
        stays = f" Not added to the sources: {', '.join(forgotten)}." if forgotten else " What they held before stays."
        typer.echo(f"frontdesk: {count}{stays}", err=True)
        raise typer.Exit(1)


COMMANDS = (refresh, crawl)
