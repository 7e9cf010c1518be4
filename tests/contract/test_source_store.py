"""What every SourceStore does."""

from __future__ import annotations

import asyncio

import pytest

from bot.database.database import Database
from bot.errors import DuplicateSource, UnknownSource
from bot.sources.audience_store import SqlAudienceStore
from bot.sources.ports import SourceStore
from bot.sources.store import SqlSourceStore
from retrieval.documents import Document, Selectors, Source, SourceKind

SHOP = Source(
    name="shop",
    kind=SourceKind.WEBSITE,
    location="https://shop.example/帮助/",
    path_prefix="/帮助/",
    selectors=Selectors(question="h3.q", answer="div.a > p", item="li"),
    max_pages=50,
    max_depth=0,
    read_noindex=True,
    render=True,
)
GUIDES = Source(name="guides", kind=SourceKind.FOLDER, location="/srv/guides")


@pytest.fixture
def store(database: Database) -> SourceStore:
    return SqlSourceStore(database)


async def test_a_source_reads_back_as_it_was_added(store: SourceStore) -> None:
    for source in (SHOP, GUIDES):
        await store.add(source)
        assert await store.get(source.name) == source


async def test_sources_are_listed_in_the_order_they_were_added(store: SourceStore) -> None:
    assert list(await store.list()) == []
    await store.add(SHOP)
    await store.add(GUIDES)
    assert list(await store.list()) == [SHOP, GUIDES]


async def test_a_taken_name_is_refused_with_its_location(store: SourceStore) -> None:
    await store.add(SHOP)
    with pytest.raises(DuplicateSource, match=r"known already \(https"):
        await store.add(Source("shop", SourceKind.PAGE, "https://other.example/faq"))


async def test_a_taken_location_is_refused_with_its_name(store: SourceStore) -> None:
    await store.add(SHOP)
    with pytest.raises(DuplicateSource, match="'shop'"):
        await store.add(Source("other", SourceKind.WEBSITE, SHOP.location))
    assert list(await store.list()) == [SHOP]


async def test_of_two_added_at_once_one_is_refused(store: SourceStore) -> None:
    results = await asyncio.gather(store.add(SHOP), store.add(SHOP), return_exceptions=True)
    assert sorted(str(type(result).__name__) for result in results) == ["DuplicateSource", "NoneType"]


async def test_a_removed_source_is_unknown_and_its_name_free(store: SourceStore) -> None:
    await store.add(SHOP)
    await store.remove("shop")
    with pytest.raises(UnknownSource, match="sources list"):
        await store.get("shop")
    with pytest.raises(UnknownSource):
        await store.remove("shop")
    await store.add(SHOP)


PARTNERS = frozenset({"slack:channel:C1", "discord:role:42"})


async def test_whom_a_source_is_for_is_kept_with_it_and_outlives_it(store: SourceStore, database: Database) -> None:
    audiences = SqlAudienceStore(database)
    await store.add(SHOP, PARTNERS)
    await store.add(GUIDES)
    assert await audiences.list_limited() == {"shop": PARTNERS}
    await store.remove("shop")
    assert await audiences.list_limited() == {"shop": PARTNERS}
    await store.add(SHOP)
    assert await audiences.list_limited() == {"shop": PARTNERS}
    await store.remove("shop")
    await store.add(SHOP, frozenset())
    assert await audiences.list_limited() == {}


async def test_what_is_indexed_of_an_earlier_source_of_a_name_stays_for_whom_that_was(
    store: SourceStore, database: Database
) -> None:
    audiences = SqlAudienceStore(database)
    staff, everybody = frozenset({"slack:channel:CSTAFF"}), frozenset[str]()

    async def find_audiences() -> list[frozenset[str]]:
        """By what was made before the first reading, between both, and after the second."""
        found = await audiences.read_audiences()
        document = Document("https://shop.example/", "Why?", "So.", source="shop")
        return [found.at_version(version).find_audience(document) for version in ("1", "3", "5")]

    await store.add(SHOP, PARTNERS)
    await store.remove("shop")
    await store.add(SHOP, everybody)
    assert await find_audiences() == [PARTNERS, PARTNERS, PARTNERS]
    await audiences.record_read(["shop"], "2")
    assert await find_audiences() == [PARTNERS, everybody, everybody]
    await audiences.set_audience("shop", staff)
    await audiences.record_read(["shop"], "4")  # read once more, as the same source
    assert await find_audiences() == [PARTNERS, staff, staff]
    await store.remove("shop")
    await store.add(SHOP)
    await audiences.set_audience("shop", everybody)
    assert await find_audiences() == [PARTNERS, staff, staff]
    await store.remove("shop")
    await store.add(SHOP, PARTNERS)  # nobody has read the one before
    await audiences.record_read(["shop"], "4")
    assert await find_audiences() == [PARTNERS, staff, PARTNERS]


async def test_a_source_that_is_refused_changes_nobody_s_audience(store: SourceStore, database: Database) -> None:
    await store.add(SHOP, PARTNERS)
    with pytest.raises(DuplicateSource):
        await store.add(Source("shop", SourceKind.PAGE, "https://other.example/faq"), frozenset())
    assert await SqlAudienceStore(database).list_limited() == {"shop": PARTNERS}


async def test_the_last_word_on_an_audience_counts(database: Database) -> None:
    audiences = SqlAudienceStore(database)
    await asyncio.gather(*(audiences.set_audience("shop", PARTNERS) for _ in range(4)))
    await audiences.set_audience("shop", frozenset({"slack:workspace:T1"}))
    assert await audiences.list_limited() == {"shop": {"slack:workspace:T1"}}
    await audiences.set_audience("shop", frozenset())
    assert await audiences.list_limited() == {}


async def test_a_source_is_read_in_a_browser_from_when_it_is_told_to(store: SourceStore) -> None:
    await store.add(GUIDES)
    await store.add(SHOP)
    await store.set_render("shop", False)
    assert [source.render for source in await store.list()] == [False, False]
    await store.set_render("shop", True)
    assert await store.get("shop") == SHOP
    with pytest.raises(UnknownSource):
        await store.set_render("nosuch", True)
