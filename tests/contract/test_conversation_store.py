"""What every ConversationStore does: the database's, on both engines, and the tests' own in memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Table, delete, func, select

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision, Feedback, Vote
from bot.chat.ports import ConversationStore
from bot.database import tables
from bot.database.database import Database
from bot.errors import StorageError, UnknownTurn
from tests.fakes import MemoryConversations
from tests.support.postgres import DATABASES
from tests.support.turns import NOON, PASSAGE, TURN, make_turn


@pytest.fixture(params=["memory", *DATABASES])
def store(request: pytest.FixtureRequest) -> ConversationStore:
    if request.param == "memory":
        return MemoryConversations()
    return SqlConversationStore(request.getfixturevalue(request.param))


@pytest.fixture
def sql_store(database: Database) -> SqlConversationStore:
    return SqlConversationStore(database)


async def test_a_turn_reads_back_as_it_was_stored(store: ConversationStore) -> None:
    limited = replace(PASSAGE, audience=frozenset({"slack:channel:C1", "discord:role:4"}))
    seen = make_turn(passages=(limited,), granted=frozenset({"discord:role:4"}))
    for turn in (make_turn(), make_turn(rewritten=("如何退換？", "How do I return it?")), seen):
        await store.add_turn(turn)
        assert await store.find_turn(turn.id) == turn


async def test_a_turn_with_nothing_but_the_required_reads_back(store: ConversationStore) -> None:
    turn = make_turn(
        decision=Decision.ABSTAIN, citations=(), passages=(), features={}, timings_ms={}, model="", user="", answer=""
    )
    await store.add_turn(turn)
    assert await store.find_turn(turn.id) == turn


async def test_an_unknown_conversation_is_empty(store: ConversationStore) -> None:
    conversation = await store.load_conversation("nobody")
    assert conversation.id == "nobody"
    assert conversation.turns == ()


async def test_a_conversation_holds_its_last_turns_oldest_first(store: ConversationStore) -> None:
    asked = [make_turn(minute) for minute in range(5)]
    for turn in asked:
        await store.add_turn(turn)
    await store.add_turn(make_turn(2.5, conversation_id="another"))
    assert (await store.load_conversation("thread-1")).turns == tuple(asked)
    assert (await store.load_conversation("thread-1", limit=2)).turns == tuple(asked[-2:])
    said = [replace(turn, passages=()) for turn in asked]
    assert said != asked
    assert (await store.load_conversation("thread-1", limit=3, with_passages=False)).turns == tuple(said[-3:])


async def test_a_turn_is_read_in_its_conversation_with_some_before_and_after(store: ConversationStore) -> None:
    turns = [make_turn(number) for number in range(9)]
    await store.add_turn(make_turn(4, conversation_id="another"))
    for turn in turns:
        await store.add_turn(turn)
    assert list(await store.load_around(turns[4].id, count=2)) == turns[2:7]
    assert list(await store.load_around(turns[0].id[:12], count=2)) == turns[:3]
    assert list(await store.load_around(turns[8].id)) == turns
    with pytest.raises(UnknownTurn):
        await store.load_around("f" * 32)


async def test_a_prefix_of_four_digits_finds_a_turn(store: ConversationStore) -> None:
    turn = make_turn(id="abcd" + "0" * 28)
    await store.add_turn(turn)
    await store.add_turn(make_turn(id="abce" + "0" * 28))
    assert (await store.find_turn("abcd")).id == turn.id


@pytest.mark.parametrize("prefix", ["abcd0", "abc", "", "ffff", "%%%%", "____", "abcd1' --"])
async def test_a_prefix_that_names_no_single_turn_is_unknown(store: ConversationStore, prefix: str) -> None:
    await store.add_turn(make_turn(id="abcd0" + "0" * 27))
    await store.add_turn(make_turn(id="abcd0" + "1" * 27))
    with pytest.raises(UnknownTurn):
        await store.find_turn(prefix)


async def test_turns_come_newest_first_and_narrowed(store: ConversationStore) -> None:
    answered = [make_turn(minute) for minute in range(3)]
    abstained = make_turn(3, decision=Decision.ABSTAIN, conversation_id="thread-2")
    for turn in [*answered, abstained]:
        await store.add_turn(turn)
    assert list(await store.list_turns()) == [abstained, *reversed(answered)]
    assert list(await store.list_turns(limit=1)) == [abstained]
    assert list(await store.list_turns(limit=None, decision="abstain")) == [abstained]
    assert (
        list(await store.list_turns(conversation_id="thread-1", since=NOON + timedelta(minutes=1))) == answered[:0:-1]
    )


async def test_an_export_yields_every_turn_oldest_first(store: ConversationStore) -> None:
    asked = [make_turn(minute, conversation_id=f"thread-{minute % 2}") for minute in range(5)]
    for turn in asked:
        await store.add_turn(turn)
    assert [turn async for turn, _ in store.export_turns()] == asked
    assert [turn async for turn, _ in store.export_turns(since=NOON + timedelta(minutes=3))] == asked[3:]


async def test_the_last_vote_of_a_user_counts(store: ConversationStore) -> None:
    turn = make_turn()
    await store.add_turn(turn)
    await store.record_vote(Feedback(turn.id, "u1", Vote.UP, created_at=NOON))
    await store.record_vote(Feedback(turn.id, "u2", Vote.UP, created_at=NOON + timedelta(minutes=1)))
    last = Feedback(turn.id, "u1", Vote.DOWN, "价格不对", NOON + timedelta(minutes=2))
    await store.record_vote(last)
    votes = await store.list_feedback(turn.id)
    assert sorted(vote.user for vote in votes) == ["u1", "u2"]
    assert last in votes


async def test_a_vote_on_an_unknown_turn_is_refused(store: ConversationStore) -> None:
    with pytest.raises(UnknownTurn):
        await store.record_vote(Feedback("0" * 32, "u1", Vote.UP))


class TestInTheDatabase:
    """What only a database can be asked."""

    async def test_turns_stored_out_of_order_come_in_the_order_they_were_asked(
        self, sql_store: SqlConversationStore
    ) -> None:
        turns = [make_turn(minute) for minute in (3, 1, 2)]
        for turn in turns:
            await sql_store.add_turn(turn)
        assert [turn.created_at for turn in (await sql_store.load_conversation("thread-1")).turns] == sorted(
            turn.created_at for turn in turns
        )

    async def test_a_time_of_any_zone_reads_back_as_the_same_instant_in_utc(
        self, sql_store: SqlConversationStore
    ) -> None:
        shanghai = datetime(2026, 3, 1, 3, 30, 0, 1, tzinfo=timezone(timedelta(hours=8)))
        turn = make_turn(created_at=shanghai)
        await sql_store.add_turn(turn)
        read = (await sql_store.find_turn(turn.id)).created_at
        assert read == shanghai
        assert read.tzinfo is UTC
        assert len(await sql_store.list_turns(since=shanghai)) == 1
        assert not await sql_store.list_turns(since=shanghai + timedelta(microseconds=1))

    async def test_a_time_without_a_zone_is_refused(self, sql_store: SqlConversationStore) -> None:
        with pytest.raises(StorageError, match="no time zone"):
            await sql_store.add_turn(make_turn(created_at=datetime(2026, 3, 1)))

    async def test_text_that_an_engine_would_refuse_is_cleaned_not_lost(self, sql_store: SqlConversationStore) -> None:
        turn = make_turn(
            conversation_id="thread\0 1",
            question="a\0b \ud83d lone \ud83d\ude00 pair 退货 🎁",
            features={"bad\0name": 1.0},
            passages=(replace(PASSAGE, text="x\0\udfff"),),
        )
        await sql_store.add_turn(turn)
        read = await sql_store.find_turn(turn.id)
        assert read.question == "a\ufffdb \ufffd lone \U0001f600 pair 退货 🎁"
        assert read.features == {"bad\ufffdname": 1.0}
        assert read.passages[0].text == "x\ufffd\ufffd"
        assert len((await sql_store.load_conversation("thread\0 1")).turns) == 1

    async def test_a_very_long_text_is_kept_whole(self, sql_store: SqlConversationStore) -> None:
        turn = make_turn(answer="退货 policy 🎁\n" * 200_000)
        await sql_store.add_turn(turn)
        assert (await sql_store.find_turn(turn.id)).answer == turn.answer

    async def test_numbers_that_are_none_in_json_are_kept(self, sql_store: SqlConversationStore) -> None:
        turn = make_turn(features={"infinite": float("inf"), "negative": float("-inf")})
        await sql_store.add_turn(turn)
        assert (await sql_store.find_turn(turn.id)).features == turn.features

    async def test_stages_keep_their_order(self, sql_store: SqlConversationStore) -> None:
        turn = make_turn(timings_ms={"write": 1.0, "a": 2.0, "retrieve": 3.0})
        await sql_store.add_turn(turn)
        assert list((await sql_store.find_turn(turn.id)).timings_ms) == ["write", "a", "retrieve"]

    async def test_the_message_says_what_to_do_about_an_ambiguous_prefix(self, sql_store: SqlConversationStore) -> None:
        await sql_store.add_turn(make_turn(id="abcd0" + "0" * 27))
        await sql_store.add_turn(make_turn(id="abcd0" + "1" * 27))
        with pytest.raises(UnknownTurn, match=r"Several turns.*more digits"):
            await sql_store.find_turn("abcd0")

    async def test_a_dashed_or_upper_case_id_finds_its_turn(self, sql_store: SqlConversationStore) -> None:
        await sql_store.add_turn(make_turn(id="0123456789abcdef0123456789abcdef"))
        assert await sql_store.find_turn("01234567-89AB-cdef-0123-456789abcdef")

    async def test_a_turn_that_cannot_be_stored_leaves_nothing_behind(
        self, sql_store: SqlConversationStore, database: Database
    ) -> None:
        with pytest.raises(StorageError):
            await sql_store.add_turn(make_turn(passages=(PASSAGE, PASSAGE)))  # two of one rank
        for table in (tables.conversations, tables.turns, tables.turn_passages):
            assert await _count(database, table) == 0

    async def test_deleting_a_turn_takes_its_passages_and_votes_along(
        self, sql_store: SqlConversationStore, database: Database
    ) -> None:
        turn = make_turn()
        await sql_store.add_turn(turn)
        await sql_store.record_vote(Feedback(turn.id, "u1", Vote.UP))
        forget = delete(tables.turns).where(tables.turns.c.user_id == "u1")
        await database.write(lambda connection: connection.execute(forget))
        for table in (tables.turn_passages, tables.feedback):
            assert await _count(database, table) == 0

    async def test_forty_askers_at_once_lose_nothing(self, sql_store: SqlConversationStore) -> None:
        asked = [make_turn(minute, conversation_id=f"thread-{minute % 4}") for minute in range(40)]

        async def ask(turn_number: int) -> None:
            turn = asked[turn_number]
            await sql_store.load_conversation(turn.conversation_id)
            await sql_store.add_turn(turn)
            await sql_store.record_vote(Feedback(turn.id, "u1", Vote.UP))

        await asyncio.gather(*(ask(number) for number in range(40)))
        assert list(await sql_store.list_turns(limit=None)) == asked[::-1]

    async def test_a_cancelled_write_holds_no_lock_and_leaves_no_half(self, sql_store: SqlConversationStore) -> None:
        cancelled = [make_turn(minute) for minute in range(60)]
        for number, turn in enumerate(cancelled):
            task = asyncio.create_task(sql_store.add_turn(turn))
            await asyncio.sleep(number * 0.0002)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.wait_for(sql_store.add_turn(make_turn(100 + number)), 5)
        kept = await sql_store.list_turns(limit=None)
        assert [
            turn for turn in kept if turn.created_at < NOON + timedelta(minutes=100) and turn not in cancelled
        ] == []
        assert len(kept) >= 60

    async def test_an_export_holds_a_bounded_part_of_the_log_in_memory(
        self, sql_store: SqlConversationStore, database: Database
    ) -> None:
        count, size = 1_000, 20_000
        await _fill(database, count, "x" * size)
        tracemalloc.start()
        try:
            ids = [turn.id async for turn, _ in sql_store.export_turns()]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(set(ids)) == count
        assert peak < count * size * 0.6

    async def test_an_export_has_the_votes_on_each_turn(self, sql_store: SqlConversationStore) -> None:
        asked = [make_turn(n, conversation_id=f"{n}") for n in range(3)]
        for turn in asked:
            await sql_store.add_turn(turn)
        for number, user in ((0, "u1"), (2, "u1"), (2, "u2")):
            await sql_store.record_vote(Feedback(asked[number].id, user, Vote.UP, created_at=NOON))
        said = [[vote.user for vote in votes] async for _, votes in sql_store.export_turns()]
        assert said == [["u1"], [], ["u1", "u2"]]

    async def test_turns_of_one_moment_are_each_exported_once(
        self, sql_store: SqlConversationStore, database: Database
    ) -> None:
        await _fill(database, 450, "x", lambda _: NOON)
        ids = [turn.id async for turn, _ in sql_store.export_turns()]
        assert len(ids) == len(set(ids)) == 450
        assert len(await sql_store.list_turns(limit=None)) == 450


async def _fill(
    database: Database,
    count: int,
    answer: str,
    when: Callable[[int], datetime] = lambda number: NOON + timedelta(seconds=number),
) -> None:
    """Many turns without passages, faster than one transaction each."""
    from bot.answering.store import _build_turn_row

    rows = [_build_turn_row(make_turn(answer=answer, created_at=when(number))) for number in range(count)]
    conversation = {"id": TURN.conversation_id, "platform": "terminal", "created_at": NOON, "updated_at": NOON}
    await database.write(lambda connection: connection.execute(tables.conversations.insert().values(conversation)))
    await database.write(lambda connection: connection.execute(tables.turns.insert(), rows))


async def _count(database: Database, table: Table) -> int:
    result = await database.read(lambda connection: connection.execute(select(func.count()).select_from(table)))
    return result.scalar_one()
