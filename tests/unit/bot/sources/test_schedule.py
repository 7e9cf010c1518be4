"""Sources that are read by themselves, on the real tables."""

import asyncio
import errno
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.errors import InputError, StorageError, UnknownSource
from bot.sources.health import troubles
from bot.sources.models import Schedule
from bot.sources.refresh import RefreshCancelled, RefreshRequest, RefreshService
from bot.sources.schedule import LONGEST, SHORTEST, ScheduledRefreshes, _pause
from retrieval.errors import AnswersWorse, ModelError, RefreshRunning, TooMuchWouldVanish
from retrieval.refresh import RefreshReport, SourceLine
from retrieval.refresh.trial import TrialReport
from tests.support.steering import SHOP, WIKI, Office

DAY = timedelta(hours=24)


def failing(*names: str) -> RefreshReport:
    return RefreshReport(
        "unchanged",
        "v1",
        sources_failed=tuple(SourceLine(name, f"https://{name}.example", "timed out.") for name in names),
    )


async def due(office: Office, *names: str) -> None:
    """These sources are to be read now."""
    for name in names:
        schedule = await office.schedules.set_interval(name, 24)
        before = await office.schedule_store.schedule(name)
        past = datetime.now(UTC) - timedelta(minutes=1)
        await office.schedule_store.put(Schedule(name, before.paused, schedule.every_hours, past, before.failures))


async def again(office: Office, name: str) -> None:
    """The same, with its failures kept."""
    before = await office.schedule_store.schedule(name)
    past = datetime.now(UTC) - timedelta(minutes=1)
    await office.schedule_store.put(Schedule(name, before.paused, before.every_hours, past, before.failures))


@pytest.fixture
async def shop(office: Office) -> Office:
    await office.source_store.add(SHOP)
    await office.source_store.add(WIKI)
    return office


async def test_what_is_due_is_read_and_due_no_more(shop: Office) -> None:
    await due(shop, "shop")
    await shop.schedules.run_due()
    await shop.schedules.run_due()
    assert [request.only for request in shop.crawl.requests] == [("shop",)]
    next_at = (await shop.schedule_store.schedule("shop")).next_at
    assert next_at
    assert DAY * 0.89 < next_at - datetime.now(UTC) < DAY * 1.11


async def test_of_two_processes_one_reads(shop: Office) -> None:
    await due(shop, "shop")
    other = ScheduledRefreshes(
        shop.schedule_store, RefreshService(shop.source_store, shop.runs, shop.crawl), shop._tell
    )
    await asyncio.gather(shop.schedules.run_due(), other.run_due())
    assert len(shop.crawl.requests) == 1


async def test_while_something_is_read_nothing_is_taken(shop: Office) -> None:
    await due(shop, "shop")
    shop.crawl.held = True
    await shop.refresh_service.begin(RefreshRequest(only=("wiki",)))
    await shop.schedules.run_due()
    assert (await shop.schedule_store.due(datetime.now(UTC), datetime.now(UTC) + DAY))[0].source == "shop"


@pytest.mark.parametrize("hours", [SHORTEST, 1, 24, LONGEST])
def test_a_pause_is_the_interval_give_or_take_a_tenth(hours: float) -> None:
    pauses = [_pause(hours, 0) / timedelta(hours=hours) for _ in range(500)]
    assert 0.9 <= min(pauses) < 0.95
    assert 1.05 < max(pauses) <= 1.1


def test_a_pause_doubles_with_each_failure_to_a_week_or_the_interval() -> None:
    for failures in range(200):
        wanted = min(DAY * 2.0 ** min(failures, 20), timedelta(days=7))
        assert 0.89 < _pause(24, failures) / wanted < 1.11
        assert 0.89 < _pause(LONGEST, failures) / timedelta(hours=LONGEST) < 1.11


async def test_admins_hear_of_a_failure_once_and_when_it_is_well_again(shop: Office) -> None:
    await due(shop, "shop", "wiki")
    shop.crawl.report = failing("shop")
    for _ in range(3):
        await shop.schedules.run_due()
        await again(shop, "shop")
    assert (await shop.schedule_store.schedule("shop")).failures == 3
    assert (await shop.schedule_store.schedule("wiki")).failures == 0
    assert len(shop.told) == 1
    assert shop.told[0].startswith("Source shop could not be read: timed out. It is read again at ")
    shop.crawl.report = RefreshReport("unchanged", "v1")
    await shop.schedules.run_due()
    await again(shop, "shop")
    await shop.schedules.run_due()
    assert shop.told[1:] == ["Source shop can be read again."]


