"""Answers that people give: `frontdesk teach`, `frontdesk taught …`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import AsJson, print_json, run, say, writing
from bot.cli.steering import audited, call, me, press, steer

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card
    from bot.taught.models import Taught

taught_app = typer.Typer(no_args_is_help=True)

TaughtId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first digits of it, as `frontdesk taught list` shows.")
]


class Format(StrEnum):
    """What `taught export` writes."""

    HTML = "html"
    JSON_LD = "json-ld"


def teach(
    question: Annotated[str, typer.Option(help="As a customer would ask it.")],
    answer: Annotated[str, typer.Option(help="In Markdown; '-' reads it from standard input.")],
    expires: Annotated[str, typer.Option(metavar="DATE", help="2026-12-31, a number of days, or never.")] = "",
) -> None:
    """Teach an answer, which is used from now on and named after you. It stands above what pages say."""
    from bot.cli.cards import draw_card
    from bot.commands.cards import taught_card

    text = _read(answer)

    async def work(application: Application) -> Taught:
        async with audited(application, "teach"):
            return await application.teaching.teach(me(), question, text, expires=expires)

    draw_card(taught_card(run(work)))


@taught_app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="Only those: proposed, approved, review or dismissed.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what people taught, newest first."""
    if not as_json:
        steer("taught", state=state)
        return

    async def work(application: Application) -> Sequence[Taught]:
        from bot.errors import InputError
        from bot.taught.models import TaughtState

        if state and state not in set(TaughtState):
            raise InputError(f"{state!r} is none of {', '.join(TaughtState)}.")
        async with audited(application, "taught", state):
            return await application.teaching.list(*([TaughtState(state)] if state else ()))

    print_json([_as_dict(each) for each in run(work)])


@taught_app.command("show")
def show(taught_id: TaughtId) -> None:
    """Show a taught answer, and what is known on its question besides."""
    steer("taught show", id=taught_id)


@taught_app.command("approve")
def approve(taught_id: TaughtId) -> None:
    """Use a proposed answer, or one under review, from now on."""
    _press("approve", taught_id)


@taught_app.command("dismiss")
def dismiss(taught_id: TaughtId) -> None:
    """Use an answer no more. It stays listed."""
    _press("dismiss", taught_id)


@taught_app.command("edit")
def edit(
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
    from bot.cli.cards import draw_card
    from bot.commands.cards import taught_card
    from bot.errors import InputError

    if question is None and answer is None and expires is None:
        raise InputError("What is to change? Give --question, --answer or --expires.")
    text = None if answer is None else _read(answer)

    async def work(application: Application) -> Taught:
        async with audited(application, "edit", taught_id[:12]):
            before = await application.teaching.get(taught_id)
            return await application.teaching.edit(
                me(),
                before.id,
                before.question if question is None else question,
                before.answer if text is None else text,
                expires,
            )

    draw_card(taught_card(run(work)))


@taught_app.command("export")
def export(
    format_: Annotated[Format, typer.Option("--format", help="A page, or schema.org data.")] = Format.HTML,
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: standard output.", dir_okay=False)
    ] = None,
) -> None:
    """Write the answers in use for your own site."""
    from bot.errors import BotError

    card = run(lambda application: call(application, "export", {"format": format_.value}))
    if card is None or card.file is None:
        raise BotError("No taught answer is in use yet, so there is nothing to export: see 'frontdesk taught list'.")
    with writing(out) as stream:
        stream.write(card.file.content)
    say(f"{card.text}{f' Written to {out}.' if out else ''}", err=True)


def _press(action: str, taught_id: str) -> None:
    async def work(application: Application) -> Card | None:
        return await press(application, action, taught_id)

    if card := run(work):  # it was so already
        say(card.text)


def _read(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


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
    }


COMMANDS = (teach,)
