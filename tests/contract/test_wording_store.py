"""What every WordingStore does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database.database import Database
from bot.errors import UnknownWording
from bot.wordings.models import WrittenWording, name_wording
from bot.wordings.ports import WordingStore
from bot.wordings.store import SqlWordingStore

NOW = datetime.now(UTC)
A, B = "a" * 20, "b" * 20


@pytest.fixture
def store(database: Database) -> WordingStore:
    return SqlWordingStore(database)


def wording(text: str, entry_id: str = A, seconds: int = 0) -> WrittenWording:
    url, title = f"https://shop.test/{entry_id[0]}", "How do I pay?"
    at = NOW + timedelta(seconds=seconds)
    return WrittenWording(name_wording(text, url, title), entry_id, url, title, text, "tiny", at)


async def test_wordings_are_kept_by_entry_oldest_first_and_listed_newest_first(store: WordingStore) -> None:
    one, two = wording("cards ok?"), wording("can i pay cash", seconds=1)
    assert await store.record_entry(A, [one, two]) == 2
    assert await store.record_entry(B, []) == 0
    assert await store.worded_entries() == {A, B}
    assert await store.used() == {A: (one.text, two.text)}
    assert list(await store.list()) == [two, one]


async def test_what_is_removed_stays_removed_whatever_becomes_of_its_entry(store: WordingStore) -> None:
    one, two = wording("cards ok?"), wording("can i pay cash", seconds=1)
    await store.record_entry(A, [one, two])
    removed = await store.remove(one.id[:8])
    assert (removed.text, removed.removed_at is not None) == (one.text, True)
    assert await store.used() == {A: (two.text,)}
    again = replace(one, entry_id=B)  # its answer changed, and the model says the same
    assert await store.record_entry(B, [again, wording("take plastic?", B)]) == 1 + 0
    await store.forget_entries([A])
    assert {each.text for each in await store.list()} == {"take plastic?"}
    assert await store.record_entry(A, [one, two]) == 1
    assert one.text not in {each.text for each in await store.list()}


async def test_a_wording_goes_with_its_entry_when_that_one_is_changed(store: WordingStore) -> None:
    one = wording("cards ok?")
    await store.record_entry(A, [one])
    assert await store.record_entry(B, [replace(one, entry_id=B, model="large")]) == 1
    await store.forget_entries([A])
    assert await store.used() == {B: (one.text,)}
    assert [each.model for each in await store.list()] == ["large"]
    assert await store.worded_entries() == {B}


async def test_an_id_that_is_none_is_refused_with_what_shows_them(store: WordingStore) -> None:
    with pytest.raises(UnknownWording, match="frontdesk wordings list"):
        await store.remove("0000")
