"""`frontdesk glossary …`: terms that mean the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import AsJson, open_output, print_json, print_line, run_on_application
from bot.cli.steering import record_action, run_command

if TYPE_CHECKING:
    from bot.app import Application
    from bot.glossary.service import AddResult
    from retrieval.searching.glossary import Entry
    from retrieval.searching.suggesting import Suggestion

glossary_app = typer.Typer(no_args_is_help=True)

OfSource = Annotated[
    str, typer.Option("--source", metavar="NAME", help="For questions about this source alone. Default: about all.")
]
OnlySource = Annotated[str, typer.Option("--source", metavar="NAME", help="Only what concerns this source.")]
SuggestionId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first digits of it, as `frontdesk glossary suggest` shows.")
]


@glossary_app.command("list")
def list_entries(source: OnlySource = "", as_json: AsJson = False) -> None:
    """List the groups of terms that mean the same."""
    if not as_json:
        run_command("glossary", source=source)
        return

    async def load_entries(application: Application) -> Sequence[Entry]:
        async with record_action(application, "glossary", source):
            return await application.glossary.list(source)

    print_json([_as_dict(each) for each in run_on_application(load_entries)])


@glossary_app.command("add")
def add_terms(
    terms: Annotated[list[str], typer.Argument(metavar="TERM…", help="'AP = access point', or each by itself.")],
    source: OfSource = "",
) -> None:
    """Name terms that mean the same, used from the next question on. They join the group that has one of them."""
    parted = " ".join(terms) if any(sign in "".join(terms) for sign in ";=；＝") else ";".join(terms)
    run_command("glossary add", terms=terms[0] if len(terms) == 1 else parted, source=source)


@glossary_app.command("remove")
def remove_entry(
    entry: Annotated[str, typer.Argument(metavar="ID|TERM", help="A group's id, or one of its terms.")],
    source: OnlySource = "",
) -> None:
    """Take a whole group out."""
    run_command("glossary remove", entry=entry, source=source)


@glossary_app.command("suggest")
def list_suggestions(source: OnlySource = "", as_json: AsJson = False) -> None:
    """Tell what the pages themselves say to mean the same, and where. Nothing is used until it is approved."""
    if not as_json:
        run_command("glossary suggest", source=source)
        return

    async def load_suggestions(application: Application) -> Sequence[Suggestion]:
        async with record_action(application, "glossary suggest", source):
            return await application.glossary.suggest(source)

    print_json(
        [
            _as_dict(each.entry) | {"url": each.url, "excerpt": each.excerpt}
            for each in run_on_application(load_suggestions)
        ]
    )


@glossary_app.command("approve")
def approve_suggestion(suggestion: SuggestionId) -> None:
    """Use a suggestion from the next question on."""
    run_command("glossary approve", id=suggestion)


@glossary_app.command("dismiss")
def dismiss_suggestion(suggestion: SuggestionId) -> None:
    """Suggest it no more."""
    run_command("glossary dismiss", id=suggestion)


@glossary_app.command("import")
def import_entries(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV: source, then terms parted by ';'. '-': stdin.")],
) -> None:
    """Add the groups of a CSV file: all of them, or none where a line cannot be used."""
    text = _read_csv(file)

    async def add_entries(application: Application) -> Sequence[AddResult]:
        async with record_action(application, "glossary import", Path(file).name):
            return await application.glossary.bring_in(text)

    puts = run_on_application(add_entries)
    merged = sum(bool(put.merged) for put in puts)
    counted = "1 group" if len(puts) == 1 else f"{len(puts)} groups"
    print_line(counted + (f", {merged} of them joined with what was there." if merged else "."))


@glossary_app.command("export")
def export_entries(
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: standard output.", dir_okay=False)
    ] = None,
) -> None:
    """Write all groups as CSV, as `import` reads it."""

    async def render_csv(application: Application) -> str:
        async with record_action(application, "glossary export"):
            return await application.glossary.take_out()

    text = run_on_application(render_csv)
    with open_output(out) as stream:
        stream.write(text)


def _read_csv(file: str) -> str:
    from bot.errors import InputError

    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot read {file} ({error.strerror}): name a file that is there.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8: save it as CSV in UTF-8.") from error


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {"id": entry.id, "source": entry.source, "terms": list(entry.terms), "suggested": entry.suggested}
