"""Commands that delete what people said: forget, retention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer

from bot.cli.commands import Given, TerminalForm, call_on_console
from bot.cli.options import Yes
from bot.cli.output import print_line, print_table, run_on_application
from bot.cli.steering import confirm_or_exit, record_action

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.card import Card


_LONG_SECONDS = 1.0


def _ask_to_forget(given: Given) -> str:
    from bot.platforms.registry import bare_user_id

    return f"Delete all that {bare_user_id(given['user'])} said on {given['platform']}? This cannot be undone."


async def _forget_user(application: Application, name: str, given: Given) -> Card | None:
    """With the file in which the chat at the terminal keeps what was typed."""
    from bot.chat.people import OPENID
    from bot.errors import InputError
    from bot.platforms.registry import bare_user_id
    from bot.platforms.terminal.chat import HISTORY

    known = (*application.platforms, OPENID)
    if given["platform"] not in known:
        raise InputError(f"{given['platform']!r} is none of {', '.join(known)}.")
    await _announce_compaction(application)
    card = await call_on_console(application, name, {**given, "user": bare_user_id(given["user"])})
    history = application.settings.data_dir / HISTORY
    if card is None or given["platform"] != "terminal" or not history.exists():
        return card
    history.unlink()
    return card.with_data({**cast(Mapping[str, int], card.data), "the chat's history (a file)": 1})


async def _announce_compaction(application: Application) -> None:
    """Say what everybody has to wait for, where that is long: a process that serves does this when nobody comes."""
    seconds = await application.privacy_store.estimate_compaction()
    if seconds >= _LONG_SECONDS:
        told = "The database's file is written anew, too: about {} s, in which `frontdesk serve` takes no message."
        print_line(told.format(round(seconds)), err=True)


def _show_forgotten(card: Card) -> None:
    _print_deleted(card.title, cast(Mapping[str, int], card.data), "Nothing of them was kept.")


def delete_expired(
    days: Annotated[int | None, typer.Option(min=1, help="Default: FRONTDESK_RETENTION_DAYS.")] = None,
    yes: Yes = False,
) -> None:
    """Delete now what was said longer ago. With FRONTDESK_RETENTION_DAYS `frontdesk serve` does so by itself."""
    from bot.errors import InputError
    from bot.privacy.service import PrivacyService
    from bot.settings import load_settings

    kept = days or load_settings().retention_days
    if not kept:
        raise InputError("Everything is kept for ever: give --days, or set FRONTDESK_RETENTION_DAYS.")
    confirm_or_exit(f"Delete what was said more than {kept} days ago? This cannot be undone.", yes)

    async def expire_texts(application: Application) -> Mapping[str, int]:
        await _announce_compaction(application)
        async with record_action(application, "retention", f"{kept} days"):
            return await PrivacyService(application.privacy_store, kept).expire()

    _print_deleted(
        f"Deleted: older than {kept} days", run_on_application(expire_texts), f"Nothing is older than {kept} days."
    )


def _print_deleted(title: str, gone: Mapping[str, int], nothing: str) -> None:
    """Rows by table."""
    rows = [(table, count) for table, count in sorted(gone.items()) if count]
    print_table(title, ["table", ">rows"], rows, empty=nothing)


COMMANDS = {"retention": delete_expired}
FORMS = {"forget": TerminalForm(call=_forget_user, show=_show_forgotten, question=_ask_to_forget)}