async def test_a_refresh_that_fails_as_a_whole_is_a_failure_of_all_it_was_to_read(shop: Office) -> None:
    await due(shop, "shop", "wiki")
    shop.crawl.faults = [TooMuchWouldVanish("9 of 10 would vanish.")]
    with capture_logs():
        await shop.schedules.run_due()
    assert [schedule.failures for schedule in await shop.schedule_store.schedules()] == [1, 1]
    assert len(shop.told) == 2
    assert ".." not in shop.told[0]


async def test_what_would_vanish_is_a_failure_of_the_source_that_loses_it(shop: Office) -> None:
    await due(shop, "shop", "wiki")
    shop.crawl.faults = [TooMuchWouldVanish("9 of 10 would vanish.", ["wiki"])]
    with capture_logs():
        await shop.schedules.run_due()
    failures = {schedule.source: schedule.failures for schedule in await shop.schedule_store.schedules()}
    assert failures == {"shop": 0, "wiki": 1}
    assert len(shop.told) == 1
    assert shop.told[0].startswith("Source wiki could not be read")


@pytest.mark.parametrize(
    "fault",
    [
        AnswersWorse("2 questions are answered worse.", TrialReport(asked=5, right=3)),
        ModelError("That model is not known."),
        InputError("The golden questions cannot be read."),
    ],
)
async def test_a_refresh_stopped_by_no_fault_of_its_sources_lets_them_be_and_admins_hear_of_it_once(
    shop: Office, fault: Exception
) -> None:
    await due(shop, "shop", "wiki")
    shop.crawl.faults = [fault, fault]
    with capture_logs():
        for _ in range(2):
            await shop.schedules.run_due()
            for name in ("shop", "wiki"):
                schedule = await shop.schedule_store.schedule(name)
                assert schedule.failures == 0
                assert schedule.next_at
                assert DAY * 0.89 < schedule.next_at - datetime.now(UTC) < DAY * 1.11
                await again(shop, name)
    [told] = shop.told
    assert str(fault) in told
    assert "shop" in told
    assert "wiki" in told
    assert troubles(await shop.source_store.list(), await shop.runs.list()) == []
    await shop.schedules.run_due()  # it goes well again, and the next stop is news
    for name in ("shop", "wiki"):
        await again(shop, name)
    shop.crawl.faults = [fault]
    with capture_logs():
        await shop.schedules.run_due()
    assert len(shop.told) == 2


async def test_another_at_work_is_no_failure_and_it_is_tried_soon(shop: Office) -> None:
    await due(shop, "shop")
    shop.crawl.faults = [RefreshRunning("Another refresh is at work.")]
    await shop.schedules.run_due()
    schedule = await shop.schedule_store.schedule("shop")
    assert schedule.failures == 0
    assert schedule.next_at
    assert schedule.next_at - datetime.now(UTC) < timedelta(minutes=6)
    assert shop.told == []


async def test_a_source_removed_in_between_is_no_failure_of_the_others(shop: Office) -> None:
    await due(shop, "shop", "wiki")
    taken = shop.schedule_store.due

    async def due_and_removed(now: datetime, until: datetime) -> object:
        found = await taken(now, until)
        await shop.source_store.remove("shop")
        return found

    shop.schedule_store.due = due_and_removed  # type: ignore[method-assign,assignment]
    await shop.schedules.run_due()
    assert (await shop.schedule_store.schedule("wiki")).failures == 0
    assert shop.told == []
    shop.schedule_store.due = taken  # type: ignore[method-assign]
    await again(shop, "wiki")
    await shop.schedules.run_due()
    assert [request.only for request in shop.crawl.requests] == [("wiki",)]


async def test_a_source_removed_while_it_is_read_is_forgotten(shop: Office) -> None:
    await due(shop, "shop")
    shop.crawl.held = True
    reading = asyncio.create_task(shop.schedules.run_due())
    while not shop.crawl.inside:  # noqa: ASYNC110 (what it waits for sets no event)
        await asyncio.sleep(0.01)
    await shop.source_store.remove("shop")
    shop.crawl.held = False
    await reading
    assert [schedule.source for schedule in await shop.schedule_store.schedules()] == ["wiki"]


