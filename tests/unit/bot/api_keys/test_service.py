"""Keys of the HTTP API: made once, known by their hash, good until they are not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.api_keys.models import Scope
from bot.api_keys.service import ApiKeys, NewKey
from bot.api_keys.store import SqlKeyStore
from bot.database.database import Database
from bot.errors import InputError, StorageError
from tests.support.turns import NOON


def files_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def others_done() -> None:
    """Wait for what goes on in the background."""
    if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks, timeout=30)


class Hours:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> datetime:
        return NOON + timedelta(hours=self.passed)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    yield database
    await database.close()


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
async def keys(database: Database, hours: Hours) -> AsyncIterator[ApiKeys]:
    keys = ApiKeys(SqlKeyStore(database), hours)
    yield keys
    await keys.close()


async def test_a_key_is_found_by_all_of_it_and_by_nothing_less(keys: ApiKeys) -> None:
    made = await keys.create_key("helpdesk", [Scope.ASK])
    found = await keys.find_key(made.token)
    assert found and (found.name, found.scopes) == ("helpdesk", {Scope.ASK})
    other = await keys.create_key("shop", [Scope.ASK])
    wrong: list[Callable[[NewKey], str]] = [
        lambda made: made.token[:-1],
        lambda made: made.token + "A",
        lambda made: made.token + "\n",
        lambda made: made.token.upper(),
        lambda made: made.key.digest,
        lambda made: f"fdk_{made.key.id}_{made.key.digest[:43]}",
        lambda made: f"fdk_{'0' * 10}_{made.token[-43:]}",
        lambda made: f"fdk_{made.key.id}_{other.token[-43:]}",
        lambda made: "",
        lambda made: f"fdk_{made.key.id}_{'ü' * 43}",
    ]
    assert [await keys.find_key(each(made)) for each in wrong] == [None] * len(wrong)


async def test_nothing_that_is_kept_opens_anything(keys: ApiKeys, tmp_path: Path) -> None:
    made = await keys.create_key("helpdesk", [Scope.ASK])
    assert re.fullmatch(r"fdk_[0-9a-f]{10}_[A-Za-z0-9_-]{43}", made.token)
    secret = made.token[-43:].encode()
    assert files_of(tmp_path) and not any(secret in content for content in files_of(tmp_path))
    assert made.token[-43:] not in repr(made) and made.key.digest not in repr(made)


async def test_two_keys_have_nothing_in_common(keys: ApiKeys) -> None:
    one, other = [await keys.create_key(name, [Scope.ASK]) for name in ("one", "other")]
    assert one.key.id != other.key.id and one.key.digest != other.key.digest


async def test_a_removed_key_opens_nothing_and_the_next_of_its_name_is_another(keys: ApiKeys) -> None:
    made = await keys.create_key("helpdesk", [Scope.ASK])
    await keys.remove_key("helpdesk")
    assert await keys.find_key(made.token) is None
    again = await keys.create_key("helpdesk", [Scope.ASK])
    assert await keys.find_key(made.token) is None and await keys.find_key(again.token)


async def test_a_key_expires_at_its_hour(keys: ApiKeys, hours: Hours) -> None:
    made = await keys.create_key("helpdesk", [Scope.ASK], days=2)
    hours.passed = 47.9
    assert await keys.find_key(made.token)
    hours.passed = 48
    assert await keys.find_key(made.token) is None


@pytest.mark.parametrize("name", ["", "-a", "Helpdesk", "a b", "a:b", "a" * 41, "é", "a\n"])
async def test_a_name_that_would_not_read_well_in_an_audience_is_refused(keys: ApiKeys, name: str) -> None:
    with pytest.raises(InputError, match="is no name of a key"):
        await keys.create_key(name, [Scope.ASK])


async def test_a_key_needs_a_scope_and_a_name_of_its_own(keys: ApiKeys) -> None:
    with pytest.raises(InputError, match="without a scope"):
        await keys.create_key("helpdesk", [])
    await keys.create_key("helpdesk", [Scope.ASK])
    with pytest.raises(InputError, match="remove it first"):
        await keys.create_key("helpdesk", [Scope.ASK])
    with pytest.raises(InputError, match="no key named 'shop'"):
        await keys.remove_key("shop")


async def test_the_last_use_is_noted_once_a_minute(keys: ApiKeys, hours: Hours) -> None:
    made = await keys.create_key("helpdesk", [Scope.ASK])

    async def used_at() -> datetime | None:
        await keys.find_key(made.token)
        await others_done()
        return (await keys.list_keys())[0].last_used_at

    assert await used_at() == NOON
    hours.passed = 0.01  # 36 seconds
    assert await used_at() == NOON
    hours.passed = 0.02
    assert await used_at() == NOON + timedelta(hours=0.02)


async def test_that_a_use_cannot_be_noted_keeps_nobody_out(database: Database, hours: Hours) -> None:
    class Store(SqlKeyStore):
        async def note_use(self, key_id: str, at: datetime) -> None:
            raise StorageError("away")

    keys = ApiKeys(Store(database), hours)
    made = await keys.create_key("helpdesk", [Scope.ASK])
    assert await keys.find_key(made.token)
    await others_done()
    assert await keys.find_key(made.token)
