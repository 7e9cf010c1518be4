"""`frontdesk glossary …`: terms that mean the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.commands import Given, TerminalForm, call_on_console
from bot.cli.output import print_line, run_on_application
from bot.cli.steering import record_action

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card
    from bot.glossary.service import AddResult
    from retrieval.search.synonym_suggestions import Suggestion
    from retrieval.search.synonyms import Entry

glossary_app = typer.Typer(no_args_is_help=True)


@glossary_app.command("import")
def import_entries(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV: source, then terms parted by ';'. '-': stdin.")],
) -> None:
    """Add the groups of a CSV file: all of them, or none where a line cannot be used."""
    text = _read_csv(file)

    async def add_entries(application: Application) -> Sequence[AddResult]:
        async with record_action(application, "glossary import", Path(file).name):
            return await application.glossary.import_csv(text)

    puts = run_on_application(add_entries)
    merged = sum(bool(put.merged) for put in puts)
    counted = "1 group" if len(puts) == 1 else f"{len(puts)} groups"
    print_line(counted + (f", {merged} of them joined with what was there." if merged else "."))


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


async def _add_terms(application: Application, name: str, given: Given) -> Card | None:
    """Terms that come one by one are parted; one that is a whole line is read as such."""
    terms: list[str] = given["terms"]
    whole = len(terms) == 1 or any(sign in "".join(terms) for sign in ";=；＝")
    return await call_on_console(application, name, {**given, "terms": (" " if whole else ";").join(terms)})


def _entries_as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [_entry_as_json(each) for each in entries]


def _suggestions_as_json(suggestions: Sequence[Suggestion]) -> list[dict[str, Any]]:
    return [_entry_as_json(each.entry) | {"url": each.url, "excerpt": each.excerpt} for each in suggestions]


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    return {"id": entry.id, "source": entry.source, "terms": list(entry.terms), "suggested": entry.suggested}


FORMS = {
    "glossary": TerminalForm(as_json=_entries_as_json),
    "glossary add": TerminalForm(call=_add_terms),
    "glossary suggest": TerminalForm(as_json=_suggestions_as_json),
    "glossary export": TerminalForm(file="out", file_always=True),
}
