"""What a refresh tells beside its report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.chat.conversation import UsedPassage
from bot.freshness.conclusion import conclude_refresh
from bot.sources.cards import run_card
from bot.sources.models import RefreshRun
from bot.sources.refresh import RefreshRequest, RefreshService
from retrieval.documents import Document
from retrieval.refresh import RefreshReport
from retrieval.refresh.report import DocumentLine
from tests.support.steering import SHOP, Office
from tests.support.turns import make_turn

PAGE = Document("https://shop.test/faq", "How long is the warranty?", "The warranty is 2 years.", language="en")
TERMS = replace(PAGE, url="https://shop.test/terms", answer="The warranty is 3 years.")
CHANGED = RefreshReport("activated", "v2", changed=(DocumentLine(PAGE.question, PAGE.url),))


@pytest.fixture
async def office(office: Office) -> Office:
    office.pages = [PAGE, TERMS]
    used = UsedPassage("p", PAGE.question, PAGE.url, "…", 1, 0.9)
    for user, day in (("u1", 3), ("u2", 4), ("u1", 5)):
        turn = make_turn(platform="slack", user=user, passages=(used,), created_at=datetime(2026, 6, day, tzinfo=UTC))
        await office.conversations.add_turn(turn)
    return office


async def test_a_refresh_tells_how_many_customers_its_changes_touch_and_what_contradicts_each_other(
    office: Office,
) -> None:
    told = await conclude_refresh(CHANGED, office.contradictions, office.staleness)
    run = RefreshRun("r", datetime.now(UTC), outcome="activated", report={**CHANGED.as_dict(), **told})
    card = run_card(run)
    assert ("asked: How long is the warranty?", "2 customers asked this since June 2026") in [
        (line.text, line.note) for line in card.lines
    ]
    assert card.facts["Contradictions"] == "1 new, 1 to be settled: /faq contradictions list"


async def test_a_dry_run_compares_nothing(office: Office) -> None:
    told = await conclude_refresh(replace(CHANGED, outcome="dry_run"), office.contradictions, office.staleness)
    assert set(told) == {"touched"}
    assert await office.freshness_store.known_entries() == {}


async def test_what_is_told_stands_in_the_log_and_in_the_report(office: Office) -> None:
    await office.source_store.add(SHOP)

    async def conclude(report: RefreshReport) -> dict[str, object]:
        return {"touched": [report.version]}

    service = RefreshService(office.source_store, office.runs, office.crawl, conclude=conclude)
    report = await service.refresh(RefreshRequest())
    assert report.as_dict()["touched"] == [report.version]
    assert (await office.runs.list())[0].report["touched"] == [report.version]


async def test_a_refresh_is_done_though_it_cannot_be_looked_at(office: Office) -> None:
    await office.source_store.add(SHOP)

    async def conclude(_: RefreshReport) -> dict[str, object]:
        raise RuntimeError("secret words")

    service = RefreshService(office.source_store, office.runs, office.crawl, conclude=conclude)
    report = await service.refresh(RefreshRequest())
    assert (await office.runs.list())[0].outcome == report.outcome
