"""What every ScheduleStore does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database.database import Database
from bot.errors import UnknownSource
from bot.sources.models import Schedule
from bot.sources.ports import ScheduleStore
from bot.sources.schedule_store import SqlScheduleStore
from bot.sources.store import SqlSourceStore
from retrieval.documents import Source, SourceKind
from tests.support.turns import NOON

HOURLY = Schedule("shop", every_hours=1.5, next_at=NOON, failures=2)
LATER = NOON + timedelta(hours=1)


def named(name: str) -> Source:
    return Source(name, SourceKind.PAGE, f"https://{name}.example/faq")


@pytest.fixture
async def store(database: Database) -> ScheduleStore:
    """Of three sources, in the order shop, guides, blog."""
    for name in ("shop", "guides", "blog"):
        await SqlSourceStore(database).add(named(name))
    return SqlScheduleStore(database)


async def test_a_new_source_has_no_schedule_yet(store: ScheduleStore) -> None:
    assert await store.schedule("shop") == Schedule("shop")
    assert list(await store.schedules()) == [Schedule("shop"), Schedule("guides"), Schedule("blog")]


async def test_a_schedule_reads_back_and_its_source_is_the_same(store: ScheduleStore, database: Database) -> None:
    paused = Schedule("blog", paused=True)
    await store.put(HOURLY)
    await store.put(paused)
    assert list(await store.schedules()) == [HOURLY, Schedule("guides"), paused]
    assert await store.schedule("shop") == HOURLY
    assert await SqlSourceStore(database).get("shop") == named("shop")
    assert len(await SqlSourceStore(database).list()) == 3
    await store.put(Schedule("shop"))
    assert await store.schedule("shop") == Schedule("shop")


async def test_what_is_no_source_has_none(store: ScheduleStore) -> None:
    with pytest.raises(UnknownSource, match="sources list"):
        await store.schedule("nowhere")
    with pytest.raises(UnknownSource, match="nowhere"):
        await store.put(Schedule("nowhere"))


async def test_what_is_due_is_taken_until_it_is_due_again(store: ScheduleStore) -> None:
    await store.put(HOURLY)
    await store.put(replace(HOURLY, source="guides", next_at=NOON - timedelta(days=3)))
    assert list(await store.due(NOON - timedelta(microseconds=1), LATER)) == [
        replace(HOURLY, source="guides", next_at=LATER)
    ]
    assert list(await store.due(NOON, LATER)) == [replace(HOURLY, next_at=LATER)]
    assert list(await store.due(NOON, LATER)) == []
    assert (await store.schedule("shop")).next_at == LATER
    again = await store.due(LATER, LATER + timedelta(hours=1))
    assert [schedule.source for schedule in again] == ["shop", "guides"]


async def test_what_is_paused_or_read_by_hand_only_is_never_due(store: ScheduleStore) -> None:
    await store.put(replace(HOURLY, paused=True))
    await store.put(Schedule("guides", next_at=NOON))
    await store.put(Schedule("blog", every_hours=24))
    assert list(await store.due(LATER, LATER + timedelta(hours=1))) == []
    assert (await store.schedule("shop")).next_at == NOON


async def test_of_processes_that_ask_at_once_one_takes_each(store: ScheduleStore, database: Database) -> None:
    others = [SqlScheduleStore(database) for _ in range(4)]
    for number in range(10):
        for name in ("shop", "guides", "blog"):
            await store.put(replace(HOURLY, source=name))
        taken = await asyncio.gather(*(each.due(NOON, LATER) for each in others))
        names = [schedule.source for schedules in taken for schedule in schedules]
        assert sorted(names) == ["blog", "guides", "shop"], number