async def test_a_database_that_is_away_says_nothing_against_a_source(shop: Office) -> None:
    await due(shop, "shop")
    start = shop.runs.start

    async def locked(run: object) -> None:
        raise StorageError("The database is locked.")

    shop.runs.start = locked  # type: ignore[method-assign,assignment]
    with pytest.raises(StorageError):
        await shop.schedules.run_due()
    shop.runs.start = start  # type: ignore[method-assign]
    assert (await shop.schedule_store.schedule("shop")).failures == 0
    assert shop.told == []


async def test_paused_sources_are_not_read_and_keep_their_schedule(shop: Office) -> None:
    await due(shop, "shop")
    await shop.schedules.pause("shop", True)
    await shop.schedules.run_due()
    assert shop.crawl.requests == []
    assert await shop.schedules.paused() == {"shop"}
    await shop.schedules.pause("shop", False)
    await shop.schedules.run_due()
    assert len(shop.crawl.requests) == 1


@pytest.mark.parametrize("hours", [None, 1.0])
async def test_an_interval_that_is_changed_during_a_run_is_the_one_that_counts(
    shop: Office, hours: float | None
) -> None:
    await due(shop, "shop")
    shop.crawl.held = True
    reading = asyncio.create_task(shop.schedules.run_due())
    while not shop.crawl.inside:  # noqa: ASYNC110 (what it waits for sets no event)
        await asyncio.sleep(0.01)
    await shop.schedules.set_interval("shop", hours)
    shop.crawl.held = False
    await reading
    schedule = await shop.schedule_store.schedule("shop")
    assert schedule.every_hours == hours
    if hours is None:
        assert schedule.next_at is None
    else:
        assert schedule.next_at
        assert schedule.next_at - datetime.now(UTC) < timedelta(hours=1.2)


@pytest.mark.parametrize("hours", [0, -1, SHORTEST / 2, LONGEST + 1, float("nan"), float("inf")])
async def test_an_interval_out_of_bounds_is_refused(shop: Office, hours: float) -> None:
    with pytest.raises(InputError):
        await shop.schedules.set_interval("shop", hours)


async def test_an_unknown_source_has_no_schedule(shop: Office) -> None:
    with pytest.raises(UnknownSource):
        await shop.schedules.set_interval("nosuch", 1)
    with pytest.raises(UnknownSource):
        await shop.schedules.pause("nosuch", True)


async def test_it_goes_on_after_the_database_was_away(shop: Office) -> None:
    await due(shop, "shop")
    take, calls = shop.schedule_store.due, []

    async def flaky(now: datetime, until: datetime) -> object:
        calls.append(now)
        if len(calls) == 1:
            raise StorageError("The database is locked.")
        return await take(now, until)

    shop.schedule_store.due = flaky  # type: ignore[method-assign,assignment]
    shop.schedules._look = 0.01
    with capture_logs():
        running = asyncio.create_task(shop.schedules.run())
        async with asyncio.timeout(30):
            while not shop.crawl.requests:  # noqa: ASYNC110 (what it waits for sets no event)
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_full_disk_is_a_failure_with_a_back_off_that_admins_hear_of_once(shop: Office) -> None:
    await due(shop, "shop")
    shop.crawl.faults = [OSError(errno.ENOSPC, "x"), OSError(errno.ENOSPC, "x")]
    with capture_logs():
        await shop.schedules.run_due()
        await again(shop, "shop")
        await shop.schedules.run_due()
    assert (await shop.schedule_store.schedule("shop")).failures == 2
    [told] = shop.told
    assert "No space left on device: free some room in FRONTDESK_DATA_DIR" in told


async def test_one_that_is_cancelled_is_read_at_its_next_regular_time(shop: Office) -> None:
    await due(shop, "shop")
    shop.crawl.faults = [RefreshCancelled("cancelled")]
    await shop.schedules.run_due()
    schedule = await shop.schedule_store.schedule("shop")
    assert schedule.next_at
    assert schedule.next_at - datetime.now(UTC) > DAY * 0.89
    assert (schedule.failures, shop.told) == (0, [])


async def test_admins_hear_of_a_source_that_gave_nothing(shop: Office) -> None:
    await due(shop, "shop", "wiki")
    line = SourceLine("shop", "https://shop.example/", "its only page did not give a text", 1)
    shop.crawl.report = replace(failing(), sources_empty=(line,))
    await shop.schedules.run_due()
    assert (await shop.schedule_store.schedule("shop")).failures == 1
    [told] = shop.told
    assert told.startswith(
        "Source shop gave nothing to answer from: its only page did not give a text. It is read again"
    )
    assert "stays" not in told
