"""A refresh from start to end, watched and stopped from any process."""

import asyncio
import errno
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import StorageError, UnknownSource
from bot.sources.models import RefreshRun
from bot.sources.refresh import CANCELLED, DIED, RefreshRequest, RefreshService
from retrieval.errors import RefreshRunning, SourceError
from retrieval.refresh import Progress, RefreshReport
from tests.support.steering import SHOP, WIKI, Office

ALL = RefreshRequest()


def other(office: Office) -> RefreshService:
    """Another process on the same database."""
    return RefreshService(office.source_store, office.runs, office.crawl)


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 (what it waits for sets no event)
            await asyncio.sleep(0.01)


async def last(office: Office) -> RefreshRun:
    return (await office.runs.list())[0]


async def ended(office: Office) -> bool:
    return (await last(office)).outcome != "running"


async def test_without_a_source_there_is_nothing_to_read(office: Office) -> None:
    for call in (office.refresh_service.begin, office.refresh_service.refresh):
        with pytest.raises(SourceError):
            await call(ALL)
    assert await office.runs.list() == []


async def test_an_unknown_source_is_refused_before_anything_is_logged(office: Office) -> None:
    await office.source_store.add(SHOP)
    with pytest.raises(UnknownSource):
        await office.refresh_service.begin(RefreshRequest(only=("nosuch",)))
    assert await office.runs.list() == []


async def test_who_begins_twice_joins_the_first_also_from_another_process(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    run, started = await office.refresh_service.begin(ALL)
    assert started
    for refreshing in (office.refresh_service, other(office)):
        joined, again = await refreshing.begin(ALL)
        assert (joined.id, again) == (run.id, False)
    office.crawl.held = False
    await until(lambda: ended(office))
    assert len(office.crawl.requests) == 1


async def test_of_two_who_begin_at_once_the_second_joins_the_first(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    begun = await asyncio.gather(*(office.refresh_service.begin(ALL) for _ in range(5)))
    assert len({run.id for run, _ in begun}) == 1
    assert [started for _, started in begun].count(True) == 1


async def test_a_run_is_stopped_by_another_process(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    run, _ = await office.refresh_service.begin(ALL)
    with capture_logs():
        await other(office).cancel(run.id)
        await until(lambda: ended(office))
    run = await last(office)
    assert (run.outcome, run.error, run.report) == ("failed", CANCELLED, {})
    assert office.crawl.inside == 0


async def test_ctrl_c_stops_the_crawl_and_is_no_fault_of_a_source(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    task = asyncio.create_task(office.refresh_service.refresh(ALL))
    await until(lambda: asyncio.sleep(0, office.crawl.inside))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert office.crawl.inside == 0
    assert (await last(office)).error == CANCELLED


async def test_closing_stops_what_was_begun(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    await office.refresh_service.begin(ALL)
    await until(lambda: asyncio.sleep(0, office.crawl.inside))
    await office.refresh_service.close()
    assert office.crawl.inside == 0
    assert (await last(office)).error == CANCELLED


async def test_another_that_holds_the_lock_is_no_fault_of_a_source(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.faults = [RefreshRunning("Another refresh is at work: wait for it.")]
    with pytest.raises(RefreshRunning):
        await office.refresh_service.refresh(ALL)
    run = await last(office)
    assert (run.outcome, run.report) == ("failed", {})


async def test_a_bug_is_logged_without_its_text(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.faults = [ZeroDivisionError("secret")]
    with capture_logs() as logs:
        await office.refresh_service.begin(ALL)
        await until(lambda: ended(office))
        await asyncio.sleep(0.05)
    assert (await last(office)).error == "internal error: ZeroDivisionError"
    assert "secret" not in str(logs)


async def test_paused_sources_are_left_out_unless_they_are_named(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.source_store.add(WIKI)
    await office.schedules.pause("wiki", True)
    await office.refresh_service.refresh(ALL)
    await office.refresh_service.refresh(RefreshRequest(only=("wiki",)))
    await office.schedules.pause("shop", True)
    with pytest.raises(SourceError, match="Every source is paused"):
        await office.refresh_service.refresh(ALL)
    assert [request.only for request in office.crawl.requests] == [("shop",), ("wiki",)]


async def test_a_run_is_followed_from_another_process_to_its_end(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    run, _ = await office.refresh_service.begin(ALL)
    seen = []
    async for step in other(office).follow(run.id):
        seen.append(step)
        office.crawl.held = False
    assert seen[0].outcome == "running"
    assert seen[-1].outcome == "unchanged"


async def test_to_follow_what_is_not_known_ends_at_once(office: Office) -> None:
    assert [run async for run in office.refresh_service.follow("f" * 32)] == []


async def test_a_run_whose_process_died_runs_no_more(office: Office) -> None:
    await office.source_store.add(SHOP)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    await office.runs.start(RefreshRun("a" * 32, long_ago, beat_at=long_ago))
    assert await office.refresh_service.running() is None
    [run] = [run async for run in office.refresh_service.follow("a" * 32)]
    assert (run.outcome, run.error) == ("failed", DIED)


async def test_what_was_killed_is_closed_by_the_next_that_runs(office: Office) -> None:
    await office.source_store.add(SHOP)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    await office.runs.start(RefreshRun("a" * 32, long_ago, beat_at=long_ago))
    await office.refresh_service.refresh(ALL)
    killed = await office.runs.get("a" * 32)
    assert killed
    assert killed.error == DIED


async def test_a_database_that_is_away_while_it_beats_ends_nothing(office: Office) -> None:
    await office.source_store.add(SHOP)
    failed = []

    async def beat(run_id: str, progress: object) -> bool:
        failed.append(run_id)
        office.crawl.held = False
        raise StorageError("The database is locked.")

    office.crawl.held = True
    office.runs.beat = beat  # type: ignore[method-assign,assignment]
    report = await asyncio.wait_for(office.refresh_service.refresh(ALL), 10)
    assert report.outcome == "unchanged"
    assert failed
    assert (await last(office)).outcome == "unchanged"


async def test_cancelled_when_the_new_version_is_activated_the_log_tells_that_it_answers(office: Office) -> None:
    await office.source_store.add(SHOP)
    inside, go = threading.Event(), threading.Event()

    def activating(sources: object, request: object, on_progress: Callable[[Progress], None]) -> RefreshReport:
        inside.set()
        go.wait(10)
        on_progress(Progress("activate", 0, 1, "v2"))
        on_progress(Progress("activate", 1, 1, "v2"))
        return RefreshReport("activated", "v2")

    task = asyncio.create_task(RefreshService(office.source_store, office.runs, activating).refresh(ALL))
    await asyncio.to_thread(inside.wait, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    run = await last(office)
    assert (run.outcome, run.version, run.error) == ("activated", "v2", "")


async def test_an_end_is_logged_when_the_database_is_back(office: Office) -> None:
    await office.source_store.add(SHOP)
    finish, failed = office.runs.finish, []

    async def flaky(run: RefreshRun) -> None:
        if not failed:
            failed.append(run)
            raise StorageError("The database is locked.")
        await finish(run)

    office.runs.finish = flaky  # type: ignore[method-assign]
    assert (await office.refresh_service.refresh(ALL)).outcome == "unchanged"
    assert (await last(office)).outcome == "unchanged"


async def test_a_full_disk_is_told_with_its_mend_and_without_a_path(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.faults = [OSError(errno.ENOSPC, "secret", "/secret")]
    with pytest.raises(OSError, match="secret"):
        await office.refresh_service.refresh(ALL)
    error = (await last(office)).error
    assert error == "No space left on device: free some room in FRONTDESK_DATA_DIR, then call it again."
