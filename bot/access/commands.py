"""`/faq admins …` and `/faq audit`: who may steer Frontdesk, and who did what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from bot.access.cards import admins_card, audit_card
from bot.access.ports import AdminStore, AuditLog
from bot.chat.card import Card
from bot.chat.people import Role
from bot.commands.context import Answer, CommandContext
from bot.commands.registry import Kind, Parameter, command
from bot.errors import InputError

# What platforms make of a mention; a name that was only typed ("@ann") belongs to nobody.
_USER = {"slack": re.compile("[UW][A-Z0-9]+"), "discord": re.compile(r"\d+", re.ASCII)}
_ANY = re.compile(r"\S+")
_WHO = Parameter("user", kind=Kind.USER)


class AdminCommands:
    """Who was named an admin."""

    GROUPS: ClassVar[Mapping[str, str]] = {"admins": "Who may steer me."}

    def __init__(self, admins: AdminStore) -> None:
        self._admins = admins

    @command("admins", Role.ADMIN, "who may steer me")
    async def _show_admins(self, context: CommandContext) -> Answer:
        return admins_card(await self._admins.list(), context.actor.platform)

    @command("admins add", Role.ADMIN, "name an admin", _WHO)
    async def _add_admin(self, context: CommandContext) -> Answer:
        user = context.text("user").lstrip("@")
        platform, workspace = _find_workspace(context)
        if not _USER.get(platform, _ANY).fullmatch(user):
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
