"""What every KeyStore does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.api_keys.models import ApiKey, Scope
from bot.api_keys.ports import KeyStore
from bot.api_keys.store import SqlKeyStore
from bot.database.database import Database
from bot.database.tables import api_keys
from tests.support.turns import NOON

KEY = ApiKey("a" * 10, "helpdesk", "d" * 64, frozenset({Scope.ASK, Scope.SEARCH}), NOON, NOON + timedelta(days=3))


@pytest.fixture
def store(database: Database) -> KeyStore:
    return SqlKeyStore(database)


async def test_a_key_reads_back_as_it_was_kept(store: KeyStore) -> None:
    assert await store.add(KEY) is True
    assert await store.find(KEY.id) == KEY and list(await store.list()) == [KEY]
    assert await store.find("b" * 10) is None


async def test_there_is_one_key_of_a_name_also_of_several_made_at_once(store: KeyStore) -> None:
    others = [replace(KEY, id=f"{number:010x}") for number in range(4)]
    assert sorted(await asyncio.gather(*map(store.add, others))) == [False, False, False, True]
    assert await store.add(replace(KEY, name="Helpdesk")) is True  # a name is told apart letter by letter


async def test_a_removed_key_is_gone_and_its_name_is_free(store: KeyStore) -> None:
    await store.add(KEY)
    assert await store.remove("helpdesk") is True
    assert await store.remove("helpdesk") is False
    assert await store.find(KEY.id) is None
    assert await store.add(replace(KEY, id="c" * 10)) is True


async def test_keys_are_listed_oldest_first(store: KeyStore) -> None:
    late, early = replace(KEY, created_at=NOON + timedelta(hours=1)), replace(KEY, id="b" * 10, name="shop")
    for each in (late, early):
        await store.add(each)
    assert list(await store.list()) == [early, late]


async def test_the_last_use_is_kept_and_brings_no_removed_key_back(store: KeyStore) -> None:
    await store.add(KEY)
    await store.note_use(KEY.id, NOON)
    assert (await store.list())[0].last_used_at == NOON
    await store.remove(KEY.name)
    await store.note_use(KEY.id, NOON)
    assert list(await store.list()) == []


async def test_a_scope_of_a_later_version_is_passed_over(store: KeyStore, database: Database) -> None:
    await store.add(KEY)
    later = update(api_keys).values(scopes=["ask", "fly"])
    await database.write(lambda connection: connection.execute(later))
    assert (await store.list())[0].scopes == {Scope.ASK}
