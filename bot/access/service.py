"""Who may steer Frontdesk: asked at every call, and every call is recorded."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from bot.access.models import AuditEntry
from bot.access.ports import AdminStore, AuditLog
from bot.chat.people import Actor, Role
from bot.errors import NotAllowed, StorageError

_WANTED = {Role.TEAMMATE: "the support team (those who see its channel) and admins", Role.ADMIN: "admins"}


class AccessService:
    """A person's role is what their platform says at this very call, or that of an admin if they were named one."""

    def __init__(self, admins: AdminStore, audit: AuditLog) -> None:
        self._admins = admins
        self._audit = audit

    async def role(self, actor: Actor) -> Role:
        """What they may do. Raises StorageError."""
        if actor.role is Role.ADMIN or not await self._admins.has(actor.platform, actor.workspace, actor.user):
            return actor.role
        return Role.ADMIN

    @asynccontextmanager
    async def allowed(
        self, actor: Actor, role: Role, action: str, target: str = "", *, typed: bool = False, as_user: str = ""
    ) -> AsyncIterator[None]:
        """Within it the action is done; how it ended is recorded. `target` is a thing's name, never a message's text;
        `typed` says that it is the caller's own words, which are not kept of whom it is refused. `as_user` stands in
        the record for an actor whom the action forgets.

        Raises NotAllowed, StorageError, and what the action raises.
        """
        noted = replace(actor, user=as_user or actor.user)
        if await self.role(actor) < role:
            await self._note(actor, action, "" if typed else target, "refused")
            raise NotAllowed(f"That is for {_WANTED.get(role, 'others')}: ask one of them.")
        try:
            yield
        except BaseException:
            with suppress(StorageError):  # what went wrong counts more
                await self._note(noted, action, target, "failed")
            raise
        await self._note(noted, action, target, "done")

    async def _note(self, actor: Actor, action: str, target: str, outcome: str) -> None:
        now = datetime.now(UTC)
        await self._audit.add(
            AuditEntry(
                uuid.uuid4().hex, now, actor.platform, actor.workspace, actor.user, action, target[:200], outcome
            )
        )
