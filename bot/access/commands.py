"""`/faq admins …` and `/faq audit`: who may steer Frontdesk, and who did what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from bot.access.cards import admins_card, audit_card
from bot.access.ports import AdminStore, AuditLog
from bot.chat.card import Card
from bot.chat.people import Role
from bot.chat.platform import Platform
from bot.commands.context import Answer, CommandContext
from bot.commands.registry import Kind, Parameter, command
from bot.errors import InputError

_ANY = re.compile(r"\S+")
_WHO = Parameter("user", kind=Kind.USER)


class AdminCommands:
    """Who was named an admin."""

    GROUPS: ClassVar[Mapping[str, str]] = {"admins": "Who may steer me."}

    def __init__(self, admins: AdminStore, platforms: Mapping[str, Platform]) -> None:
        self._admins = admins
        self._platforms = platforms

    @command("admins", Role.ADMIN, "who may steer me")
    async def _show_admins(self, context: CommandContext) -> Answer:
        known = self._platforms.get(context.actor.platform)
        return admins_card(await self._admins.list(), known.born_admins if known else "")

    @command("admins add", Role.ADMIN, "name an admin", _WHO)
    async def _add_admin(self, context: CommandContext) -> Answer:
        user = context.text("user").lstrip("@")
        platform, workspace = _find_workspace(context)
        known = self._platforms.get(platform)
        if not (known.user_id if known else _ANY).fullmatch(user):
            raise InputError(f"{user[:40]!r} is nobody's id here: mention them (@…), and choose who is offered.")
        new = await self._admins.add(platform, workspace, user, context.actor.id)
        return Card(text=f"{user} may steer me now." if new else f"{user} was named an admin already.")

    @command("admins remove", Role.ADMIN, "take that back", _WHO)
    async def _remove_admin(self, context: CommandContext) -> Answer:
        user = context.text("user").lstrip("@")
        platform, workspace = _find_workspace(context)
        was = await self._admins.remove(platform, workspace, user)
        return Card(text=f"{user} may steer me no more." if was else f"{user} was not named an admin.")


class AuditCommands:
    """The record of what was done."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    @command("audit", Role.ADMIN, "who did what")
    async def _show_audit(self, _context: CommandContext) -> Answer:
        return audit_card(await self._audit.list(20))


def _find_workspace(context: CommandContext) -> tuple[str, str]:
    """The platform and workspace that a user's id belongs to: the caller's own, or as the command line says."""
    actor = context.actor
    return context.text("platform") or actor.platform, context.text("workspace") or actor.workspace
