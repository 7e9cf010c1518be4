"""The soak, short: `make soak` has the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import Plan, Soak
from tests.support.bots import Knowledge
from tests.support.postgres import own_server

SHORT = Plan(events=600, seconds=35, open=40, kill_every=14, crash_every=12, lease=5, settle=90)


@pytest.mark.slow
@pytest.mark.postgres
async def test_of_600_events_amid_every_fault_nothing_is_lost_doubled_silent_or_half_open(
    shop: Knowledge, tmp_path: Path
) -> None:
    with own_server() as server:
        outcome = await Soak(SHORT, shop, server, tmp_path).run()
    faults = [f"{kind}: {fault}" for kind, found in outcome.verdict.faults.items() for fault in found]
    assert not faults, "\n".join(faults)
    assert outcome.troubles["kill -9"] and outcome.troubles["database crash"]
    assert outcome.verdict.figures["answered here"] > 20
