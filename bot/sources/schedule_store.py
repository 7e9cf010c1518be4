"""When sources are read by themselves, in the database: columns of the sources' table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database
from bot.database.tables import sources
from bot.sources.models import Schedule
from bot.sources.store import unknown_source

_COLUMNS = (
    sources.c.name,
    sources.c.paused,
    sources.c.every_hours,
    sources.c.next_at,
    sources.c.failures,
    sources.c.created_at,
)


class SqlScheduleStore:
    """Implements `bot.sources.ports.ScheduleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def schedules(self) -> Sequence[Schedule]:
        query = select(*_COLUMNS)
        return await self._database.read(lambda connection: _in_order(connection, query))

    async def schedule(self, source: str) -> Schedule:
        """Raises UnknownSource."""
        query = select(*_COLUMNS).where(sources.c.name == source)
        found = await self._database.read(lambda connection: _in_order(connection, query))
        if not found:
            raise unknown_source(source)
        return found[0]

    async def put(self, schedule: Schedule) -> None:
        """Raises UnknownSource."""
        changed = update(sources).where(sources.c.name == schedule.source)
        changed = changed.values(
            paused=schedule.paused,
            every_hours=schedule.every_hours,
            next_at=schedule.next_at,
            failures=schedule.failures,
        )
        if not (await self._database.write(lambda connection: connection.execute(changed))).rowcount:
            raise unknown_source(schedule.source)

    async def due(self, now: datetime, until: datetime) -> Sequence[Schedule]:
        """`until` is after `now`. Of two processes that ask at once, the later finds it done."""
        ready = and_(sources.c.paused.is_(False), sources.c.every_hours.is_not(None), sources.c.next_at <= now)
        taken = update(sources).where(ready).values(next_at=until).returning(*_COLUMNS)
        return await self._database.write(lambda connection: _in_order(connection, taken))


async def _in_order(connection: AsyncConnection, statement: Any) -> Sequence[Schedule]:
    """The schedules that a statement returns, those of older sources first."""
    rows = (await connection.execute(statement)).mappings().all()
    return [_from_row(row) for row in sorted(rows, key=lambda row: (row["created_at"], row["name"]))]


def _from_row(row: RowMapping) -> Schedule:
    return Schedule(row["name"], row["paused"], row["every_hours"], row["next_at"], row["failures"])
