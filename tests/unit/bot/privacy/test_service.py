"""Forgetting, on demand and by the calendar."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.chat.people import make_pseudonym
from bot.errors import StorageError
from bot.privacy import service
from bot.privacy.service import PrivacyService
from bot.privacy.store import SqlPrivacyStore
from tests.support.steering import Office
from tests.support.turns import NOON, make_turn


class Store:
    """Remembers what it was asked for; the first `faults` calls fail, the first `hindered` compactions are cut off."""

    def __init__(self, faults: int = 0, hindered: int = 0) -> None:
        self.faults = faults
        self.hindered = hindered
        self.compacted: list[bool] = []  # whether each gave way
        self.before: list[datetime] = []

    async def forget(self, platform: str, user: str, *, note: bool = True) -> Mapping[str, int]:
        raise StorageError("The database is locked.")

    async def compact(self, *, give_way: bool = False) -> bool:
        self.compacted.append(give_way)
        return len(self.compacted) > self.hindered or not give_way

    async def estimate_compaction(self) -> float:
        return 3.0

    async def unfinished(self) -> list[tuple[str, str]]:
        return []

    async def expire(self, before: datetime) -> Mapping[str, int]:
        self.before.append(before)
        if self.faults:
            self.faults -= 1
            raise StorageError("The database is locked.")
        return {"turns": 1}


async def test_what_stands_in_memory_goes_after_what_stands_in_the_database(office: Office) -> None:
    await office.conversations.add_turn(make_turn(platform="slack", user="UANN"))
    order = []

    async def forgotten() -> None:
        order.append(len(await office.conversations.list_turns()))

    gone = await PrivacyService(SqlPrivacyStore(office.database), 0, forgotten).forget("slack", "UANN")
    assert order == [0]
    assert gone["turns"] == 1


async def test_what_was_being_answered_meanwhile_is_forgotten_soon(office: Office) -> None:
    privacy = PrivacyService(SqlPrivacyStore(office.database), 0, again=(0.1,))
    await privacy.forget("slack", "UANN")
    await office.conversations.add_turn(make_turn(platform="slack", user="UANN"))
    await asyncio.gather(*privacy._tasks)
    assert await office.conversations.list_turns() == []


async def test_what_was_cut_off_is_brought_to_its_end_also_where_everything_is_kept(office: Office) -> None:
    store = SqlPrivacyStore(office.database)
    await office.markers.set("forget:slack:UANN", "")
    await office.conversations.add_turn(make_turn(platform="slack", user="UANN"))
    assert await store.unfinished() == [("slack", "UANN")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(PrivacyService(store).run(), 1)
    assert await office.conversations.list_turns() == []
    assert await store.unfinished() == []


async def test_what_could_not_be_deleted_is_not_said_to_be_forgotten() -> None:
    called = []

    async def forgotten() -> None:
        called.append(1)

    with pytest.raises(StorageError):
        await PrivacyService(Store(), 0, forgotten).forget("slack", "UANN")
    assert called == []


async def test_a_long_compaction_waits_for_a_long_lull_and_for_less_with_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "_PAUSE", 0.05)
    monkeypatch.setattr(service, "_LONGEST_WAIT", timedelta(seconds=0.5))
    store, lulls = Store(hindered=1_000), []
    privacy = PrivacyService(store)

    async def idle(seconds: float) -> None:
        lulls.append(seconds)

    privacy.compact_when(idle)
    await privacy._compact()
    await asyncio.gather(*privacy._tasks)
    assert 25 < lulls[0] <= 30 and len(lulls) > 3
    assert lulls == sorted(lulls, reverse=True) and min(lulls) >= 1
    assert store.compacted == [*(True for _ in lulls), False], "at last at whatever cost"


async def test_who_comes_all_the_time_is_not_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lull that does not come is given up for a shorter one."""
    monkeypatch.setattr(service, "_LOOK_AGAIN", 0.05)
    monkeypatch.setattr(service, "_LONGEST_WAIT", timedelta(seconds=1))
    store = Store()
    privacy = PrivacyService(store)

    async def idle(seconds: float) -> None:
        await asyncio.sleep(0 if seconds < 10 else 60)

    privacy.compact_when(idle)
    await privacy._compact()
    await asyncio.wait_for(asyncio.gather(*privacy._tasks), 5)
    assert store.compacted == [True]


async def test_what_another_process_deleted_leaves_the_files_also_where_everything_is_kept() -> None:
    store = Store()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(PrivacyService(store).run(), 0.05)
    assert store.compacted == [False]


async def test_without_a_limit_everything_is_kept() -> None:
    store = Store()
    assert await PrivacyService(store).expire() == {}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(PrivacyService(store).run(), 0.05)
    assert store.before == []


async def test_what_is_older_than_the_limit_is_deleted() -> None:
    store = Store()
    gone = await PrivacyService(store, 30).expire(NOON)
    assert store.before == [NOON - timedelta(days=30)]
    assert gone == {"turns": 1}


async def test_a_database_that_is_away_ends_no_retention() -> None:
    store = Store(faults=1)
    with capture_logs() as logs:
        running = asyncio.create_task(PrivacyService(store, 30).run())
        await asyncio.sleep(0.05)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert logs[0]["event"] == "retention failed"
    assert store.before[0] < datetime.now(UTC) - timedelta(days=29)


def test_a_pseudonym_names_one_user_and_tells_nothing() -> None:
    names = {make_pseudonym(platform, user) for platform in ("slack", "discord") for user in ("U1", "U2", "")}
    assert len(names) == 6
    assert all(len(name) == 12 and "U1" not in name for name in names)
    assert make_pseudonym("slack", "U1") == make_pseudonym("slack", "U1")
