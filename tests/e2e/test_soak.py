"""A short soak: both platforms, two processes, one PostgreSQL, every trouble at once. The long one: `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import Plan, Soak
from tests.support.bots import Knowledge
from tests.support.postgres import own_server

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

PLAN = Plan(events=800, seconds=150, seed=7, open=30, kill_every=25, crash_every=50)


async def test_nothing_is_lost_doubled_silent_or_half_open(shop: Knowledge, tmp_path: Path) -> None:
    with own_server() as server:
        outcome = await Soak(PLAN, shop, server, tmp_path).run()
    faults = [f"{kind}: {fault}" for kind, found in outcome.verdict.faults.items() for fault in found]
    assert not faults, "\n".join(faults)
    assert outcome.verdict.figures["questions"] > 100 and outcome.troubles["kill -9"] > 0
