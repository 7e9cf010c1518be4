"""Answers that people give: `frontdesk teach`, `frontdesk taught …`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.commands import Given, TerminalForm, call_on_console
from bot.cli.output import print_line, run_on_application
from bot.cli.steering import current_operator, press_button, record_action

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card
    from bot.taught.models import Taught
    from bot.taught.service import TableResult

taught_app = typer.Typer(no_args_is_help=True)

TaughtId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first digits of it, as `frontdesk taught list` shows.")
]


@taught_app.command("approve")
def approve_taught(taught_id: TaughtId) -> None:
    """Use a proposed answer, or one under review, from now on."""
    _press_and_print("approve", taught_id)


@taught_app.command("dismiss")
def dismiss_taught(taught_id: TaughtId) -> None:
    """Use an answer no more. It stays listed."""
    _press_and_print("dismiss", taught_id)


@taught_app.command("edit")
def edit_taught(
    taught_id: TaughtId,
    question: Annotated[str | None, typer.Option(help="Default: as it is.")] = None,
    answer: Annotated[
        str | None, typer.Option(help="In Markdown; '-': from standard input. Default: as it is.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DATE", help="2026-12-31, a number of days, or never. Default: as it is.")
    ] = None,
) -> None:
    """Word a taught answer anew. One that is used stays used, as it reads now."""
    from bot.cli.cards import print_card
    from bot.errors import InputError
    from bot.taught.cards import taught_card

    if question is None and answer is None and expires is None:
        raise InputError("What is to change? Give --question, --answer or --expires.")
    text = None if answer is None else _read_text(answer)

    async def change_answer(application: Application) -> Taught:
        async with record_action(application, "edit", taught_id[:12]):
            before = await application.taught_answers.get(taught_id)
            return await application.taught_answers.edit(
                current_operator(),
                before.id,
                before.question if question is None else question,
                before.answer if text is None else text,
                expires,
            )

    print_card(taught_card(run_on_application(change_answer)))


@taught_app.command("import")
def import_table(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV with the columns question, answer and, if any, language, link, wordings. '-': stdin.",
        ),
    ],
) -> None:
    """Teach the rows of a team's own table: all, or none where one cannot be used. Those taught so already stay."""
    from bot.taught.table import read_table

    rows = read_table(_read_bytes(file))

    async def add_rows(application: Application) -> TableResult:
        async with record_action(application, "taught import", Path(file).name):
            return await application.taught_answers.import_rows(current_operator(), rows)

    result = run_on_application(add_rows)
    print_line(f"{result.added} added, {result.changed} changed, {result.same} as they were.")


def _read_bytes(file: str) -> bytes:
    from bot.errors import InputError
    from bot.taught.table import LARGEST

    if file == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(file).open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"Cannot read {file} ({error.strerror}): name a file that is there.") from error


def _press_and_print(action: str, taught_id: str) -> None:
    async def press_on_console(application: Application) -> Card | None:
        return await press_button(application, action, taught_id)

    if card := run_on_application(press_on_console):  # it was so already
        print_line(card.text)


def _read_text(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


async def _teach(application: Application, name: str, given: Given) -> Card | None:
    return await call_on_console(application, name, {**given, "answer": _read_text(given["answer"])})


def _taught_as_json(taught: Sequence[Taught]) -> list[dict[str, Any]]:
    return [_as_dict(each) for each in taught]


def _as_dict(taught: Taught) -> dict[str, Any]:
    """Without whose words the question is in."""
    return {
        "id": taught.id,
        "state": taught.state.value,
        "question": taught.question,
        "answer": taught.answer,
        "language": taught.language,
        "author": taught.author,
        "url": taught.url,
        "note": taught.note,
        "created_at": taught.created_at,
        "updated_at": taught.updated_at,
        "expires_at": taught.expires_at,
        "wordings": taught.wordings.splitlines(),
        "audience": sorted(taught.audience),
    }


FORMS = {
    "taught": TerminalForm(as_json=_taught_as_json),
    "teach": TerminalForm(call=_teach),
    "export": TerminalForm(file="out", file_always=True),
}
