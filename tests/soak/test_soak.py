"""A short soak: what `make soak` does at length."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from examples.serve import serving
from tests.e2e.conftest import crawled
from tests.soak.soak import Plan, Soak
from tests.support.postgres import own_server

SHORT = Plan(events=500, seconds=75, kill_every=20, crash_every=40)


@pytest.mark.slow
def test_amid_every_fault_nothing_is_lost_doubled_silent_or_half_open(tmp_path: Path) -> None:
    with serving() as site, own_server() as server:
        shop = crawled(tmp_path / "data", f"{site.url}/")
        outcome = asyncio.run(Soak(SHORT, shop, server, tmp_path).run())
    found = [f"{kind}: {fault}" for kind, faults in outcome.verdict.faults.items() for fault in faults]
    assert found == [], "\n".join(found)
    assert outcome.verdict.figures["answered here"] > 30
    assert outcome.troubles.total() > 30
