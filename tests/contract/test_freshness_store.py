"""What every FreshnessStore does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[FreshnessStore]:
    """The store of another process: over connections of its own."""
    other = await Database.open(database.address.url.render_as_string(hide_password=False))
    yield SqlFreshnessStore(other)
    await other.close()


def row(one: str, other: str, probability: float = 0.9) -> ContradictionRow:
    key = f"{one[0]}{other[0]}".ljust(32, "0")
    return ContradictionRow(key, one, other, "price", probability, State.OPEN, "", NOW)


async def scan(store: FreshnessStore, *found: ContradictionRow, gone: str = "") -> int:
    unknown = await store.record_scan("m1", {A: NOW, B: NOW, C: NOW}, [gone] if gone else [], found)
    return len(unknown)


async def test_entries_keep_since_when_they_read_so_and_contradictions_are_kept_once(store: FreshnessStore) -> None:
    assert (await store.known_entries(), await store.compared_by()) == ({}, "")
    assert await scan(store, row(A, B, 0.7), row(A, C)) == 2
    assert await store.record_scan("m1", {A: NOW + timedelta(days=1)}, [], [row(A, B, 0.8)]) == frozenset()
    assert await store.known_entries() == {A: NOW, B: NOW, C: NOW}
    assert await store.compared_by() == "m1"
    assert list(await store.contradictions()) == [row(A, C), row(A, B, 0.7)]


async def test_what_another_measure_does_not_find_again_is_forgotten_unless_it_was_settled(
    store: FreshnessStore,
) -> None:
    await scan(store, row(A, B), row(A, C), row(B, C))
    await store.settle(row(B, C).id, State.DISMISSED, "", "slack:T1:U1")
    assert await store.record_scan("m2", {}, [], [row(A, B)]) == frozenset()
    assert await store.compared_by() == "m2"
    assert {each.id for each in await store.contradictions()} == {row(A, B).id, row(B, C).id}


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


async def test_of_those_who_settle_one_at_once_in_different_ways_one_decides(
    store: FreshnessStore, elsewhere: FreshnessStore
) -> None:
    await scan(store, row(A, B))
    key = row(A, B).id
    for _ in range(10):
        noted = await asyncio.gather(
            store.settle(key, State.SETTLED, A, "slack:T1:U1"),
            elsewhere.settle(key, State.SETTLED, B, "slack:T1:U2"),
            store.settle(key, State.DISMISSED, "", "slack:T1:U3"),
        )
        assert sorted(noted) == [False, False, True]
        known = await store.get(key)
        assert known.settled_by == f"slack:T1:U{noted.index(True) + 1}"
        assert known.set_aside == [A, B, ""][noted.index(True)]
        await store.reopen(key)


async def test_of_three_that_contradict_each_other_one_remains_whoever_settles_what_at_once(
    store: FreshnessStore, elsewhere: FreshnessStore
) -> None:
    ring = ((row(A, B), A), (row(B, C), B), (row(A, C), C))  # each sets another one aside
    await scan(store, *(each for each, _ in ring))
    for turn in range(10):
        each_settles = (
            (store if number % 2 else elsewhere).settle(each.id, State.SETTLED, aside, "slack:T1:U1")
            for number, (each, aside) in enumerate((*ring[turn % 3 :], *ring[: turn % 3]))
        )
        noted = await asyncio.gather(*each_settles)
        assert 1 <= len(await store.set_aside()) == sum(noted) <= 2
        for each, _ in ring:
            await store.reopen(each.id)


async def test_what_another_decision_sets_aside_is_not_decided_about(store: FreshnessStore) -> None:
    await scan(store, row(A, B), row(B, C), row(A, C))
    assert await store.settle(row(A, B).id, State.SETTLED, B, "slack:T1:U1")
    assert not await store.settle(row(B, C).id, State.SETTLED, C, "slack:T1:U1")
    assert await store.settle(row(A, C).id, State.SETTLED, A, "slack:T1:U1")
    assert await store.set_aside() == {A, B}
    await store.reopen(row(A, B).id)
    assert await store.settle(row(B, C).id, State.DISMISSED, "", "slack:T1:U1")


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
