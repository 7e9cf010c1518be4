"""Commands that delete what people said: forget, retention."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.admin import bare_id
from bot.cli.options import Yes
from bot.cli.output import print_table, run_on_application
from bot.cli.steering import confirm_or_exit, record_action

if TYPE_CHECKING:
    from bot.app import Application


class Platform(StrEnum):
    """Where people ask."""

    SLACK = "slack"
    DISCORD = "discord"
    TERMINAL = "terminal"


def forget_user(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id; in the terminal it is 'terminal'.")],
    platform: Annotated[Platform, typer.Option(help="Whose id it is.")],
    yes: Yes = False,
) -> None:
    """Delete all that a user said and was answered. What stands on the platform itself stays there."""
    from bot.chat.people import make_pseudonym

    person = bare_id(user)
    confirm_or_exit(f"Delete all that {person} said on {platform.value}? This cannot be undone.", yes)

    async def delete_user_data(application: Application) -> Mapping[str, int]:
        async with record_action(application, "forget", make_pseudonym(platform.value, person)):
            gone = dict(await application.privacy.forget(platform.value, person))
            history = application.settings.data_dir / "chat_history"
            if platform is Platform.TERMINAL and history.exists():
                history.unlink()
                gone["the chat's history (a file)"] = 1
            return gone

    _print_deleted("Forgotten", run_on_application(delete_user_data), "Nothing of them was kept.")


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
        async with record_action(application, "retention", f"{kept} days"):
            return await PrivacyService(application.privacy_store, kept).expire()

    _print_deleted(
        f"Deleted: older than {kept} days", run_on_application(expire_texts), f"Nothing is older than {kept} days."
    )


def _print_deleted(title: str, gone: Mapping[str, int], nothing: str) -> None:
    """Rows by table."""
    rows = [(table, count) for table, count in sorted(gone.items()) if count]
    print_table(title, ["table", ">rows"], rows, empty=nothing)


COMMANDS = {"forget": forget_user, "retention": delete_expired}
