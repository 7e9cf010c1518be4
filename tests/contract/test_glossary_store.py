"""What every GlossaryStore does."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from bot.interfaces import GlossaryStore
from bot.storage.database import Database
from bot.storage.glossary import SqlGlossaryStore
from bot.storage.sources import SqlSourceStore
from retrieval.documents import Source, SourceKind
from retrieval.searching.glossary import Entry


def made(*terms: str, source: str = "", suggested: bool = False) -> Entry:
    return Entry(uuid.uuid4().hex, terms, source, suggested)


@pytest.fixture
def store(database: Database) -> GlossaryStore:
    return SqlGlossaryStore(database)


async def test_entries_read_back_as_they_were_put(store: GlossaryStore) -> None:
    for_all, of_one = made("AP", "access point", "无线接入点 📶"), made("Zorbi", "X200", source="shop", suggested=True)
    assert await store.put([of_one, for_all])
    assert list(await store.list()) == [for_all, of_one]


async def test_what_an_engine_would_refuse_is_cleaned(store: GlossaryStore) -> None:
    await store.put([made("A\0P", "access\ud800point")])
    assert (await store.list())[0].terms == ("A\ufffdP", "access\ufffdpoint")


async def test_an_entry_takes_the_place_of_others(store: GlossaryStore) -> None:
    one, two, kept = made("a1", "b1"), made("a2", "b2"), made("a3", "b3")
    await store.put([one, two, kept])
    both = made("a1", "b1", "a2", "b2")
    assert await store.put([both], [one.id, two.id])
    assert {entry.id for entry in await store.list()} == {both.id, kept.id}


async def test_nothing_is_put_where_one_to_be_replaced_is_gone(store: GlossaryStore) -> None:
    one, two = made("a1", "b1"), made("a2", "b2")
    await store.put([one])
    before = await store.revision()
    assert not await store.put([two], [one.id, "0" * 32])
    assert list(await store.list()) == [one]
    assert await store.revision() == before


async def test_of_two_that_replace_one_entry_at_once_one_succeeds(store: GlossaryStore) -> None:
    one = made("a1", "b1")
    await store.put([one])
    news = [made("a1", "b1", f"c{number}") for number in range(4)]
    done = await asyncio.gather(*(store.put([new], [one.id]) for new in news))
    assert sum(done) == 1
    assert list(await store.list()) == [news[done.index(True)]]


async def test_what_is_removed_is_gone_once(store: GlossaryStore) -> None:
    one = made("a1", "b1")
    await store.put([one])
    assert await store.remove(one.id)
    assert not await store.remove(one.id)
    assert list(await store.list()) == []


async def test_a_suggestion_that_is_dismissed_is_in_no_list_and_may_be_put_all_the_same(store: GlossaryStore) -> None:
    unwanted = made("AP", "accounts payable", source="shop", suggested=True)
    for _ in range(2):
        await store.dismiss(unwanted)
    assert list(await store.list()) == []
    assert await store.dismissed() == {unwanted.id}
    assert not await store.remove(unwanted.id)
    assert not await store.put([made("x1", "y1")], [unwanted.id])
    assert await store.put([unwanted])
    assert list(await store.list()) == [unwanted]
    assert await store.dismissed() == frozenset()


async def test_the_revision_is_another_after_every_change_of_what_is_used(store: GlossaryStore) -> None:
    seen = [await store.revision()]
    one = made("a1", "b1")
    await store.put([one])
    seen.append(await store.revision())
    await store.dismiss(made("a2", "b2"))
    assert await store.revision() == seen[-1]
    await store.remove(one.id)
    seen.append(await store.revision())
    assert len(set(seen)) == 3


async def test_a_source_takes_its_entries_along_and_no_others(store: GlossaryStore, database: Database) -> None:
    sources = SqlSourceStore(database)
    for name in ("shop", "wiki"):
        await sources.add(Source(name, SourceKind.WEBSITE, f"https://{name}.example/"))
    await store.put([made("a1", "b1"), made("a2", "b2", source="shop"), made("a3", "b3", source="wiki")])
    await store.dismiss(made("a4", "b4", source="shop"))
    before = await store.revision()
    await sources.remove("shop")
    assert [entry.source for entry in await store.list()] == ["", "wiki"]
    assert await store.dismissed() == frozenset()
    assert await store.revision() != before
