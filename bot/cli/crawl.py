"""Commands that bring pages in: refresh (also called recrawl), crawl."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.commands import Given, TerminalForm, as_it_is, call_on_console, show_card
from bot.cli.options import (
    AnswerCss,
    Force,
    ItemCss,
    MaxDepth,
    MaxPages,
    Name,
    Prefix,
    QuestionCss,
    ReadNoindex,
    Render,
    SinglePage,
    read_selectors,
)
from bot.cli.output import AsJson, print_json, print_line, run_on_application
from bot.cli.progress import progress_bars
from bot.cli.steering import current_operator, record_action

if TYPE_CHECKING:
    from bot.app import Application
    from bot.sources.crawl import Crawled
    from bot.sources.models import RefreshRun
    from bot.sources.refresh import RefreshRequest
    from retrieval.audiences import Audience
    from retrieval.documents import Source
    from retrieval.refresh import RefreshReport


def refresh_sources(given: Given, as_json: bool) -> None:
    """Read sources again, with progress bars; while a refresh runs already, show that one to its end."""
    from bot.errors import InputError
    from bot.sources.models import FAILED
    from bot.sources.refresh import RefreshRequest
    from retrieval.refresh import RefreshReport

    names, dry_run, force = tuple(given["source"] or ()), bool(given["dry-run"]), bool(given["force"])
    if given["cancel"]:
        if names or dry_run or force or as_json:
            raise InputError("--cancel stands alone: it stops whichever re-crawl runs.")
        if card := run_on_application(lambda application: call_on_console(application, "cancel", {})):
            show_card(card)
        return
    request = RefreshRequest(names, dry_run, force, asked_by=current_operator().id)
    done = run_on_application(lambda application: _refresh_or_watch(application, request, quiet=as_json))
    if isinstance(done, RefreshReport):
        conclude_refresh(done, as_json=as_json)
    elif done and as_json:
        print_json(done.report)
    if done and done.outcome == FAILED:
        raise typer.Exit(1)


async def _refresh_or_watch(
    application: Application, request: RefreshRequest, *, quiet: bool
) -> RefreshReport | RefreshRun | None:
    """The report of our own refresh, or the one that ran already as it ended, unless its process died; None if nobody
    watched it to its end."""
    from bot.sources.models import DIED
    from retrieval.errors import RefreshRunning

    refreshing = application.refresh_service
    async with record_action(application, "recrawl", ",".join(request.only)):
        for name in request.only:
            await application.source_store.get(name)
        while True:
            running = await refreshing.running()
            if running is None:
                try:
                    with show_worse_answers(quiet), progress_bars() as on_progress:
                        return await refreshing.refresh(request, on_progress)
                except RefreshRunning:  # it began at the same moment
                    running = await refreshing.running()
                    if running is None:
                        raise
            watched = await _watch_refresh(application, running, quiet)
            if watched is None or watched.error != DIED:
                return watched
            print_line("The process of that one has died: yours is started now.", err=True)


async def _watch_refresh(application: Application, run: RefreshRun, quiet: bool) -> RefreshRun | None:
    from bot.cli.cards import TerminalScreen
    from bot.sources.cards import run_card, starter

    who = f", started by {name}" if (name := starter(run)) else ""
    print_line(
        f"A re-crawl runs already{who}, so yours was not started: this is how that one goes on. "
        "Ctrl-C stops watching it.",
        err=True,
    )
    screen = TerminalScreen()
    try:
        async for now in application.refresh_service.follow(run.id):
            run = now
            if not quiet:
                await screen.show_card(run_card(run, joined=True), public=True)
    except asyncio.CancelledError:  # Ctrl-C: it is another process's work, and goes on
        print_line("It goes on: 'frontdesk recrawl --cancel' stops it.", err=True)
        return None
    finally:
        screen.stop_progress()
    return run


def crawl_sources(
    urls: Annotated[list[str], typer.Argument(help="URLs or folders.")],
    name: Name = "",
    page: SinglePage = False,
    prefix: Prefix = "",
    max_pages: MaxPages = None,
    max_depth: MaxDepth = None,
    read_noindex: ReadNoindex = False,
    render: Render = False,
    question_css: QuestionCss = "",
    answer_css: AnswerCss = "",
    item_css: ItemCss = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Add sources and read them, in one step. A new one that cannot be read is not kept."""
    from bot.errors import InputError
    from bot.sources.location import describe_source

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
            read_noindex=read_noindex,
            render=render,
        )
        for url in urls
    ]
    report, forgotten = read_now(wanted, "crawl", force=force, quiet=as_json)
    conclude_refresh(report, forgotten, as_json=as_json)


@contextmanager
def show_worse_answers(quiet: bool) -> Iterator[None]:
    """Print which golden questions kept a version from being activated, before the fault says that some did."""
    from bot.cli.reports import show_trial
    from retrieval.errors import AnswersWorse

    try:
        yield
    except AnswersWorse as error:
        if quiet:
            print_json({"outcome": "failed", "error": str(error), "golden": error.trial.as_dict()})
        else:
            show_trial(error.trial)
        raise


def read_now(
    wanted: Sequence[Source],
    action: str,
    audience: Audience | None = None,
    *,
    force: bool = False,
    quiet: bool = False,
) -> tuple[RefreshReport, tuple[str, ...]]:
    """Add sources, as far as they are new, and read them; -> the report, and those that were not kept."""
    from bot.sources import crawl as crawling

    async def crawl_wanted(application: Application) -> Crawled:
        async with record_action(application, action, ",".join(source.name for source in wanted)):
            with show_worse_answers(quiet), progress_bars() as on_progress:
                return await crawling.crawl(
                    wanted,
                    application.source_store,
                    application.refresh_service,
                    audience=audience,
                    force=force,
                    on_progress=on_progress,
                )

    crawled = run_on_application(crawl_wanted)
    return crawled.report, crawled.forgotten


def conclude_refresh(report: RefreshReport, forgotten: tuple[str, ...] = (), *, as_json: bool = False) -> None:
    """Print the report. Exit code 1 when a whole source could not be read, or its pages gave nothing."""
    from bot.cli.reports import show_report

    if as_json:
        print_json(report.as_dict())
    else:
        show_report(report)
    failed = [line.source for line in report.sources_failed]
    if failed:
        count = f"{len(failed)} of {len(report.sources)} sources could not be read: {', '.join(failed)}."
        stays = f" Not added to the sources: {', '.join(forgotten)}." if forgotten else " What they held before stays."
        print_line(f"frontdesk: {count}{stays}", err=True)
    for line in report.sources_empty:
        print_line(
            f"frontdesk: nothing of {line.source} can be used: {line.reason}. Check its address ({line.location}), "
            f"read it in a browser if scripts make its text ('frontdesk sources render {line.source}'), or name the "
            "markup with --question-css and --answer-css.",
            err=True,
        )
    if failed or report.sources_empty:
        raise typer.Exit(1)


COMMANDS = {"crawl": crawl_sources}
FORMS = {"recrawl": TerminalForm(run=refresh_sources, as_json=as_it_is)}
