"""What was deleted, out of the database's files as well.

SQLite overwrites what it deletes (`secure_delete`), but not the copies that it left in the gaps of pages when it moved
rows between them, nor those in the write-ahead log: VACUUM writes a file of what is there only, a checkpoint empties
the log. A marker tells whether that was done since the last deletion, whatever became of the process that deleted; a
database that was made before there was such a marker counts as one that something was deleted from.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import markers, metadata
from bot.errors import StorageError

_MARKER = "storage:vacuumed"
_DONE = "yes"
_TRIES = 5  # of a checkpoint that readers are in the way of
_WAIT_SECONDS = 1  # for readers, in one try
_BYTES_PER_SECOND = 100e6  # of a file that is written anew: twice into the log and back, at a slow disk's pace


async def request_compaction(connection: AsyncConnection) -> None:
    """Note, in the transaction that deletes something, that SQLite's files are to be compacted."""
    if connection.dialect.name == "sqlite":
        await _set_marker(connection, uuid.uuid4().hex)


async def compact_files(database: Database, tables: Iterable[str], *, give_way: bool = False) -> bool:
    """Remove what was deleted from the files, as far as the engine lets us; on PostgreSQL free the room in `tables`.

    Never fails: what could not be done is logged, and done by the next call; with `give_way`, what would keep a writer
    of this process waiting is left off. -> whether it was done.
    """
    try:
        if not database.address.is_sqlite:
            await database.run_outside_transaction(lambda connection: _vacuum_tables(connection, tables))
            return True
        found = await database.read(_load_marker)
        if found == _DONE:
            return True
        await database.run_outside_transaction(lambda connection: connection.execute(text("VACUUM")), give_way=give_way)
        if not await _checkpoint_log(database):
            raise StorageError("readers were in the way of the checkpoint for too long: it is tried again next time")
        await database.write(lambda connection: _mark_compacted(connection, found))
    except StorageError as error:
        log = structlog.get_logger(__name__)
        log.warning("what was deleted may still stand in the database's files", cause=str(error))
        return False
    return True


async def estimate_compaction(database: Database) -> float:
    """For how many seconds `compact_files` keeps writers waiting at its end, when it does not give way any more."""
    if not database.address.is_sqlite:
        return 0.0
    try:
        size = await asyncio.to_thread(os.path.getsize, database.address.url.database or "")
    except OSError:  # in memory
        return 0.0
    return size / _BYTES_PER_SECOND


async def _vacuum_tables(connection: AsyncConnection, tables: Iterable[str]) -> None:
    for name in sorted(set(tables) & set(metadata.tables)):
        await connection.execute(text(f"VACUUM {name}"))


async def _checkpoint_log(database: Database) -> bool:
    """Bring the write-ahead log into the file and empty it; False while somebody reads from it."""

    async def run_checkpoint(connection: AsyncConnection) -> Any:
        await connection.execute(text(f"PRAGMA busy_timeout = {int(_WAIT_SECONDS * 1000)}"))
        return (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()

    for attempt in range(_TRIES):
        busy, *_ = await database.run_outside_transaction(run_checkpoint)
        if not busy:
            return True
        await asyncio.sleep(0.1 * (attempt + 1))  # writers of this process come in between
    return False


async def _load_marker(connection: AsyncConnection) -> str | None:
    found = await connection.execute(select(markers.c.value).where(markers.c.name == _MARKER))
    return found.scalar_one_or_none()


async def _mark_compacted(connection: AsyncConnection, found: str | None) -> None:
    """Note that it was done, unless something was deleted meanwhile."""
    if await _load_marker(connection) == found:
        await _set_marker(connection, _DONE)


async def _set_marker(connection: AsyncConnection, value: str) -> None:
    insertion = upsert(connection, markers).values(name=_MARKER, value=value)
    await connection.execute(insertion.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
