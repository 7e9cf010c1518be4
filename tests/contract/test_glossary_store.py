"""What every GlossaryStore does."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.database.database import Database
from bot.database.engines import create_engine
from bot.errors import InputError
from bot.glossary.ports import GlossaryStore
from bot.glossary.service import GlossaryService, LiveGlossary
from bot.glossary.store import SqlGlossaryStore
from bot.sources.store import SqlSourceStore
from retrieval.documents import Source, SourceKind
from retrieval.search.synonyms import Entry


def made(*terms: str, source: str = "", suggested: bool = False) -> Entry:
    return Entry(uuid.uuid4().hex, terms, source, suggested)


async def put(store: GlossaryStore, entries: Sequence[Entry], replacing: Sequence[str] = ()) -> bool:
    return await store.put(entries, replacing, since=await store.revision())


@pytest.fixture
def store(database: Database) -> GlossaryStore:
    return SqlGlossaryStore(database)


@pytest.fixture
async def both(database: Database) -> AsyncIterator[Sequence[GlossaryService]]:
    """Two processes' on one database."""
    other = Database(database.address, create_engine(database.address))
    stores = [SqlGlossaryStore(each) for each in (database, other)]
    yield [GlossaryService(store, SqlSourceStore(database), LiveGlossary(store), lambda: ()) for store in stores]
    await other.close()


async def test_entries_read_back_as_they_were_put(store: GlossaryStore) -> None:
    for_all, of_one = made("AP", "access point", "无线接入点 📶"), made("Zorbi", "X200", source="shop", suggested=True)
    assert await put(store, [of_one, for_all])
    assert list(await store.list()) == [for_all, of_one]


async def test_what_an_engine_would_refuse_is_cleaned(store: GlossaryStore) -> None:
    await put(store, [made("A\0P", "access\ud800point")])
    assert (await store.list())[0].terms == ("A\ufffdP", "access\ufffdpoint")


async def test_an_entry_takes_the_place_of_others(store: GlossaryStore) -> None:
    one, two, kept = made("a1", "b1"), made("a2", "b2"), made("a3", "b3")
    await put(store, [one, two, kept])
    both = made("a1", "b1", "a2", "b2")
    assert await put(store, [both], [one.id, two.id])
    assert {entry.id for entry in await store.list()} == {both.id, kept.id}


async def test_nothing_is_put_where_something_was_changed_since(store: GlossaryStore) -> None:
    one, two = made("a1", "b1"), made("a2", "b2")
    before = await store.revision()
    await put(store, [one])
    after = await store.revision()
    assert not await store.put([two], [one.id], since=before)
    assert list(await store.list()) == [one]
    assert await store.revision() == after
    await store.remove(one.id)
    assert not await store.put([two], [one.id], since=after)
    assert list(await store.list()) == []


@pytest.mark.parametrize("there", [False, True])
async def test_of_those_that_put_at_once_one_succeeds(store: GlossaryStore, there: bool) -> None:
    if there:
        await put(store, [made("a0", "b0")])
    since, kept = await store.revision(), list(await store.list())
    news = [made("a1", "b1", f"c{number}") for number in range(4)]
    done = await asyncio.gather(*(store.put([new], since=since) for new in news))
    assert sum(done) == 1
    assert sorted(await store.list(), key=lambda one: one.terms) == [*kept, news[done.index(True)]]


@pytest.mark.parametrize("shared", [["foo"], ["foo", "bar"]])
async def test_a_term_that_two_processes_add_at_once_stands_in_one_group(
    both: Sequence[GlossaryService], shared: Sequence[str]
) -> None:
    for turn in range(10):
        groups = [[f"{term}{turn}" for term in shared] + [f"own{number} {turn}"] for number in range(4)]
        await asyncio.gather(*(both[number % 2].add(terms) for number, terms in enumerate(groups)))
        having = [set(entry.terms) for entry in await both[0].list() if f"foo{turn}" in entry.terms]
        assert having == [set().union(*groups)]


async def test_of_two_who_take_a_group_out_at_once_one_did(both: Sequence[GlossaryService]) -> None:
    for _ in range(10):
        put = await both[0].add("foo = bar")
        ends = await asyncio.gather(*(each.remove("foo") for each in both), return_exceptions=True)
        assert put.entry in ends
        assert [type(end) for end in ends if end != put.entry] == [InputError]


async def test_what_is_removed_is_gone_once(store: GlossaryStore) -> None:
    one = made("a1", "b1")
    await put(store, [one])
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
    assert await put(store, [unwanted])
    assert list(await store.list()) == [unwanted]
    assert await store.dismissed() == frozenset()


async def test_the_revision_is_another_after_every_change_of_what_is_used(store: GlossaryStore) -> None:
    seen = [await store.revision()]
    one = made("a1", "b1")
    await put(store, [one])
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
    await put(store, [made("a1", "b1"), made("a2", "b2", source="shop"), made("a3", "b3", source="wiki")])
    await store.dismiss(made("a4", "b4", source="shop"))
    before = await store.revision()
    await sources.remove("shop")
    assert [entry.source for entry in await store.list()] == ["", "wiki"]
    assert await store.dismissed() == frozenset()
    assert await store.revision() != before
