"""`frontdesk sources …`: what is read, how often, and how it is doing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.crawl import conclude, read_now
from bot.cli.options import (
    AnswerCss,
    ItemCss,
    MaxDepth,
    MaxPages,
    Name,
    Prefix,
    QuestionCss,
    SinglePage,
    read_selectors,
)
from bot.cli.output import AsJson, print_json, print_table, run, say
from bot.cli.steering import audited, steer

if TYPE_CHECKING:
    from bot.app import Application
    from bot.sources.health import SourceTrouble
    from bot.sources.models import Schedule
    from bot.sources.preview import Preview
    from retrieval.documents import Source

sources_app = typer.Typer(no_args_is_help=True)

SourceName = Annotated[str, typer.Argument(metavar="NAME", help="A source, as `frontdesk sources list` names it.")]


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
    )
    if preview:
        _add_if_right(source)
        return

    async def work(application: Application) -> None:
        async with audited(application, "sources add", source.name):
            await application.sources.add(source)

    run(work)
    say(f"Added {source.kind} {source.name}: {source.location}. Read it with 'frontdesk refresh'.")


def _add_if_right(source: Source) -> None:
    """Show what the first pages hold; add and read the source if that is what was meant."""
    from bot.cli.cards import draw_card
    from bot.commands.cards import preview_card

    async def look(application: Application) -> Preview:
        async with audited(application, "sources preview", source.name):
            await _check_new(application, source)
            say(f"Looking at {source.location} …", err=True)
            preview = await application.previewing.preview(source)
            await application.previewing.confirm(preview.id)  # it is in hand: nothing pending is left behind
            return preview

    draw_card(preview_card(run(look)))
    if not sys.stdin.isatty():
        how = f"say it again without --preview, then 'frontdesk refresh {source.name}'"
        say(f"Not added, for there is no terminal to ask at: {how}.", err=True)
    elif typer.confirm("Add and read it?", err=True):
        conclude(*read_now([source], "sources add"))
    else:
        say("Left as it is: nothing was added.", err=True)


async def _check_new(application: Application, source: Source) -> None:
    from bot.errors import InputError

    for known in await application.sources.list():
        if source.name == known.name or (source.kind, source.location) == (known.kind, known.location):
            raise InputError(f"{known.location} is known already, as source {known.name}: remove it first.")


@sources_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the sources, with their schedules and states."""
    from dataclasses import asdict

    from bot.sources.health import troubles
    from bot.sources.location import scope_of

    async def work(application: Application) -> list[tuple[Source, Schedule, SourceTrouble | None]]:
        from bot.sources.models import Schedule

        async with audited(application, "sources"):
            sources = await application.sources.list()
            schedules = {each.source: each for each in await application.schedule_store.schedules()}
            ill = {
                name: each for each in troubles(sources, await application.refreshes.list(200)) for name in each.sources
            }
            return [(each, schedules.get(each.name, Schedule(each.name)), ill.get(each.name)) for each in sources]

    found = run(work)
    if as_json:
        print_json(
            [
                asdict(each) | {"scope": scope_of(each)} | state_as_dict(schedule, trouble)
                for each, schedule, trouble in found
            ]
        )
        return
    print_table(
        "Sources",
        ["name", "kind", "location", "scope", "schedule", "state"],
        [
            (each.name, each.kind, each.location, scope_of(each), _when(schedule), state_of(schedule, trouble))
            for each, schedule, trouble in found
        ],
        empty="No source yet: add one with 'frontdesk sources add https://example.com/faq'.",
    )


@sources_app.command("remove")
def remove(name: str) -> None:
    """Forget a source. Its pages leave the index at the next `frontdesk refresh`."""

    async def work(application: Application) -> str:
        async with audited(application, "sources remove", name):
            return await application.removing.remove(name)

    say(run(work))


@sources_app.command("pause")
def pause(name: SourceName) -> None:
    """Leave a source out of re-crawls. What it held stays."""
    steer("sources pause", source=name)


@sources_app.command("resume")
def resume(name: SourceName) -> None:
    """Take a paused source up again."""
    steer("sources resume", source=name)


@sources_app.command("every")
def every(
    name: SourceName,
    hours: Annotated[str, typer.Argument(metavar="HOURS", help="A number of hours, 0.25 to 2160; or never.")],
) -> None:
    """Have `frontdesk serve` read a source by itself every so many hours, or never."""
    steer("sources every", source=name, hours=hours)


def state_of(schedule: Schedule, trouble: SourceTrouble | None) -> str:
    """How a source is doing, in one word."""
    return "paused" if schedule.paused else "failing" if trouble else "ok"


def state_as_dict(schedule: Schedule, trouble: SourceTrouble | None) -> dict[str, Any]:
    """Schedule and state, JSON-ready."""
    return {
        "state": state_of(schedule, trouble),
        "paused": schedule.paused,
        "every_hours": schedule.every_hours,
        "next_at": schedule.next_at,
        "failures": schedule.failures,
        "trouble": trouble.reason if trouble else "",
    }


def _when(schedule: Schedule) -> str:
    from bot.commands.cards import ago

    if not schedule.every_hours:
        return "by hand"
    return f"every {schedule.every_hours:g} h" + ("" if schedule.paused else f", next {ago(schedule.next_at)}")
