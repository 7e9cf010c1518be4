"""What every RefreshLog does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.conversation import RefreshRun
from bot.interfaces import RefreshLog
from bot.storage.database import Database
from bot.storage.refreshes import SqlRefreshLog
from tests.support.turns import NOON

RUN = RefreshRun(id="r1", started_at=NOON)


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
