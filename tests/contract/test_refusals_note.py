"""What processes that run leave word of, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.chat import refusal_notes as refusals
from bot.chat.refusal_notes import Refusals
from bot.database.database import Database
from bot.database.markers import SqlMarkers


@pytest.fixture
def processes(database: Database) -> Sequence[Refusals]:
    """Two that run, and one that only asks."""
    return [Refusals(SqlMarkers(database), ("discord", "slack")) for _ in range(3)]


async def said(asks: Refusals) -> list[tuple[str, str]]:
    return [(each.platform, each.cause) for each in await asks.list_refusals()]


async def test_what_a_process_meets_is_known_to_others_until_it_is_over(processes: Sequence[Refusals]) -> None:
    one, _, asks = processes
    await one.note_causes({"slack": "", "discord": ""})
    assert await said(asks) == []
    await one.note_causes({"slack": "token_revoked: install it anew", "discord": "x"})
    (first,) = [each for each in await asks.list_refusals() if each.platform == "slack"]
    await one.note_causes({"slack": "token_revoked: install it anew", "discord": ""})
    assert await said(asks) == [("slack", "token_revoked: install it anew")]
    assert (await asks.list_refusals())[0].since == first.since
    await one.note_causes({"slack": "missing_scope", "discord": ""})
    (changed,) = await asks.list_refusals()
    assert changed.cause == "missing_scope" and changed.since > first.since
    await one.note_causes({"slack": "", "discord": ""})
    assert await said(asks) == []


async def test_a_process_that_is_well_takes_back_nothing_of_another(processes: Sequence[Refusals]) -> None:
    one, other, asks = processes
    await one.note_causes({"slack": "token_revoked"})
    await other.note_causes({"slack": ""})
    assert await said(asks) == [("slack", "token_revoked")]


async def test_word_of_a_process_that_died_is_ignored_after_a_while(
    processes: Sequence[Refusals], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, asks = processes
    await one.note_causes({"slack": "token_revoked"})
    monkeypatch.setattr(refusals, "_FRESH", timedelta(seconds=-1))
    assert await said(asks) == []
