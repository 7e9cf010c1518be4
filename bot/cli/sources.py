"""`frontdesk sources …`: what is read, how often, and how it is doing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from bot.cli.commands import TerminalForm, show_card
from bot.cli.crawl import conclude_refresh, read_now
from bot.cli.options import (
    AnswerCss,
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
from bot.cli.output import print_line, print_table, run_on_application
from bot.cli.steering import record_action

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card
    from bot.sources.models import Schedule
    from bot.sources.preview import Preview
    from bot.sources.status import SourceStatus
    from retrieval.audiences import Audience
    from retrieval.coverage import CoverageSummary
    from retrieval.documents import Source

sources_app = typer.Typer(no_args_is_help=True)


@sources_app.command("add")
def add_source(
    location: Annotated[
        str, typer.Argument(help="A start URL, zendesk:HOST, intercom:, or a folder of pages and documents.")
    ],
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
    audience: Annotated[
        str,
        typer.Option(
            "--audience",
            help="Only for these, separated by commas: slack:C0123456789, discord:server:…, discord:role:… "
            "Default: everybody, or as an earlier source of that name.",
            metavar="GROUPS",
        ),
    ] = "",
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the first pairs, ask, then add and read it.")
    ] = False,
) -> None:
    """Name a source. It is read at the next `frontdesk refresh`."""
    from bot.sources.location import describe_source

    source = describe_source(
        location,
        name=name,
        single_page=page,
        path_prefix=prefix,
        selectors=read_selectors(question_css, answer_css, item_css),
        max_pages=max_pages,
        max_depth=max_depth,
        read_noindex=read_noindex,
        render=render,
    )
    if preview:
        _add_if_right(source, audience)
        return

    async def store_source(application: Application) -> None:
        async with record_action(application, "sources add", f"{source.name} {audience}".strip()):
            await application.source_store.add(source, _read_groups(application, audience))

    run_on_application(store_source)
    print_line(f"Added {source.kind} {source.name}: {source.location}. Read it with 'frontdesk refresh'.")


def _read_groups(application: Application, text: str) -> Audience | None:
    """Whom a source is to be for, None where nothing was said. Raises InputError."""
    from bot.chat.groups import read_audience

    return read_audience(text, application.platforms.declared) if text else None


def _add_if_right(source: Source, audience: str) -> None:
    """Show what the first pages hold; add and read the source if that is what was meant."""
    from bot.cli.cards import print_card
    from bot.sources.cards import preview_card

    async def load_preview(application: Application) -> Preview:
        async with record_action(application, "sources preview", source.name):
            await _check_new(application, source)
            groups = _read_groups(application, audience)
            print_line(f"Looking at {source.location} …", err=True)
            preview = await application.source_preview.preview(source, groups)
            await application.source_preview.confirm(preview.id)  # it is in hand: nothing pending is left behind
            return preview

    preview = run_on_application(load_preview)
    print_card(preview_card(preview))
    if not sys.stdin.isatty():
        how = f"say it again without --preview, then 'frontdesk refresh {source.name}'"
        print_line(f"Not added, for there is no terminal to ask at: {how}.", err=True)
    elif typer.confirm("Add and read it?", err=True):
        conclude_refresh(*read_now([source], "sources add", preview.audience))
    else:
        print_line("Left as it is: nothing was added.", err=True)


async def _check_new(application: Application, source: Source) -> None:
    from bot.errors import InputError

    for known in await application.source_store.list():
        if source.name == known.name or (source.kind, source.location) == (known.kind, known.location):
            raise InputError(f"{known.location} is known already, as source {known.name}: remove it first.")


def _show_sources(card: Card) -> None:
    from bot.chat.groups import describe_audience
    from bot.chat.text import ago
    from bot.sources.cards import format_share
    from bot.sources.location import scope_of

    sources = cast("Sequence[SourceStatus]", card.data)
    limited = any(each.audience for each in sources)
    print_table(
        "Sources",
        ["name", "kind", "location", "scope", "schedule", ">known", "state", *(["for"] if limited else [])],
        [
            (
                each.source.name,
                each.source.kind,
                each.source.location,
                scope_of(each.source),
                _format_schedule(each.schedule),
                format_share(each.coverage.share),
                each.state,
                *([describe_audience(each.audience)] if limited else []),
            )
            for each in sources
        ],
        empty="No source yet: add one with 'frontdesk sources add https://example.com/faq'.",
    )
    for each in sources:
        if each.trouble and not each.schedule.paused:
            print_line(f"{each.source.name}, {ago(each.trouble.at)}: {each.trouble.reason}")


def _sources_as_json(sources: Sequence[SourceStatus]) -> list[dict[str, Any]]:
    from bot.sources.location import scope_of

    return [
        asdict(each.source) | {"scope": scope_of(each.source), "audience": sorted(each.audience)} | state_as_dict(each)
        for each in sources
    ]


def state_as_dict(each: SourceStatus) -> dict[str, Any]:
    """Schedule, state and coverage, JSON-ready."""
    schedule, trouble = each.schedule, each.trouble
    return {
        "state": each.state,
        "paused": schedule.paused,
        "every_hours": schedule.every_hours,
        "next_at": schedule.next_at,
        "failures": schedule.failures,
        "trouble": trouble.reason if trouble else "",
        "coverage": each.coverage.as_dict(),
    }


def _show_pages(card: Card) -> None:
    coverage = cast("CoverageSummary", card.data)
    if not coverage.measured:
        show_card(card)
        return
    print_table(
        "Pages",
        [">known", ">letters missing", "page", "what is missing"],
        [
            (f"{page.coverage.share:.0%}", page.coverage.lost, page.url, page.coverage.explain_loss())
            for page in coverage.below
            if page.coverage
        ],
        empty=f"Of every page at least {coverage.threshold:.0%} is known.",
    )
    print_line(f"Known: {card.facts['Known']}.")
    if repeated := card.facts.get("Left out as repeated"):
        print_line(f"Left out, as they stand on nearly every page: {repeated}.")


def _pages_as_json(coverage: CoverageSummary) -> dict[str, Any]:
    from retrieval.coverage import sort_worst_first

    pages = [
        page.as_dict() | {"texts": page.coverage.list_lost_texts()}
        for page in sort_worst_first(coverage.pages)
        if page.coverage
    ]
    unmeasured = [page.as_dict() for page in coverage.pages if page.coverage is None]
    summary = coverage.as_dict()
    return {
        "share": summary["share"],
        "threshold": coverage.threshold,
        "pages": pages + unmeasured,
        "repeated": summary["repeated"],
    }


def _format_schedule(schedule: Schedule) -> str:
    from bot.chat.text import ago

    if not schedule.every_hours:
        return "by hand"
    return f"every {schedule.every_hours:g} h" + ("" if schedule.paused else f", next {ago(schedule.next_at)}")


FORMS = {
    "sources": TerminalForm(show=_show_sources, as_json=_sources_as_json),
    "sources pages": TerminalForm(show=_show_pages, as_json=_pages_as_json),
}
