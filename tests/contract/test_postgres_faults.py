"""What goes wrong with a real PostgreSQL server, and the one line an operator reads."""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.answering.store import SqlConversationStore
from bot.database.database import Database
from bot.database.markers import SqlMarkers
from bot.errors import StorageError
from tests.support.turns import make_turn

pytestmark = pytest.mark.postgres


async def refusal(url: str) -> str:
    with pytest.raises(StorageError) as refused:
        await Database.open(url)
    message = str(refused.value)
    assert "\n" not in message
    return message


async def test_a_wrong_password(server: str) -> None:
    parts = urlsplit(server)
    message = await refusal(f"postgres://{parts.username}:hunter2@{parts.hostname}:{parts.port}/postgres")
    assert "refuses the user or the password" in message
    assert "hunter2" not in message


async def test_a_database_that_does_not_exist(server: str) -> None:
    message = await refusal(urlunsplit(urlsplit(server)._replace(path="/no_such_desk")))
    assert "no_such_desk" in message
    assert "does not exist: create it" in message


async def test_a_user_who_may_not_write(postgres_database: Database, migrated_postgres: str) -> None:
    url = f"{migrated_postgres}?default_transaction_read_only=on"
    database = await Database.open(url)
    with pytest.raises(StorageError, match="is read-only"):
        await SqlConversationStore(database).add_turn(make_turn())
    with pytest.raises(StorageError, match="is read-only"):
        await database.check_health()
    await database.close()


async def test_connections_cut_by_the_server_cost_no_turn(postgres_database: Database, migrated_postgres: str) -> None:
    store = SqlConversationStore(postgres_database)
    await asyncio.gather(*(store.add_turn(make_turn()) for _ in range(4)))
    admin = await asyncpg.connect(migrated_postgres)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()
    await store.add_turn(make_turn())
    assert len(await store.list_turns()) == 5


async def test_a_crowd_shares_connections_that_stay_open(postgres_database: Database) -> None:
    async def find_backend() -> int:
        work = text("SELECT pg_backend_pid() FROM pg_sleep(0.02)")
        return int(await postgres_database.read(lambda connection: connection.scalar(work)))

    first = {*await asyncio.gather(*(find_backend() for _ in range(200)))}
    then = {*await asyncio.gather(*(find_backend() for _ in range(200)))}
    assert then <= first
    assert 5 < len(first) <= 15


async def test_a_statement_cut_off_in_the_middle_is_told(postgres_database: Database, migrated_postgres: str) -> None:
    sleeping = asyncio.create_task(
        postgres_database.read(lambda connection: connection.execute(text("SELECT pg_sleep(30)")))
    )
    admin = await asyncpg.connect(migrated_postgres)
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'"
    while not await admin.fetchval(cut):  # until it runs
        pass
    await admin.close()
    with pytest.raises(StorageError, match=r"starting up or shutting down|closed the connection"):
        await sleeping


async def test_of_two_transactions_that_wait_for_each_other_both_are_done(postgres_database: Database) -> None:
    markers, met = SqlMarkers(postgres_database), asyncio.Barrier(2)
    await markers.set("a", "")
    await markers.set("b", "")
    runs = Counter[str]()

    async def both(first: str, second: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            runs[first] += 1
            append = "UPDATE markers SET value = value || :by WHERE name = :name"
            await connection.execute(text(append), {"by": first, "name": first})
            if runs[first] == 1:
                await met.wait()  # each holds what the other wants
            await connection.execute(text(append), {"by": first, "name": second})

        await postgres_database.write(work)

    await asyncio.gather(both("a", "b"), both("b", "a"))
    assert sorted(runs.values()) == [1, 2]
    assert [sorted(await markers.get(name)) for name in ("a", "b")] == [["a", "b"], ["a", "b"]]


async def test_check_names_engine_place_and_schema(postgres_database: Database) -> None:
    line = await postgres_database.check_health()
    assert line.startswith("PostgreSQL ")
    assert "schema 0014, writable" in line
