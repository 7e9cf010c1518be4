"""`/faq admins …` and `/faq audit`: who may steer Frontdesk, and who did what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bot.access.cards import admins_card, audit_card
from bot.chat.card import Card
from bot.chat.people import Role
from bot.commands.registry import AuditNote, Kind, Parameter, Terminal, command
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.access.ports import AdminStore, AuditLog
    from bot.chat.platform import Platform
    from bot.commands.context import Answer, CommandContext

_ANY = re.compile(r"\S+")
_WHO = Parameter("user", kind=Kind.USER)
_WHERE = (
    Parameter("user", "Their id: U0123456789 in Slack, 123456789012345678 in Discord.", Kind.USER),
    Parameter("platform", "Whose id it is: slack, discord … Default: as the id tells.", required=False, named=True),
    Parameter(
        "workspace",
        "The Slack team's or Discord server's id. Default: what the platform says.",
        required=False,
        named=True,
    ),
)


def _note_whom(context: CommandContext) -> AuditNote:
    """A user by their id, with what tells whose it is where that had to be said."""
    names = (context.text("platform"), context.text("workspace"), context.text("user"))
    return AuditNote(":".join(names) if names[0] else names[-1])


_ENTRIES = 20
_LIMIT = Parameter(
    "limit", f"At most so many. Without it: {_ENTRIES}.", Kind.COUNT, required=False, named=True, letter="n"
)


class AdminCommands:
    """Who was named an admin."""

    GROUPS: ClassVar[Mapping[str, str]] = {"admins": "Who may steer me."}

    def __init__(self, admins: AdminStore, platforms: Mapping[str, Platform]) -> None:
        self._admins = admins
        self._platforms = platforms

    @command(
        "admins",
        Role.ADMIN,
        "who may steer me",
        terminal=Terminal(more="Those who were named: workspace admins and who may manage the server need not be."),
    )
    async def _show_admins(self, context: CommandContext) -> Answer:
        admins, known = await self._admins.list(), self._platforms.get(context.actor.platform)
        return admins_card(admins, known.born_admins if known else "").with_data(admins)

    @command("admins add", Role.ADMIN, "name an admin", _WHO, note=_note_whom, terminal=Terminal(parameters=_WHERE))
    async def _add_admin(self, context: CommandContext) -> Answer:
        user = context.text("user").lstrip("@")
        platform, workspace = _find_workspace(context)
        known = self._platforms.get(platform)
        if not (known.user_id if known else _ANY).fullmatch(user):
            raise InputError(f"{user[:40]!r} is nobody's id here: mention them (@…), and choose who is offered.")
        new = await self._admins.add(platform, workspace, user, context.actor.id)
        return Card(text=f"{user} may steer me now." if new else f"{user} was named an admin already.")

    @command("admins remove", Role.ADMIN, "take that back", _WHO, note=_note_whom, terminal=Terminal(parameters=_WHERE))
    async def _remove_admin(self, context: CommandContext) -> Answer:
        user = context.text("user").lstrip("@")
        platform, workspace = _find_workspace(context)
        was = await self._admins.remove(platform, workspace, user)
        return Card(text=f"{user} may steer me no more." if was else f"{user} was not named an admin.")


class AuditCommands:
    """The record of what was done."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    @command("audit", Role.ADMIN, "who did what, newest first", terminal=Terminal(parameters=(_LIMIT,)))
    async def _show_audit(self, context: CommandContext) -> Answer:
        entries = await self._audit.list(int(context.text("limit") or _ENTRIES))
        return audit_card(entries).with_data(entries)


def _find_workspace(context: CommandContext) -> tuple[str, str]:
    """The platform and workspace that a user's id belongs to: the caller's own, or as the command line says."""
    actor = context.actor
    return context.text("platform") or actor.platform, context.text("workspace") or actor.workspace
