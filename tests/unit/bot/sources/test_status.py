"""What is known of each source, since when, and in how many parts."""

from bot.sources.catalogue import Knowledge
from bot.sources.status import StatusReport
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


def report(office: Office) -> StatusReport:
    async def no_models() -> tuple[()]:
        return ()

    known = Knowledge("v1", NOON, 1, 3, (SHORT, LONG, TAUGHT), PARTS)
    runs, refused = office.runs, office.refusals.list_refusals
    sources, schedules, audiences = office.source_store, office.schedule_store, office.audience_store
    return StatusReport(sources, schedules, runs, lambda: known, no_models, refused, audiences)


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
