"""What every AdminStore and every AuditLog does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access.admin_store import SqlAdminStore
from bot.access.audit_store import SqlAuditLog
from bot.access.models import AuditEntry
from bot.access.ports import AdminStore, AuditLog
from bot.chat.people import Actor, Role
from bot.database.database import Database
from tests.support.turns import NOON

ENTRY = AuditEntry("a" * 32, NOON, "slack", "T1", "U1", "sources.add", "shop", "refused")


@pytest.fixture
def store(database: Database) -> AdminStore:
    return SqlAdminStore(database)


@pytest.fixture
def log(database: Database) -> AuditLog:
    return SqlAuditLog(database)


async def test_an_admin_is_one_in_their_workspace_only(store: AdminStore) -> None:
    assert await store.add("slack", "T1", "U1", "cli::root") is True
    assert await store.has("slack", "T1", "U1")
    for other in (("slack", "T2", "U1"), ("discord", "T1", "U1"), ("slack", "T1", "u1"), ("slack", "T1", "")):
        assert not await store.has(*other)


async def test_who_is_one_already_is_not_added_and_who_is_none_not_removed(store: AdminStore) -> None:
    assert await store.remove("slack", "T1", "U1") is False
    assert await store.add("slack", "T1", "U1", "cli::root") is True
    assert await store.add("slack", "T1", "U1", "slack:T1:U2") is False
    assert await store.remove("slack", "T1", "U1") is True
    assert not await store.has("slack", "T1", "U1")
    assert await store.add("slack", "T1", "U1", "cli::root") is True


async def test_of_two_that_add_the_same_one_at_once_one_does(store: AdminStore) -> None:
    added = await asyncio.gather(*(store.add("slack", "T1", "U1", f"cli::{number}") for number in range(4)))
    assert sorted(added) == [False, False, False, True]


async def test_admins_are_listed_oldest_first(store: AdminStore) -> None:
    assert list(await store.list()) == []
    for platform, user in (("slack", "U2"), ("discord", "9"), ("slack", "U1")):
        await store.add(platform, "T1", user, "cli::root")
    assert list(await store.list()) == [
        Actor("slack", "T1", "U2", role=Role.ADMIN),
        Actor("discord", "T1", "9", role=Role.ADMIN),
        Actor("slack", "T1", "U1", role=Role.ADMIN),
    ]


async def test_an_entry_reads_back_as_it_was_kept(log: AuditLog) -> None:
    await log.add(ENTRY)
    assert list(await log.list()) == [ENTRY]


async def test_entries_come_newest_first_and_limited(log: AuditLog) -> None:
    entries = [replace(ENTRY, id=f"{hour:032x}", at=NOON + timedelta(hours=hour % 3)) for hour in (1, 2, 3)]
    for entry in entries:
        await log.add(entry)
    assert list(await log.list()) == [entries[1], entries[0], entries[2]]
    assert list(await log.list(limit=1)) == [entries[1]]
