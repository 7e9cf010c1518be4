"""What several tasks write to a SQLite file at the same time is committed together, and fails apart."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database
from bot.database.tables import markers


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path / 'some.db'}")
    yield database
    await database.close()


async def note(database: Database, name: str, fault: Exception | None = None) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(markers).values(name=name, value=""))
        if fault:
            raise fault

    await database.write(work)


async def noted(database: Database) -> set[str]:
    found = await database.read(lambda connection: connection.scalars(select(markers.c.name)))
    return {name for name in found if name.startswith("note")}


async def test_a_work_that_fails_takes_no_other_along(database: Database) -> None:
    works = [note(database, f"note {number}", KeyError("seven") if number == 7 else None) for number in range(20)]
    ended = await asyncio.gather(*works, return_exceptions=True)
    assert [number for number, each in enumerate(ended) if each is not None] == [7]
    assert isinstance(ended[7], KeyError)
    assert await noted(database) == {f"note {number}" for number in range(20) if number != 7}


async def test_works_of_the_same_moment_cost_few_transactions(database: Database) -> None:
    commits = []
    event.listen(database.engine.sync_engine, "commit", commits.append)
    await asyncio.gather(*(note(database, f"note {number}") for number in range(40)))
    assert len(commits) <= 3
    assert len(await noted(database)) == 40


async def test_a_work_whose_task_is_cancelled_is_committed(database: Database) -> None:
    task = asyncio.create_task(note(database, "note"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await noted(database) == {"note"}


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_a_work_that_waits_for_anything_else_is_refused_and_writes_nothing(
    database: Database, seconds: float
) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(markers).values(name="note", value=""))
        await asyncio.sleep(seconds)

    with pytest.raises(RuntimeError):
        await database.write(work)
    assert await noted(database) == set()
    await note(database, "note after")
    assert await noted(database) == {"note after"}


async def test_long_readings_keep_nobody_from_writing(database: Database) -> None:
    let_go = threading.Event()

    async def read(connection: AsyncConnection) -> None:
        await connection.scalars(select(markers.c.name))
        let_go.wait(20)

    readings = [asyncio.create_task(database.read(read)) for _ in range(20)]
    try:
        async with asyncio.timeout(10):
            await note(database, "note")
    finally:
        let_go.set()
        await asyncio.gather(*readings)
    assert await noted(database) == {"note"}


async def test_what_is_urgent_is_committed_without_what_can_wait(database: Database) -> None:
    done: list[str] = []
    event.listen(database.engine.sync_engine, "commit", lambda _: done.append("commit"))
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(name: str, *, waits: bool = False) -> Callable[[AsyncConnection], Awaitable[None]]:
        async def act(connection: AsyncConnection) -> None:
            await connection.execute(insert(markers).values(name=name, value=""))
            done.append(name)
            if waits:
                loop.call_soon_threadsafe(begun.set)
                go_on.wait(10)

        return act

    works = [asyncio.create_task(database.write(work("first", waits=True)))]
    await begun.wait()
    for name, urgent in (("claim 1", True), ("deletion 1", False), ("claim 2", True), ("deletion 2", False)):
        works.append(asyncio.create_task(database.write(work(name), urgent=urgent)))
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*works)
    assert done == ["first", "commit", "claim 1", "claim 2", "commit", "deletion 1", "deletion 2", "commit"]
