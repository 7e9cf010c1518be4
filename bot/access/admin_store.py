"""Who was named an admin, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.people import Actor, Role
from bot.database.database import Database, upsert
from bot.database.tables import admins


class SqlAdminStore:
    """Implements `bot.access.ports.AdminStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, platform: str, workspace: str, user: str, added_by: str) -> bool:
        values = {
            "platform": platform,
            "workspace": workspace,
            "user_id": user,
            "added_by": added_by,
            "created_at": datetime.now(UTC),
        }

        async def work(connection: AsyncConnection) -> bool:
            added = await connection.execute(upsert(connection, admins).values(values).on_conflict_do_nothing())
            return added.rowcount > 0

        return await self._database.write(work)

    async def remove(self, platform: str, workspace: str, user: str) -> bool:
        gone = delete(admins).where(_is(platform, workspace, user))
        return (await self._database.write(lambda connection: connection.execute(gone))).rowcount > 0

    async def has(self, platform: str, workspace: str, user: str) -> bool:
        query = select(admins.c.user_id).where(_is(platform, workspace, user))
        return await self._database.read(lambda connection: connection.scalar(query)) is not None

    async def list(self) -> Sequence[Actor]:
        names = (admins.c.platform, admins.c.workspace, admins.c.user_id)
        query = select(*names).order_by(admins.c.created_at, *names)

        async def work(connection: AsyncConnection) -> Sequence[Actor]:
            return [Actor(*row, role=Role.ADMIN) for row in await connection.execute(query)]

        return await self._database.read(work)


def _is(platform: str, workspace: str, user: str) -> ColumnElement[bool]:
    return and_(admins.c.platform == platform, admins.c.workspace == workspace, admins.c.user_id == user)
