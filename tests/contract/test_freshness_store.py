"""What every FreshnessStore does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision, Feedback, UsedPassage, Vote
from bot.database.database import Database
from bot.errors import UnknownContradiction
from bot.freshness.models import ContradictionRow, Judgement, State, Verdict
from bot.freshness.ports import FreshnessStore
from bot.freshness.store import SqlFreshnessStore
from tests.support.turns import make_turn

NOW = datetime.now(UTC)
A, B, C = "a" * 20, "b" * 20, "c" * 20


@pytest.fixture
def store(database: Database) -> FreshnessStore:
    return SqlFreshnessStore(database)


def row(one: str, other: str, probability: float = 0.9) -> ContradictionRow:
    key = f"{one[0]}{other[0]}".ljust(32, "0")
    return ContradictionRow(key, one, other, "price", probability, State.OPEN, "", NOW)


async def scan(store: FreshnessStore, *found: ContradictionRow, gone: str = "") -> int:
    return await store.record_scan("m1", {A: NOW, B: NOW, C: NOW}, [gone] if gone else [], found)


async def test_entries_keep_since_when_they_read_so_and_contradictions_are_kept_once(store: FreshnessStore) -> None:
    assert (await store.known_entries(), await store.compared_by()) == ({}, "")
    assert await scan(store, row(A, B, 0.7), row(A, C)) == 2
    assert await store.record_scan("m2", {A: NOW + timedelta(days=1)}, [], [row(A, B, 0.8)]) == 0
    assert await store.known_entries() == {A: NOW, B: NOW, C: NOW}
    assert await store.compared_by() == "m2"
    assert list(await store.contradictions()) == [row(A, C), row(A, B, 0.7)]


async def test_a_decision_sets_one_aside_until_it_is_taken_back(store: FreshnessStore) -> None:
    await scan(store, row(A, B))
    key, before = row(A, B).id, await store.revision()
    assert await store.settle(key, State.SETTLED, B, "slack:T1:U1")
    assert not await store.settle(key, State.DISMISSED, "", "slack:T1:U2")  # who was first is not overruled
    known = await store.get(key[:6])
    assert (known.state, known.set_aside, await store.set_aside()) == (State.SETTLED, B, {B})
    assert known.settled_at is not None
    assert known.settled_by == "slack:T1:U1"
    assert await store.revision() != before
    await store.reopen(key)
    assert (await store.get(key), await store.set_aside()) == (row(A, B), frozenset())
    with pytest.raises(UnknownContradiction, match="frontdesk contradictions list"):
        await store.get("9999")


async def test_what_is_gone_takes_its_contradictions_along_but_no_decision(
    store: FreshnessStore,
) -> None:
    await scan(store, row(A, B), row(A, C), row(B, C))
    await store.settle(row(A, B).id, State.SETTLED, B, "slack:T1:U1")
    before = await store.revision()
    await scan(store, gone=A)
    assert [each.id for each in await store.contradictions()] == [row(A, B).id, row(B, C).id]
    assert await store.set_aside() == {B}
    await store.record_scan("m1", {}, [B], [])
    assert [each.id for each in await store.contradictions()] == [row(A, B).id]
    assert await store.set_aside() == {B}  # should it come back as it was
    assert await store.revision() != before


async def test_what_a_model_says_is_kept_beside_and_decides_nothing(store: FreshnessStore) -> None:
    await scan(store, row(A, B), row(A, C))
    before = await store.revision()
    said = Judgement(Verdict.SCOPE, "large", "3 years", "2 years")
    await store.record_judgement(row(A, B).id, said)
    known = await store.get(row(A, B).id)
    assert (known.verdict, known.verdict_by, known.phrase_one, known.phrase_other) == (
        Verdict.SCOPE,
        "large",
        "3 years",
        "2 years",
    )
    assert (known.state, await store.set_aside(), await store.revision()) == (State.OPEN, frozenset(), before)
    await scan(store, row(A, B))  # found again
    assert (await store.get(row(A, B).id)).verdict is Verdict.SCOPE


async def answer(
    database: Database,
    user: str,
    title: str,
    *,
    days: int = 1,
    decision: Decision = Decision.ANSWER,
    vote: Vote | None = None,
) -> None:
    first = UsedPassage(f"p-{title}", title, "https://shop.test/faq", "…", 1, 0.9)
    second = replace(first, title="second", rank=2)
    turn = make_turn(
        platform="slack", user=user, decision=decision, created_at=NOW - timedelta(days=days), passages=(first, second)
    )
    store = SqlConversationStore(database)
    await store.add_turn(turn)
    if vote:
        await store.record_vote(Feedback(turn.id, user, vote, "", NOW - timedelta(days=days)))


async def test_customers_are_counted_once_an_entry_that_answered_them(
    store: FreshnessStore, database: Database
) -> None:
    for user, days in (("u1", 40), ("u1", 2), ("u2", 1)):
        await answer(database, user, "How long?", days=days)
    await answer(database, "u3", "How long?", decision=Decision.ABSTAIN)
    await answer(database, "u4", "How much?", decision=Decision.SUGGEST)
    entries = [("https://shop.test/faq", title) for title in ("How long?", "How much?", "second", "never")]
    told = [(each.title, each.customers, each.since) for each in await store.touched(entries)]
    assert told == [("How long?", 2, NOW - timedelta(days=40)), ("How much?", 1, NOW - timedelta(days=1))]
    assert await store.touched([]) == ()
    assert [each.title for each in await store.touched(entries * 500)] == ["How long?", "How much?"]


async def test_usage_counts_who_asked_lately_and_keeps_votes_for_longer(
    store: FreshnessStore, database: Database
) -> None:
    await answer(database, "u1", "How long?", days=200, vote=Vote.UP)
    await answer(database, "u2", "How long?", days=1, vote=Vote.DOWN)
    (used,) = await store.usage(NOW - timedelta(days=90), NOW - timedelta(days=365))
    assert (used.title, used.askers) == ("How long?", 1)
    assert [(vote.helpful, vote.passage_id) for vote in used.votes] == [(False, "p-How long?"), (True, "p-How long?")]
