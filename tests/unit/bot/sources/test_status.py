"""What is known of each source, since when, and in how many parts."""

import pytest

from bot.sources.cards import coverage_line, sources_card, status_card
from bot.sources.catalogue import Knowledge
from bot.sources.models import RefreshRun
from bot.sources.status import StatusReport
from retrieval.coverage import Coverage, CoverageSummary, LeftOut, LossKind, PageCoverage
from retrieval.documents import Document, Passage
from tests.support.steering import SHOP, WIKI, Office
from tests.support.turns import NOON

SHORT = Document("https://shop.example/faq", "How long is the warranty?", "Two years.", source="shop")
LONG = Document("https://shop.example/faq", "How do I descale the kettle?", "Fill it. Boil it.", source="shop")
TAUGHT = Document("", "Do you engrave?", "Yes.", source="taught", author="Ann")
PARTS = (
    Passage("1", SHORT, "Two years."),
    Passage("2", LONG, "Fill it.", 0, 2),
    Passage("3", LONG, "Boil it.", 1, 2),
    Passage("4", TAUGHT, "Yes."),
)

COVERAGE = CoverageSummary(
    (
        PageCoverage("shop", "https://shop.example/faq", Coverage(90, (LeftOut(LossKind.BESIDE, 10, "Dear all"),))),
        PageCoverage("shop", "https://shop.example/app", Coverage(0)),
        PageCoverage("wiki", "https://wiki.example/", Coverage(50)),
    ),
    0.8,
)


def report(office: Office) -> StatusReport:
    async def no_models() -> tuple[()]:
        return ()

    known = Knowledge("v1", NOON, 1, 3, (SHORT, LONG, TAUGHT), PARTS)
    runs, refused = office.runs, office.refusals.list_refusals
    stores, audiences = (office.source_store, office.schedule_store), office.audience_store
    return StatusReport(*stores, runs, lambda: known, lambda: COVERAGE, no_models, refused, audiences)


async def test_pairs_and_passages_are_counted_for_each_source(office: Office) -> None:
    for source in (SHOP, WIKI):
        await office.source_store.add(source)
    status = await report(office).status()
    assert (status.pages, status.passages) == (1, 3)
    sizes = {each.source.name: (each.documents, each.passages) for each in status.sources}
    assert sizes == {"shop": (2, 3), "wiki": (0, 0)}


async def test_while_nothing_is_indexed_nothing_is_counted(office: Office) -> None:
    await office.source_store.add(SHOP)
    status = await office.status.status()
    assert status.version == ""
    assert [(each.documents, each.passages) for each in status.sources] == [(0, 0)]


async def test_how_much_of_its_pages_is_known_is_told_for_each_source(office: Office) -> None:
    for source in (SHOP, WIKI):
        await office.source_store.add(source)
    status = await report(office).status()
    assert [each.coverage.share for each in status.sources] == [0.9, 1.0]
    assert [page.url for page in status.coverage.below] == ["https://shop.example/app"]
    card = status_card(status)
    assert card.facts["Known"] == "⚠ 93% of the text of 3 pages; of 1 page nothing: /faq sources pages"
    assert card.table is not None
    assert [row[3] for row in card.table.rows] == ["90%", "100%"]


async def test_a_source_of_which_nothing_came_is_not_ok(office: Office) -> None:
    await office.source_store.add(SHOP)
    line = {"source": "shop", "location": SHOP.location, "reason": "its only page did not give a text", "pages_read": 1}
    run = RefreshRun("r", NOON, NOON, "unchanged", report={"sources": ["shop"], "sources_empty": [line]})
    await office.runs.start(run)
    await office.runs.finish(run)
    [shop] = await report(office).sources()
    assert shop.state == "empty"
    card = sources_card([shop])
    assert "its only page did not give a text" in card.footnote
    assert card.table is not None
    assert card.table.rows[0][-1] == "⚠ empty"


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ((), "95% of the text of 9 pages"),
        ((0.0, 0.0), "95% of the text of 9 pages; of 2 pages nothing"),
        ((0.0, 0.5), "95% of the text of 9 pages; of 1 page nothing; of 1 less than 80%"),
        ((0.5, 0.7), "95% of the text of 9 pages; of 2 less than 80%"),
    ],
)
def test_pages_of_which_nothing_is_known_are_told_apart(below: tuple[float, ...], told: str) -> None:
    assert coverage_line(0.95, 9, below, 0.8) == told
