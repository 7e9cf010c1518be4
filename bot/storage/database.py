"""An open database: connections to read and to write with, brought to the newest schema when it is opened."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Table, event, false, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StorageError
from bot.storage import schema
from bot.storage.addresses import Address, parse_address
from bot.storage.faults import rolled_back, translated
from bot.storage.tables import conversations

_CONNECT_SECONDS = 10
_TOGETHER = 50  # works in one transaction of a SQLite file
_TRIES = 5  # of a transaction that PostgreSQL rolls back for another's sake
_STATEMENT_SECONDS = 60  # on PostgreSQL, so that a server that went silent holds nobody for ever

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Work[Any]
    done: asyncio.Future[Any]


class Database:
    """A SQLite file or a PostgreSQL database. Belongs to the event loop it was opened in; `close` it there."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        self.address = address
        self.engine = engine
        self._writing_engine = engine.execution_options(begin="BEGIN IMMEDIATE") if address.is_sqlite else engine
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
            version = await database.read(schema.version)
            if version != schema.HEAD:
                await database._migrate()
        except BaseException:
            await engine.dispose()
            raise
        return database

    async def read(self, work: Work[T]) -> T:
        """Await `work(connection)` in a transaction that sees one state of a SQLite database. Raises StorageError."""
        return await _to_its_end(self._transaction(self.engine, work))

    async def write(self, work: Work[T]) -> T:
        """Await `work(connection)` in a transaction: committed, or rolled back by an exception. Raises StorageError.

        Rolled back because two transactions waited for each other, or for the sake of another work that was committed
        with it, it is tried again: `work` may run more than once.
        """
        if self.address.is_sqlite:
            return await self._write_with_others(work)
        for _ in range(_TRIES - 1):
            try:
                return await _to_its_end(self._transaction(self.engine, work))
            except StorageError as error:
                if not rolled_back(error):
                    raise
        return await _to_its_end(self._transaction(self.engine, work))

    async def _write_with_others(self, work: Work[T]) -> T:
        """Do what several tasks want to write in one transaction: to begin and to commit costs more than most works."""
        while self._giving_way is not None:  # again: a statement that has not begun is not interrupted
            await self._giving_way.interrupt()
            await asyncio.sleep(0.01)
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
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
                batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
                if len(batch) > 1 and await self._write_batch(batch):
                    continue
                for each in batch:  # alone, so that each has its own fault
                    await self._write_batch([each])

    async def _write_batch(self, batch: Sequence[_Waiting]) -> bool:
        """Commit works together; False where one of several failed, and nothing was written."""

        async def work(connection: AsyncConnection) -> list[Any]:
            return [await each.work(connection) for each in batch]

        try:
            results = await self._transaction(self._writing_engine, work)
        except BaseException as error:  # whatever it is, who waits must hear of it
            if len(batch) > 1:
                return False
            batch[0].done.set_exception(error)
            return True
        for each, result in zip(batch, results, strict=True):
            each.done.set_result(result)
        return True

    async def alone(self, work: Work[T], *, give_way: bool = False) -> T:
        """Await `work(connection)` outside a transaction, on a connection of its own whose statements may take long,
        while no task of this process writes to a SQLite file; with `give_way`, whoever is to write there interrupts it.
        Raises StorageError."""

        async def giving_way(connection: AsyncConnection) -> T:
            self._giving_way = (await connection.get_raw_connection()).driver_connection
            try:
                return await work(connection)
            finally:
                self._giving_way = None

        engine = create_engine(self.address, migrating=True)
        options = {"begin": ""} if self.address.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        try:
            async with self._queue:
                act = giving_way if give_way and self.address.is_sqlite else work
                return await _to_its_end(self._transaction(engine.execution_options(**options), act))
        finally:
            await engine.dispose()

    async def check(self) -> str:
        """One line for `doctor`: engine, place, schema; tries a write. Raises StorageError."""
        query = "SELECT sqlite_version()" if self.address.is_sqlite else "SHOW server_version"

        async def work(connection: AsyncConnection) -> tuple[str, str | None]:
            await connection.execute(update(conversations).where(false()).values(platform=""))
            return (await connection.execute(text(query))).scalar_one(), await schema.version(connection)

        server, version = await self.write(work)
        engine = "SQLite" if self.address.is_sqlite else "PostgreSQL"
        return f"{engine} {server}, {self.address.shown}, schema {version}, writable"

    async def close(self) -> None:
        """Close every connection."""
        with translated(self.address):
            await self.engine.dispose()

    async def _transaction(self, engine: AsyncEngine, work: Work[T]) -> T:
        with translated(self.address):
            async with engine.begin() as connection:
                return await work(connection)

    async def _migrate(self) -> None:
        engine = create_engine(self.address, migrating=True)
        try:
            await _to_its_end(
                self._transaction(
                    engine.execution_options(begin="BEGIN IMMEDIATE"),
                    lambda connection: connection.run_sync(schema.upgrade),
                )
            )
        finally:
            await engine.dispose()


async def _to_its_end(transaction: Coroutine[Any, Any, T]) -> T:
    """Await a transaction that a cancellation of this task lets finish first.

    Cut off between two statements, aiosqlite's connection would keep its lock until it is garbage collected.
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


def create_engine(address: Address, *, migrating: bool = False) -> AsyncEngine:
    """A SQLAlchemy engine as Frontdesk uses it. Connects lazily.

    One for `migrating` has no time limit on a statement, and does not enforce SQLite's foreign keys while a migration
    rebuilds a table.
    """
    options: dict[str, Any] = {
        "hide_parameters": True,  # else an error's text would carry messages into logs
        "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    }
    if not address.is_sqlite:
        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(_connect_asyncpg, address, None if migrating else _STATEMENT_SECONDS),
            pool_pre_ping=True,
            **options,
        )
    # isolation_level None: sqlite3 leaves transactions to us, which it would begin late and never for DDL.
    engine = create_async_engine(
        address.url, connect_args={"timeout": address.lock_seconds, "isolation_level": None}, **options
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")  # in WAL a killed process loses nothing; a power cut, at most ms
        cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, but for what `compact` sees to
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        if statement := connection.get_execution_options().get("begin", "BEGIN"):
            connection.exec_driver_sql(statement)

    return engine


def upsert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with an ON CONFLICT clause, which SQLAlchemy has for each engine apart."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


async def _connect_asyncpg(address: Address, statement_seconds: float | None) -> Any:
    import asyncpg

    try:
        return await asyncpg.connect(address.dsn, timeout=_CONNECT_SECONDS, command_timeout=statement_seconds)
    except ValueError as error:  # a parameter that asyncpg cannot read
        reason = address.without_secrets(str(error))
        raise StorageError(f"The database URL cannot be read ({reason}): correct FRONTDESK_DATABASE_URL.") from error
