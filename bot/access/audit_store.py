"""Who did what, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.models import AuditEntry
from bot.database.database import Database
from bot.database.tables import audit, row_of


class SqlAuditLog:
    """Implements `bot.access.ports.AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        """Keep an entry."""
        values = row_of(entry)
        values["user_id"] = values.pop("user")
        await self._database.write(lambda connection: connection.execute(insert(audit).values(values)))

    async def list(self, limit: int = 50) -> Sequence[AuditEntry]:
        """Newest first."""
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[AuditEntry]:
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
            return [AuditEntry(user=row.pop("user_id"), **row) for row in rows]

        return await self._database.read(work)
