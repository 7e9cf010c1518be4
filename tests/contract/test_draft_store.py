"""What every DraftStore does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.answering.store import SqlConversationStore
from bot.database.database import Database
from bot.gaps.draft_store import SqlDraftStore
from bot.gaps.models import GapDraft
from bot.gaps.ports import DraftStore
from bot.privacy.store import SqlPrivacyStore
from tests.support.turns import make_turn

NOW = datetime.now(UTC)
TURNS = [make_turn(number, platform="slack", user=f"u{number}") for number in range(2)]


@pytest.fixture
async def store(database: Database) -> DraftStore:
    for turn in TURNS:
        await SqlConversationStore(database).add_turn(turn)
    return SqlDraftStore(database)


def draft(number: int = 0) -> GapDraft:
    at = NOW + timedelta(seconds=number)
    return GapDraft(TURNS[number].id, "Do you ship abroad?", "To the EU. 退货", "Prices", "tiny", at)


async def test_a_draft_reads_back_as_it_was_kept_the_newest_first(store: DraftStore) -> None:
    assert await store.list() == [] and await store.get(TURNS[0].id) is None
    await store.add(draft(0))
    await store.add(draft(1))
    assert list(await store.list()) == [draft(1), draft(0)]
    assert list(await store.list(limit=1)) == [draft(1)]
    assert await store.get(TURNS[0].id) == draft(0)


async def test_one_question_has_one_draft_and_one_that_is_gone_has_none(store: DraftStore) -> None:
    await store.add(draft())
    await store.add(replace(draft(), answer="Another."))
    await store.add(replace(draft(), turn_id="f" * 32))
    assert list(await store.list()) == [draft()]


async def test_who_is_forgotten_takes_the_draft_of_their_question_along(store: DraftStore, database: Database) -> None:
    await store.add(draft(0))
    await store.add(draft(1))
    privacy = SqlPrivacyStore(database)
    await privacy.forget("slack", "u0")
    assert list(await store.list()) == [draft(1)]
