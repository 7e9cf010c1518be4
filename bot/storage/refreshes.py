"""What refreshes did and when, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import RefreshRun
from bot.storage.database import Database, upsert
from bot.storage.tables import refresh_runs, row_of


class SqlRefreshLog:
    """Implements `bot.interfaces.RefreshLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, run: RefreshRun) -> None:
        """Log that a refresh runs."""
        await self._put(run)

    async def finish(self, run: RefreshRun) -> None:
        """Log how the refresh with this id ended."""
        await self._put(run)

    async def list(self, limit: int = 20) -> Sequence[RefreshRun]:
        """Newest first."""
        query = select(refresh_runs).order_by(refresh_runs.c.started_at.desc(), refresh_runs.c.id.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[RefreshRun]:
            return [_from_row(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def _put(self, run: RefreshRun) -> None:
        values = row_of(run)

        async def work(connection: AsyncConnection) -> None:
            insert = upsert(connection, refresh_runs).values(values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))

        await self._database.write(work)


def _from_row(row: RowMapping) -> RefreshRun:
    return RefreshRun(**row)
