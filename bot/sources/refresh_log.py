"""What refreshes did and do, in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.message import MessageRef
from bot.database.database import Database, upsert
from bot.database.tables import refresh_runs, row_of
from bot.sources.models import RefreshRun

_END = ("finished_at", "outcome", "version", "report", "error")  # what `finish` tells; the rest others may have changed


Watchers = list[dict[str, str]]


class SqlRefreshLog:
    """Implements `bot.sources.ports.RefreshLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, run: RefreshRun) -> None:
        """Log that a refresh runs."""
        values = row_of(run)
        await self._put(values, values)

    async def beat(self, run_id: str, progress: Mapping[str, object]) -> bool:
        """False for a run that is not logged."""
        beaten = update(refresh_runs).where(refresh_runs.c.id == run_id)
        beaten = beaten.values(progress=progress, beat_at=datetime.now(UTC))
        return bool(await self._database.write(lambda on: on.scalar(beaten.returning(refresh_runs.c.cancelled))))

    async def cancel(self, run_id: str) -> None:
        cancelled = update(refresh_runs).where(refresh_runs.c.id == run_id).values(cancelled=True)
        await self._database.write(lambda connection: connection.execute(cancelled))

    async def watch(self, run_id: str, message: MessageRef) -> None:
        """A message that watches already is kept once."""
        watcher = asdict(message)
        await self._change_watchers(run_id, lambda watchers: watchers if watcher in watchers else [*watchers, watcher])

    async def _change_watchers(self, run_id: str, change: Callable[[Watchers], Watchers]) -> None:
        this = refresh_runs.c.id == run_id
        known = select(refresh_runs.c.watchers).where(this).with_for_update()  # or another's watcher would be lost

        async def work(connection: AsyncConnection) -> None:
            before = (await connection.execute(known)).scalar_one_or_none() or []
            if (after := change(before)) != before:
                await connection.execute(update(refresh_runs).where(this).values(watchers=after))

        await self._database.write(work)

    async def unwatch(self, run_id: str, message: MessageRef) -> None:
        watcher = asdict(message)
        await self._change_watchers(run_id, lambda watchers: [each for each in watchers if each != watcher])

    async def finish(self, run: RefreshRun) -> None:
        """Log how the refresh with this id ended."""
        values = row_of(run)
        await self._put(values, {name: values[name] for name in _END})

    async def get(self, run_id: str) -> RefreshRun | None:
        """None for a run that is not logged."""
        return next(iter(await self._select(select(refresh_runs).where(refresh_runs.c.id == run_id))), None)

    async def list(self, limit: int = 20) -> Sequence[RefreshRun]:
        """Newest first."""
        newest_first = select(refresh_runs).order_by(refresh_runs.c.started_at.desc(), refresh_runs.c.id.desc())
        return await self._select(newest_first.limit(limit))

    async def _select(self, query: Select[Any]) -> Sequence[RefreshRun]:
        async def work(connection: AsyncConnection) -> Sequence[RefreshRun]:
            return [_from_row(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def _put(self, values: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
        async def work(connection: AsyncConnection) -> None:
            insert = upsert(connection, refresh_runs).values(values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changed))

        await self._database.write(work)


def _from_row(row: RowMapping) -> RefreshRun:
    values = dict(row)
    values["progress"] = row["progress"] or {}  # null in runs that an older Frontdesk logged
    values["watchers"] = tuple(row["watchers"] or ())
    return RefreshRun(**values)
