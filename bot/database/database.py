"""An open database: connections to read and to write with, brought to the newest schema when it is opened."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Table, false, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import schema
from bot.database.engines import DatabaseEngine, T, Work, create_engine
from bot.database.faults import rolled_back, translate_faults
from bot.database.tables import conversations
from bot.database.urls import Address, parse_address
from bot.errors import StorageError

_TOGETHER = 50  # works in one transaction of a SQLite file
_TRIES = 5  # of a transaction that PostgreSQL rolls back for another's sake


@dataclass(frozen=True, eq=False, slots=True)
class _Waiting:
    work: Work[Any]
    done: asyncio.Future[Any]
    urgent: bool


class Database:
    """A SQLite file or a PostgreSQL database. Belongs to the event loop it was opened in; `close` it there."""

    def __init__(self, address: Address, engine: DatabaseEngine) -> None:
        self.address = address
        self.engine = engine
        # SQLite has one writer at a time: tasks queue here in order instead of polling for the file's lock.
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._queue: AbstractAsyncContextManager[Any] = asyncio.Lock() if address.is_sqlite else nullcontext()
        self._giving_way: Any = None  # the driver's connection of work that whoever writes may interrupt

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect, and migrate when the schema is older than the code.

        Raises StorageError (a URL that is none, no server, no right, no such folder …), SchemaError when the
        database is newer than the code.
        """
        address = parse_address(url)
        _keep_private(address)
        engine = create_engine(address)
        database = cls(address, engine)
        try:
            version = await database.read(schema.load_version)
            if version != schema.HEAD:
                await database._migrate_schema()
        except BaseException:
            await engine.dispose()
            raise
        return database

    async def read(self, work: Work[T]) -> T:
        """Await `work(connection)` in a transaction that sees one state of a SQLite database. Raises StorageError."""
        return await _shield_to_completion(self._run_transaction(work))

    async def write(self, work: Work[T], *, urgent: bool = True) -> T:
        """Await `work(connection)` in a transaction: committed, or rolled back by an exception. Raises StorageError.

        What is not `urgent` may be kept waiting for as long as what gives way to others takes, and cuts nothing off.
        Rolled back because two transactions waited for each other, or for the sake of another work that was committed
        with it, it is tried again: `work` may run more than once.
        """
        if self.address.is_sqlite:
            return await self._write_with_others(work, urgent)
        for _ in range(_TRIES - 1):
            try:
                return await _shield_to_completion(self._run_transaction(work, writing=True))
            except StorageError as error:
                if not rolled_back(error):
                    raise
        return await _shield_to_completion(self._run_transaction(work, writing=True))

    async def _write_with_others(self, work: Work[T], urgent: bool) -> T:
        """Do what several tasks want to write in one transaction: to begin and to commit costs more than most works."""
        # Again and again: a statement that has not begun is not interrupted.
        while urgent and (running := self._giving_way) is not None:
            with suppress(sqlite3.ProgrammingError):  # closed by now
                running.interrupt()
            await asyncio.sleep(0.01)
        waiting = _Waiting(work, asyncio.get_running_loop().create_future(), urgent)
        self._waiting.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        try:
            return await asyncio.shield(waiting.done)
        except asyncio.CancelledError:
            await asyncio.wait([waiting.done])
            if not waiting.done.cancelled():
                waiting.done.exception()
            raise

    async def _write_all(self) -> None:
        while self._waiting:
            async with self._queue:
                batch = self._take_batch()
                if len(batch) > 1 and await self._write_batch(batch):
                    continue
                for each in batch:  # alone, so that each has its own fault
                    await self._write_batch([each])

    def _take_batch(self) -> Sequence[_Waiting]:
        """The first that waits, with those as urgent that wait, too: nobody's commit waits for work that can wait."""
        batch = [each for each in self._waiting if each.urgent is self._waiting[0].urgent][:_TOGETHER]
        self._waiting = [each for each in self._waiting if each not in batch]
        return batch

    async def _write_batch(self, batch: Sequence[_Waiting]) -> bool:
        """Commit works together; False where one of several failed, and nothing was written."""

        async def run_batch(connection: AsyncConnection) -> list[Any]:
            return [await each.work(connection) for each in batch]

        try:
            results = await self._run_transaction(run_batch, writing=True)
        except BaseException as error:  # whatever it is, who waits must hear of it
            if len(batch) > 1:
                return False
            batch[0].done.set_exception(error)
            return True
        for each, result in zip(batch, results, strict=True):
            each.done.set_result(result)
        return True

    async def run_outside_transaction(self, work: Work[T], *, give_way: bool = False) -> T:
        """Await `work(connection)` outside a transaction, on a connection of its own whose statements may take long,
        while no task of this process writes to a SQLite file; with `give_way`, whoever has something urgent to write
        there interrupts it, as far as SQLite lets them (the end of a VACUUM goes on).
        Raises StorageError."""

        async def giving_way(connection: AsyncConnection) -> T:
            self._giving_way = (await connection.get_raw_connection()).driver_connection
            try:
                return await work(connection)
            finally:
                self._giving_way = None

        engine = create_engine(self.address, migrating=True)
        try:
            async with self._queue:
                act = giving_way if give_way and self.address.is_sqlite else work
                with translate_faults(self.address):
                    return await _shield_to_completion(engine.run_transaction(act, alone=True))
        finally:
            await engine.dispose()

    async def check_health(self) -> str:
        """One line for `doctor`: engine, place, schema; tries a write. Raises StorageError."""
        query = "SELECT sqlite_version()" if self.address.is_sqlite else "SHOW server_version"

        async def probe_write(connection: AsyncConnection) -> tuple[str, str | None]:
            await connection.execute(update(conversations).where(false()).values(platform=""))
            return (await connection.execute(text(query))).scalar_one(), await schema.load_version(connection)

        server, version = await self.write(probe_write)
        engine = "SQLite" if self.address.is_sqlite else "PostgreSQL"
        return f"{engine} {server}, {self.address.shown}, schema {version}, writable"

    async def close(self) -> None:
        """Close every connection."""
        with translate_faults(self.address):
            await self.engine.dispose()

    async def _run_transaction(self, work: Work[T], *, writing: bool = False) -> T:
        with translate_faults(self.address):
            return await self.engine.run_transaction(work, writing=writing)

    async def _migrate_schema(self) -> None:
        engine = create_engine(self.address, migrating=True)
        try:
            with translate_faults(self.address):
                upgraded = engine.run_transaction(
                    lambda connection: connection.run_sync(schema.upgrade_schema), writing=True
                )
                await _shield_to_completion(upgraded)
        finally:
            await engine.dispose()


async def _shield_to_completion(transaction: Coroutine[Any, Any, T]) -> T:
    """Await a transaction that a cancellation of this task lets finish first.

    Cut off between two statements, it would leave a connection that nobody may use any more.
    """
    task = asyncio.create_task(transaction)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # retrieved: else asyncio would complain that nobody did
        raise


def _keep_private(address: Address) -> None:
    """A new SQLite file is its owner's alone: it holds what customers wrote."""
    file = address.url.database or ""
    if address.is_sqlite and file and file != ":memory:":
        with suppress(OSError):  # whoever opens it says what is wrong
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def upsert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with an ON CONFLICT clause, which SQLAlchemy has for each engine apart."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


async def plan_for_sums(connection: AsyncConnection) -> None:
    """Have what this transaction counts run as it is: PostgreSQL takes sums over a log for far dearer than they are,
    compiles them for a second and sorts on disk."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT set_config('jit', 'off', true), set_config('work_mem', '32MB', true)"))
