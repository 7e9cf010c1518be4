"""Whom sources are for, in the database: by name, so that what is still searched of a source that was taken out, or
comes back by a rollback, stays limited."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import source_audiences
from retrieval.audiences import Audience


class SqlAudienceStore:
    """Implements `bot.sources.ports.AudienceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_limited(self) -> Mapping[str, Audience]:
        async def work(connection: AsyncConnection) -> Mapping[str, Audience]:
            rows = await connection.execute(select(source_audiences))
            return {row.source: frozenset(row.audience) for row in rows}

        return await self._database.read(work)

    async def set_audience(self, source: str, audience: Audience) -> None:
        await self._database.write(lambda connection: write_audience(connection, source, audience))


async def write_audience(connection: AsyncConnection, source: str, audience: Audience) -> None:
    """Keep whom a source is for from now on, in the caller's transaction."""
    if not audience:
        await connection.execute(delete(source_audiences).where(source_audiences.c.source == source))
        return
    values = {"audience": sorted(audience)}
    insertion = upsert(connection, source_audiences).values(source=source, **values)
    await connection.execute(insertion.on_conflict_do_update(index_elements=["source"], set_=values))
