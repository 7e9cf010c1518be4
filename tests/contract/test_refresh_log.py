"""What every RefreshLog does."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy import text

from bot.chat.message import MessageRef
from bot.database.database import Database
from bot.sources.models import RefreshRun
from bot.sources.ports import RefreshLog
from bot.sources.refresh_log import SqlRefreshLog
from tests.support.turns import NOON

RUN = RefreshRun(id="r1", started_at=NOON)
MESSAGE = MessageRef("slack", "T1", "C1", "1700000000.000100")


@pytest.fixture
def log(database: Database) -> RefreshLog:
    return SqlRefreshLog(database)


async def test_a_started_refresh_is_listed_as_running(log: RefreshLog) -> None:
    await log.start(RUN)
    assert list(await log.list()) == [RUN]


async def test_a_finished_refresh_keeps_its_report(log: RefreshLog) -> None:
    finished = replace(
        RUN,
        finished_at=NOON + timedelta(minutes=2),
        outcome="activated",
        version="20260301-1",
        report={"added": 3, "failed": [{"url": "https://shop.example/退货", "reason": "500"}], "share": 0.5},
    )
    await log.start(RUN)
    await log.finish(finished)
    assert list(await log.list()) == [finished]


async def test_a_failed_refresh_keeps_its_error(log: RefreshLog) -> None:
    failed = replace(RUN, finished_at=NOON, outcome="failed", error="shop.example does not resolve\0")
    await log.start(RUN)
    await log.finish(failed)
    assert (await log.list())[0].error == "shop.example does not resolve\ufffd"


async def test_a_read_only_report_is_kept(log: RefreshLog) -> None:
    await log.start(replace(RUN, report=MappingProxyType({"pages": (1, 2)})))
    assert (await log.list())[0].report == {"pages": [1, 2]}


async def test_refreshes_come_newest_first_and_limited(log: RefreshLog) -> None:
    runs = [replace(RUN, id=f"r{hour}", started_at=NOON + timedelta(hours=hour)) for hour in range(4)]
    for run in runs:
        await log.start(run)
    assert list(await log.list(limit=2)) == [runs[3], runs[2]]


async def test_a_refresh_is_got_by_its_id(log: RefreshLog) -> None:
    run = replace(RUN, asked_by="slack:T1:U1", progress={"pages": 3}, beat_at=NOON, watchers=({"channel": "C1"},))
    await log.start(run)
    assert await log.get("r1") == run
    assert await log.get("r2") is None


async def test_a_beat_tells_how_far_it_is_and_whether_somebody_asked_to_stop_it(log: RefreshLog) -> None:
    await log.start(RUN)
    await log.start(replace(RUN, id="r2"))
    assert await log.beat("r1", {"fetched": 1, "页": "帮助"}) is False
    await log.cancel("r1")
    assert await log.beat("r1", MappingProxyType({"fetched": 2})) is True
    assert await log.beat("r2", {}) is False
    assert await log.beat("unknown", {}) is False
    run = await log.get("r1")
    assert run and run.cancelled and run.progress == {"fetched": 2}
    assert run.beat_at and datetime.now(UTC) - run.beat_at < timedelta(minutes=1)


async def test_an_end_keeps_the_watchers_and_the_wish_to_stop_that_came_meanwhile(log: RefreshLog) -> None:
    run = replace(RUN, asked_by="cli::ann")
    await log.start(run)
    await log.beat("r1", {"fetched": 2})
    await log.cancel("r1")
    await log.watch("r1", MESSAGE)
    await log.finish(replace(run, outcome="failed", error="cancelled", finished_at=NOON))
    ended = await log.get("r1")
    assert ended and (ended.outcome, ended.cancelled, ended.watchers) == ("failed", True, (asdict(MESSAGE),))
    assert (ended.progress, ended.asked_by) == ({"fetched": 2}, "cli::ann")


async def test_an_end_of_a_refresh_whose_start_was_not_logged_is_kept(log: RefreshLog) -> None:
    await log.finish(replace(RUN, outcome="unchanged"))
    assert (await log.list())[0].outcome == "unchanged"


async def test_of_messages_that_watch_at_once_none_is_lost_and_each_is_kept_once(log: RefreshLog) -> None:
    await log.start(RUN)
    messages = [replace(MESSAGE, message_id=str(number)) for number in range(8)]
    await asyncio.gather(*(log.watch("r1", message) for message in messages * 2))
    run = await log.get("r1")
    assert run
    assert sorted(watcher["message_id"] for watcher in run.watchers) == [message.message_id for message in messages]
    assert MessageRef(**run.watchers[0]) in messages
    await log.watch("unknown", MESSAGE)
    assert await log.get("unknown") is None


async def test_a_refresh_that_an_older_frontdesk_logged_reads_like_one_without_news(
    log: RefreshLog, database: Database
) -> None:
    columns, values = "id, started_at, outcome, version, report, error", "'r0', CURRENT_TIMESTAMP, 'x', '', '{}', ''"
    old = text(f"INSERT INTO refresh_runs ({columns}) VALUES ({values})")
    await database.write(lambda connection: connection.execute(old))
    run = await log.get("r0")
    assert run and (run.progress, run.watchers, run.cancelled, run.beat_at) == ({}, (), False, None)
