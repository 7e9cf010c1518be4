"""How a transaction is run: of SQLite whole in a thread, of PostgreSQL by its asynchronous driver.

`work(connection)` awaits its statements on either. On SQLite none of them has to be waited for, since the thread may
block: a transaction costs one change of threads, and not several a statement, as with a driver that keeps a thread for
each connection. It follows that such a work awaits nothing but its connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, event
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.database.urls import Address
from bot.errors import StorageError

_CONNECT_SECONDS = 10
_READERS = 4  # threads that read a SQLite file
_CONNECTIONS = 15  # of a process to PostgreSQL
_STATEMENT_SECONDS = 60  # on PostgreSQL, so that a server that went silent holds nobody for ever

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class DatabaseEngine(Protocol):
    """Connections to one database, opened when they are needed. `sync_engine` is SQLAlchemy's own."""

    @property
    def sync_engine(self) -> Engine:
        """What SQLAlchemy's events are listened for on."""
        ...

    async def run_transaction(self, work: Work[T], *, writing: bool = False, alone: bool = False) -> T:
        """Await `work(connection)` in a transaction, or, `alone`, outside any. `writing`: it takes SQLite's lock at
        once."""
        ...

    async def dispose(self) -> None:
        """Close every connection."""
        ...


class PostgresEngine:
    """Implements `DatabaseEngine` with asyncpg."""

    def __init__(self, address: Address, statement_seconds: float | None) -> None:
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(_connect_asyncpg, address, statement_seconds),
            pool_pre_ping=True,
            pool_size=_CONNECTIONS,
            max_overflow=0,  # what overflows is closed after each use, and opening one costs more than most works
            **_build_engine_options(),
        )
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def sync_engine(self) -> Engine:
        """See the protocol."""
        return self._engine.sync_engine

    async def run_transaction(self, work: Work[T], *, writing: bool = False, alone: bool = False) -> T:
        """See the protocol."""
        async with (self._autocommit if alone else self._engine).begin() as connection:
            return await work(connection)

    async def dispose(self) -> None:
        """See the protocol."""
        await self._engine.dispose()


class SqliteEngine:
    """Implements `DatabaseEngine` with the standard library's driver, one thread for what writes, some for what
    reads: nobody who wants to write waits for a reader."""

    def __init__(self, address: Address, *, foreign_keys: bool) -> None:
        # isolation_level None: sqlite3 leaves transactions to us, which it would begin late and never for DDL.
        arguments = {"timeout": address.lock_seconds, "isolation_level": None, "check_same_thread": False}
        # Nothing to reset: a transaction has ended before its connection goes back. As many as there are threads.
        self.sync_engine = create_sync_engine(
            address.url,
            connect_args=arguments,
            pool_reset_on_return=None,
            pool_size=_READERS + 1,
            **_build_engine_options(),
        )
        self._reading = ThreadPoolExecutor(_READERS, "sqlite-read")
        self._writing = ThreadPoolExecutor(1, "sqlite-write")

        @event.listens_for(self.sync_engine, "connect")
        def configure_connection(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")  # in WAL a killed process loses nothing; a power cut, ms
            cursor.execute("PRAGMA secure_delete = ON")  # overwrites what is deleted, but for what `compact` sees to
            cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
            cursor.close()

        @event.listens_for(self.sync_engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            if statement := connection.get_execution_options().get("begin", "BEGIN"):
                connection.exec_driver_sql(statement)

        self._immediate = self.sync_engine.execution_options(begin="BEGIN IMMEDIATE")
        self._without = self.sync_engine.execution_options(begin="")

    async def run_transaction(self, work: Work[T], *, writing: bool = False, alone: bool = False) -> T:
        """See the protocol."""
        engine = self._without if alone else self._immediate if writing else self.sync_engine
        threads = self._writing if writing or alone else self._reading
        return await asyncio.get_running_loop().run_in_executor(threads, _run_in_transaction, engine, work)

    async def dispose(self) -> None:
        """See the protocol."""
        await asyncio.get_running_loop().run_in_executor(self._writing, self.sync_engine.dispose)
        self._reading.shutdown(wait=False)
        self._writing.shutdown(wait=False)


class _Immediate:
    """As much of an `AsyncConnection` as works use, over a connection of this thread: whatever is awaited is done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, *statement: Any) -> Any:
        return self._connection.execute(*statement)

    async def scalar(self, *statement: Any) -> Any:
        return self._connection.scalar(*statement)

    async def scalars(self, *statement: Any) -> Any:
        return self._connection.scalars(*statement)

    async def exec_driver_sql(self, *statement: Any) -> Any:
        return self._connection.exec_driver_sql(*statement)

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        return work(self._connection)

    async def get_raw_connection(self) -> PoolProxiedConnection:
        return self._connection.connection


def create_engine(address: Address, *, migrating: bool = False) -> DatabaseEngine:
    """An engine as Frontdesk uses it. Connects lazily.

    One for `migrating` has no time limit on a statement, and does not enforce SQLite's foreign keys while a migration
    rebuilds a table.
    """
    if address.is_sqlite:
        return SqliteEngine(address, foreign_keys=not migrating)
    return PostgresEngine(address, None if migrating else _STATEMENT_SECONDS)


def _build_engine_options() -> dict[str, Any]:
    return {
        "hide_parameters": True,  # else an error's text would carry messages into logs
        "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    }


def _run_in_transaction(engine: Engine, work: Work[T]) -> T:
    with engine.begin() as connection:
        return _complete_without_waiting(
            cast("Coroutine[Any, Any, T]", work(cast("AsyncConnection", _Immediate(connection))))
        )


def _complete_without_waiting(working: Coroutine[Any, Any, T]) -> T:
    """What a work that never has to wait comes to. Raises RuntimeError for one that does."""
    try:
        working.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    working.close()
    raise RuntimeError("a work on a SQLite file awaits nothing but its connection")


async def _connect_asyncpg(address: Address, statement_seconds: float | None) -> Any:
    import asyncpg

    try:
        return await asyncpg.connect(address.dsn, timeout=_CONNECT_SECONDS, command_timeout=statement_seconds)
    except ValueError as error:  # a parameter that asyncpg cannot read
        reason = address.without_secrets(str(error))
        raise StorageError(f"The database URL cannot be read ({reason}): correct FRONTDESK_DATABASE_URL.") from error
