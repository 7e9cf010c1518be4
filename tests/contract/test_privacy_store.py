"""What every PrivacyStore does: what was said is gone from every column, and from SQLite's files."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, TypeDecorator, select, update
from structlog.testing import capture_logs

from bot.access.admin_store import SqlAdminStore
from bot.access.audit_store import SqlAuditLog
from bot.access.models import AuditEntry
from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Citation, Decision, Feedback, Turn, Vote
from bot.chat.message import Audience, JobState, Move, Party, ThreadRef
from bot.chat.people import FORGOTTEN, Actor
from bot.chat.ports import name_share
from bot.console.models import Ticket, TicketKind
from bot.console.store import SqlTicketStore
from bot.database import tables
from bot.database import vacuum as compacting
from bot.database.database import Database
from bot.database.markers import SqlMarkers
from bot.database.posted_messages import SqlPostedMessages
from bot.freshness.models import ContradictionRow, State
from bot.freshness.store import SqlFreshnessStore
from bot.gaps.draft_store import SqlDraftStore
from bot.gaps.mark_store import SqlGapMarkStore
from bot.gaps.models import GapDraft
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState
from bot.handoff.store import SqlHandoffStore
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.store import SqlInboxStore
from bot.learned.models import Evidence, Gesture
from bot.learned.store import SqlLearnedStore
from bot.privacy.ports import PrivacyStore
from bot.privacy.store import SqlPrivacyStore
from bot.sources.models import RefreshRun
from bot.sources.refresh_log import SqlRefreshLog
from bot.taught.models import Taught, TaughtState
from bot.taught.store import SqlTaughtStore
from retrieval.documents import content_id
from tests.fakes import said
from tests.support.turns import NOON, PASSAGE, make_turn

WHO, WORDS = "U0FORGET", "Zedernholz-退货-机密"
OTHERS = ["u0forget", "U0FORGETTING", "U1"]
SUPPORT = ThreadRef("slack", "T1", "CSUPPORT", "")

# No customer's words or names stand in these, whosever row it is …
# what admins set up, and notes of the software's own
_HARMLESS_TABLES = {"sources", "help_channels", "markers", "glossary", "unlearned", "source_audiences"}
_HARMLESS_TABLES |= {"entries", "worded_entries"}  # of what pages say, by their hashes
_HARMLESS_TABLES |= {"wordings"}  # that a model wrote of pages
_HARMLESS_TABLES |= {"evaluation_runs"}  # of golden questions, which stand in a file of the team's
_HARMLESS_TABLES |= {"api_keys"}  # whose names are of programs, and which say by no column who made them
_HARMLESS = {  # … nor in columns of these names
    *("platform", "workspace", "channel", "thread", "language", "state", "side", "judgement", "decision", "vote"),
    *("customer_platform", "customer_workspace", "customer_channel", "customer_thread", "reason@handoffs"),
    *("support_platform", "support_workspace", "support_channel", "support_thread"),
    *("asked_in_platform", "asked_in_workspace", "asked_in_channel", "asked_in_thread"),
    *("wording_id", "words", "asked_id", "mark_id", "gesture"),  # hashes, ids and kinds
    *("id", "turn_id", "handoff_id", "message_id", "passage_id", "owner", "conversation_id@threads", "replies"),
    *("index_version", "model", "timings_ms", "features", "signals", "crawled_at", "author@turn_passages"),
    *("digest@console_tickets", "kind@console_tickets", "name@posted_messages"),  # hashes and ids
    *("claimed_by", "claimed_name", "author_id", "author@taught", "wordings@taught", "action", "outcome"),  # admins'
    *("version", "report", "error", "progress", "watchers"),  # of a refresh
    *("audience", "granted"),  # places and roles
    *("source@turns", "source@turn_passages", "small_talk"),  # a name that an admin gave, and a kind
    *("one", "other", "kind@contradictions", "set_aside"),  # hashes, and what two pages differ in
    *("verdict", "verdict_by", "phrase_one", "phrase_other"),  # what a model says of two pages
}


@pytest.fixture
def store(database: Database) -> PrivacyStore:
    return SqlPrivacyStore(database)


async def fill(database: Database, user: str, words: str, *, turns: int = 3, ago: timedelta = timedelta()) -> None:
    """A customer, who is an admin as well, leaves `words` and their id wherever one can. Turns are of `ago`."""
    conversations, handoffs, taught = (
        SqlConversationStore(database),
        SqlHandoffStore(database),
        SqlTaughtStore(database),
    )
    inbox, now = SqlInboxStore(database, update_thread, "one", 60), NOON - ago
    cite = (Citation(1, words, f"https://x.example/{words}", "p"),)
    used = (replace(PASSAGE, text=words * 9, title=words, url=f"https://x.example/{words}"),)
    for number in range(turns):
        for place in ("slack:T1:C1:1.0", f"slack:T1:C1:command:{user}"):
            changes: dict[str, Any] = {"question": words, "standalone_question": words, "answer": words * (number % 50)}
            changes["rewritten"] = (words,)
            turn = make_turn(number, platform="slack", user=user, conversation_id=place, citations=cite, **changes)
            await conversations.add_turn(replace(turn, passages=used, created_at=now + timedelta(seconds=number)))
    whose = make_turn(platform="slack", user="U1", conversation_id="slack:T1:C1:9.0", decision=Decision.ABSTAIN)
    await conversations.add_turn(whose)
    await conversations.record_vote(Feedback(whose.id, user, Vote.DOWN, words))
    await conversations.record_vote(Feedback(whose.id, "U1", Vote.DOWN, "no"))
    await SqlLearnedStore(database).add([learned_by(user, words, turn), learned_by(user, words, whose)])
    await SqlDraftStore(database).add(GapDraft(turn.id, words, words, words, "tiny", datetime.now(UTC)))
    question = said(words, user=user, platform="slack", id=f"{words}/1", thread="1.0", gesture=words)
    item = await inbox.claim_message(question, classify_message)
    assert item
    await inbox.move_job(item, Move(ThreadRef("slack", "T1", f"D{user}", "1.0"), Audience.DIRECT, {"of": user}))
    await inbox.record_reply(item, [{"ts": "1.0"}])
    await inbox.claim_message(said(words, user=user, platform="slack", audience=Audience.COMMAND), classify_message)
    handoff = Handoff(
        id=uuid.uuid4().hex,
        state=HandoffState.OPEN,
        reason=HandoffReason.WORDS,
        conversation_id=f"slack:T1:C1:command:{user}",
        turn_id=turn.id,
        question=words,
        language="de",
        customer=ThreadRef("slack", "T1", "C1", f"of {words}"),
        customer_user=user,
        customer_name=words,
        support=replace(SUPPORT, thread=uuid.uuid4().hex),
        created_at=now,
        updated_at=now,
    )
    await handoffs.open_handoff(handoff)
    await handoffs.record_message(HandoffMessage(handoff.id, Party.CUSTOMER, "1", words, words, now))
    await handoffs.record_message(HandoffMessage(handoff.id, Party.SUPPORT, "2", "Li", f"About {words}: …", now))
    foreign = await handoffs.open_handoff(replace(handoff, id=uuid.uuid4().hex, **FOREIGN))
    await handoffs.record_message(HandoffMessage(foreign.id, Party.CUSTOMER, question.id, words, words, now))
    await handoffs.record_message(
        HandoffMessage(foreign.id, Party.CUSTOMER, uuid.uuid4().hex, "U1", "Mine as well", now)
    )
    for state in TaughtState:
        answer = Taught(uuid.uuid4().hex, state, words, words, "de", "Li", "slack:T1:U9", now, now, note=words)
        await taught.add(replace(answer, url=f"https://x.example/{words}", customer=f"slack:T2:{user}"))
    plain = Taught(
        uuid.uuid4().hex, TaughtState.APPROVED, "Versand?", "Zwei Tage.", "de", "Li", "slack:T1:U9", now, now
    )
    await taught.add(replace(plain, handoff_id=handoff.id))
    await SqlAdminStore(database).add("slack", "T1", user, f"slack:T1:{user}")
    await SqlAdminStore(database).add("slack", "T1", f"X{uuid.uuid4().hex}", f"slack:T1:{user}")
    await SqlPostedMessages(database).put_message("slack", f"C{user}", user, "q1", {"text": words})
    signed_in = Actor("slack", "T1", user, user)
    ticket = Ticket(uuid.uuid4().hex, TicketKind.SESSION, signed_in, now, now + timedelta(hours=1))
    await SqlTicketStore(database).add(ticket)
    for target in ("shop", user, f"slack:T1:{user}"):
        await SqlAuditLog(database).add(AuditEntry(uuid.uuid4().hex, now, "slack", "T1", user, "admins.add", target))
    await SqlRefreshLog(database).start(RefreshRun(uuid.uuid4().hex, now, asked_by=f"slack:T1:{user}"))
    found = ContradictionRow(uuid.uuid4().hex, "a" * 20, "b" * 20, "price", 0.9, State.OPEN, "", now)
    await SqlFreshnessStore(database).record_scan("m1", {}, (), [found])
    await SqlFreshnessStore(database).settle(found.id, State.DISMISSED, "", f"slack:T1:{user}")
    await SqlGapMarkStore(database).record_mark([turn.id, whose.id], f"slack:T1:{user}", assignee=f"slack:T1:{user}")


def learned_by(user: str, words: str, turn: Turn) -> Evidence:
    """A gesture on a turn, which may be somebody else's."""
    named = content_id(words, turn.id)
    texts = (words, "de", f"https://x.example/{words}", words, words)
    return Evidence(named, named, *texts, "slack", user, Gesture.CHOSEN, turn.id, turn.id, datetime.now(UTC))


FOREIGN: dict[str, Any] = {
    "customer": ThreadRef("slack", "T1", "C1", "of U1"),
    "customer_user": "U1",
    "customer_name": "Uno",
    "question": "Where?",
    "conversation_id": "slack:T1:C1:9.0",
    "turn_id": "f" * 32,
}


async def dump(database: Database) -> dict[str, list[dict[str, str]]]:
    """Every row of every table, as texts."""
    found = {}
    for name, table in tables.metadata.tables.items():
        rows = await database.read(lambda connection, table=table: connection.execute(select(table)))
        found[name] = [{column: str(value) for column, value in row.items()} for row in rows.mappings()]
    return found


def traces(rows: dict[str, list[dict[str, str]]], *, who: str = WHO, words: str = WORDS) -> set[str]:
    """The columns, as table.column, in which somebody's words or id stand."""
    trace = re.compile(rf"{re.escape(words)}|(?<![A-Za-z0-9]){re.escape(who)}(?![A-Za-z0-9])")
    return {
        f"{table}.{column}"
        for table, those in rows.items()
        for row in those
        for column, value in row.items()
        if trace.search(value)
    }


def text_columns() -> set[str]:
    found = set()
    for table in tables.metadata.tables.values():
        for column in table.columns:
            kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
            if isinstance(kind, String | JSON):
                found.add(f"{table.name}.{column.name}")
    return found


def harmless(name: str) -> bool:
    table, column = name.split(".")
    return table in _HARMLESS_TABLES or column in _HARMLESS or f"{column}@{table}" in _HARMLESS


async def test_every_column_that_holds_text_is_filled_by_these_tests_or_known_to_be_harmless(
    database: Database,
) -> None:
    """A new column fails here: let `fill` fill it, and `forget` and `expire` see to it, or tell why it is harmless."""
    await fill(database, WHO, WORDS)
    reached = traces(await dump(database))
    assert {name for name in text_columns() - reached if not harmless(name)} == set()


async def test_a_forgotten_user_stands_in_no_column_and_others_do_as_before(
    database: Database, store: PrivacyStore
) -> None:
    for other in OTHERS:
        await fill(database, other, f"words of {other} ")
    before = await dump(database)
    await fill(database, WHO, WORDS)
    gone = await store.forget("slack", WHO)
    left = await dump(database)
    assert traces(left) == set()
    without = {"conversations": {"updated_at"}, "threads": {"updated_at"}, "turns": {"asked_on_at"}}
    del before["markers"]
    news = {}
    for table, rows in before.items():
        kept, now = ([strip(row, without.get(table, set())) for row in those] for those in (rows, left[table]))
        assert [row for row in kept if row not in now] == [], table
        news[table] = len(now) - len(kept)
    assert {table: number for table, number in news.items() if number} == {
        "turns": 1,
        "turn_passages": 2,
        "feedback": 1,  # the turn of U1 that they voted on, and U1's own vote
        "handoff_messages": 1,
        "taught": 1,
        "admins": 1,
        "audit": 3,
        "refresh_runs": 1,
        "contradictions": 1,
        "gap_marks": 1,
        "gap_mark_questions": 1,
    }
    assert gone == {
        "turns": 6,
        "turn_passages": 6,
        "conversations": 1,
        "feedback": 1,
        "learned": 2,
        "gap_drafts": 1,
        "inbox": 2,
        "threads": 1,
        "handoffs": 1,
        "handoff_messages": 3,
        "taught": 4,
        "console_tickets": 1,
        "posted_messages": 1,
        "admins": 2,
        "audit": 5,
        "refresh_runs": 1,
        "contradictions": 1,
        "gap_marks": 2,
    }
    assert {row["user_id"] for row in left["audit"]} == {FORGOTTEN, *OTHERS}
    assert await store.forget("slack", WHO) == {}


async def test_that_an_answer_was_shared_is_forgotten_with_it(database: Database, store: PrivacyStore) -> None:
    notes = SqlMarkers(database)
    for number, user in enumerate((WHO, "U1")):
        await SqlConversationStore(database).add_turn(make_turn(id=f"{number}" * 32, platform="slack", user=user))
        assert await notes.claim(name_share(f"{number}" * 32), "yes")
    await store.forget("slack", WHO)
    assert [await notes.get(name_share(f"{number}" * 32)) for number in range(2)] == ["", "yes"]


async def test_a_taught_answer_that_is_kept_forgets_its_handoff_and_what_is_searched_is_anew(
    database: Database, store: PrivacyStore
) -> None:
    await fill(database, WHO, WORDS)
    taught = SqlTaughtStore(database)
    revision = await taught.revision(NOON)
    await store.forget("slack", WHO)
    assert [(each.answer, each.handoff_id) for each in await taught.list()] == [("Zwei Tage.", "")]
    assert await taught.revision(NOON) != revision


async def test_the_same_id_on_another_platform_is_another_person(database: Database, store: PrivacyStore) -> None:
    await fill(database, WHO, WORDS)
    before = await dump(database)
    assert await store.forget("discord", WHO) == {}
    assert await store.forget("slack", "") == {}
    assert await store.forget("slack", "%") == {}
    after_all = await dump(database)
    assert {name: rows for name, rows in after_all.items() if name != "markers"} == {
        name: rows for name, rows in before.items() if name != "markers"
    }


@pytest.mark.parametrize("asker", [WHO, *OTHERS])
async def test_what_others_called_the_bot_to_goes_with_whom_it_was_asked_by(
    database: Database, store: PrivacyStore, asker: str
) -> None:
    """The answer stands under another user's id."""
    inbox, conversations = SqlInboxStore(database, update_thread, "one", 60), SqlConversationStore(database)
    item = await inbox.claim_message(said("answer this", user="U2", platform="slack"), classify_message)
    assert item
    turn = make_turn(platform="slack", user="U2", question=WORDS)
    await conversations.add_turn(turn)
    await inbox.record_turn(replace(item, message=replace(item.message, asked_by=asker)), turn.id)
    await store.forget("slack", WHO)
    left = [await inbox.find_job(item.message.key), *await conversations.list_turns()]
    assert left == [None] if asker == WHO else len(left) == 2 and left[0]


@pytest.mark.parametrize("sayer", [WHO, *OTHERS])
async def test_what_was_said_in_a_handoff_that_moved_since_goes_with_who_said_it(
    database: Database, store: PrivacyStore, sayer: str
) -> None:
    """It is another customer's handoff, and goes on in their private conversation."""
    handoffs, inbox = SqlHandoffStore(database), SqlInboxStore(database, update_thread, "one", 60)
    place = ThreadRef("slack", "T1", "C1", "1.0")
    known = ("a" * 32, HandoffState.OPEN, HandoffReason.WORDS, "c", "", "Why?", "en", place, "U7", "Jo")
    handoff = await handoffs.open_handoff(Handoff(*known, replace(SUPPORT, thread="2.0"), NOON, NOON))
    job = await inbox.claim_message(said(WORDS, user=sayer, platform="slack", thread="1.0"), classify_message)
    assert job and job.message.handoff_id == handoff.id
    await handoffs.record_message(HandoffMessage(handoff.id, Party.CUSTOMER, job.message.id, "X", WORDS, NOON))
    await handoffs.change_handoff(handoff.id, customer=ThreadRef("slack", "T1", "D7", ""))
    await store.forget("slack", WHO)
    assert [message.text for message in await handoffs.load_messages(handoff.id)] == ([] if sayer == WHO else [WORDS])


async def test_a_wish_that_is_cut_off_is_known_until_it_is_done(
    database: Database, store: PrivacyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, WHO, WORDS)
    with monkeypatch.context() as patched:
        patched.setattr("bot.privacy.store.delete_turns", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await store.forget("slack", WHO)
    assert await store.unfinished() == [("slack", WHO)]
    await store.forget("slack", WHO, note=False)
    assert await store.unfinished() == []
    assert traces(await dump(database)) == set()


async def cut_off(*_: object, **__: object) -> None:
    raise asyncio.CancelledError


async def test_many_turns_are_forgotten_in_batches(database: Database, store: PrivacyStore) -> None:
    await fill(database, WHO, WORDS, turns=110)
    assert (await store.forget("slack", WHO))["turns"] == 220


async def test_what_others_say_in_the_conversation_meanwhile_is_kept(database: Database, store: PrivacyStore) -> None:
    conversations = SqlConversationStore(database)
    for number in range(15):
        place = f"slack:T1:C1:{number}"
        await conversations.add_turn(make_turn(platform="slack", user=WHO, conversation_id=place))
        mine = make_turn(platform="slack", user="U1", conversation_id=place)
        await asyncio.gather(store.forget("slack", WHO), conversations.add_turn(mine))
        left = await dump(database)
        assert mine.id in {row["id"] for row in left["turns"]}
        assert {row["user_id"] for row in left["turns"]} == {"U1"}


async def test_what_is_old_expires_and_what_is_not_stays(database: Database, store: PrivacyStore) -> None:
    await fill(database, WHO, WORDS, turns=110, ago=timedelta(days=30))
    await fill(database, "U5", "fresh words")
    await resolve_handoffs(database)
    await age(database, WORDS)
    kept = await dump(database)
    gone = await store.expire(NOON - timedelta(days=7))
    assert gone == {
        "turns": 220,
        "turn_passages": 220,
        "conversations": 1,
        "learned": 1,
        "gap_drafts": 1,
        "inbox": 1,
        "handoffs": 1,
        "handoff_messages": 2,
        "threads": 1,
        "posted_messages": 1,
        "taught": 2,
    }
    left = await dump(database)
    assert {name.split(".")[0] for name in traces(left)} == {
        *("feedback", "learned", "inbox", "handoff_messages", "taught", "admins", "audit", "refresh_runs"),
        *("contradictions", "console_tickets", "gap_marks"),
    }
    assert [row["state"] for row in left["inbox"] if WORDS in str(row)] == ["owed"]
    approved = [row for row in left["taught"] if row["question"] in {WORDS, "Versand?"}]
    assert sorted((row["state"], row["customer"]) for row in approved if row["question"] == WORDS) == [
        ("approved", ""),
        ("review", ""),
    ]
    fresh = "fresh words"
    assert traces(left, who="U5", words=fresh) == traces(kept, who="U5", words=fresh) - {"threads.askers"}  # all old
    assert await store.expire(NOON - timedelta(days=7)) == {}


async def resolve_handoffs(database: Database) -> None:
    """Those of the customers themselves; the one of U1 stays open."""
    old = tables.handoffs.c.customer_user == WHO
    values = {"state": HandoffState.RESOLVED.value}
    await database.write(lambda connection: connection.execute(update(tables.handoffs).where(old).values(values)))


async def age(database: Database, words: str) -> None:
    """Date back what the stores date by the clock; of two claimed messages one is answered."""
    old, answered = NOON - timedelta(days=30), tables.inbox.c.message_id == f"{words}/1"
    now = {"received_at": datetime.now(UTC)}
    statements = [
        update(tables.inbox).values(received_at=old).where(tables.inbox.c.user_id == WHO),
        update(tables.inbox).values(state=JobState.ANSWERED.value).where(answered),
        update(tables.inbox).values(now).where(tables.inbox.c.user_id != WHO),
        update(tables.threads).values(updated_at=old),
        update(tables.posted_messages).values(created_at=old).where(tables.posted_messages.c.user_id == WHO),
    ]
    for statement in statements:
        await database.write(lambda connection, statement=statement: connection.execute(statement))


def strip(row: dict[str, str], names: set[str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name not in names}


async def test_the_room_of_what_was_deleted_is_freed_on_either_engine(database: Database) -> None:
    await fill(database, WHO, WORDS)
    with capture_logs() as logs:
        assert await compacting.compact_files(database, tables.metadata.tables) is True
    assert logs == []


# -- SQLite's files -----------------------------------------------------------------------------------------------


def bytes_of(database: Database) -> bytes:
    """All that stands in the database's files."""
    path = Path(database.address.shown)
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


@contextmanager
def busy(database: Database) -> Iterator[None]:
    """Another process reads and writes all the time."""
    stop = threading.Event()

    def work() -> None:
        path = database.address.shown
        reader, writer = (sqlite3.connect(path, isolation_level=None, timeout=10) for _ in range(2))
        while not stop.is_set():
            reader.execute("BEGIN")
            reader.execute("SELECT count(*), max(answer) FROM turns").fetchone()
            with suppress(sqlite3.OperationalError):  # kept waiting for long
                writer.execute("INSERT INTO markers VALUES ('busy', '1') ON CONFLICT (name) DO UPDATE SET value = '2'")
            time.sleep(0.01)
            reader.execute("COMMIT")
        reader.close()
        writer.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def test_what_is_forgotten_stands_in_no_file_while_others_use_the_database(sqlite_database: Database) -> None:
    await fill(sqlite_database, WHO, WORDS, turns=100)
    await fill(sqlite_database, "U1", "words of others ", turns=50)
    assert WORDS.encode() in bytes_of(sqlite_database)
    with busy(sqlite_database):
        store = SqlPrivacyStore(sqlite_database)
        assert (await store.forget("slack", WHO))["turns"] == 200
        assert await store.compact()
        left = bytes_of(sqlite_database)
        assert WORDS.encode() not in left
        assert WHO.encode() not in left
        assert b"words of others " in left
    check = await sqlite_database.read(lambda connection: connection.exec_driver_sql("PRAGMA integrity_check"))
    assert check.scalar() == "ok"


async def test_what_expires_stands_in_no_file(sqlite_database: Database) -> None:
    await SqlConversationStore(sqlite_database).add_turn(make_turn(answer=WORDS * 3000))
    with busy(sqlite_database):
        store = SqlPrivacyStore(sqlite_database)
        await store.expire(NOON + timedelta(days=1))
        assert await store.compact()
        assert WORDS.encode() not in bytes_of(sqlite_database)


async def test_what_an_older_frontdesk_deleted_leaves_its_file_too(sqlite_database: Database) -> None:
    old = sqlite3.connect(sqlite_database.address.shown, isolation_level=None)
    old.execute("PRAGMA secure_delete = OFF")
    for number in range(300):
        old.execute("INSERT INTO markers VALUES (?, ?)", (f"m{number}", WORDS * 20))
    old.execute("DELETE FROM markers")
    old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert WORDS.encode() in bytes_of(sqlite_database)
    store = SqlPrivacyStore(sqlite_database)
    assert await store.forget("slack", "nobody") == {}
    assert await store.compact()
    assert WORDS.encode() not in bytes_of(sqlite_database)
    old.close()


async def test_what_a_reader_holds_up_is_told_and_done_the_next_time(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "_WAIT_SECONDS", 0.01)
    await SqlConversationStore(sqlite_database).add_turn(make_turn(platform="slack", user=WHO, answer=WORDS))
    reader = sqlite3.connect(sqlite_database.address.shown, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM turns").fetchall()
    store = SqlPrivacyStore(sqlite_database)
    with capture_logs() as logs:
        assert (await store.forget("slack", WHO))["turns"] == 1
        assert not await store.compact()
    assert [(log["log_level"], "readers were in the way" in log["cause"]) for log in logs] == [("warning", True)]
    assert WORDS.encode() in bytes_of(sqlite_database)
    reader.execute("COMMIT")
    with capture_logs() as logs:
        assert await store.compact()
    assert logs == []
    assert WORDS.encode() not in bytes_of(sqlite_database)
    reader.close()


async def test_a_database_that_is_clean_is_not_written_anew_each_time(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, alone = SqlPrivacyStore(sqlite_database), sqlite_database.run_outside_transaction
    calls: list[object] = []

    async def counted(work: Any, **options: Any) -> Any:
        calls.append(work)
        return await alone(work, **options)

    monkeypatch.setattr(sqlite_database, "run_outside_transaction", counted)
    await store.expire(NOON)
    await store.compact()
    assert len(calls) == 2  # VACUUM and checkpoint, for what may have been deleted before
    await store.expire(NOON)
    await store.compact()
    assert len(calls) == 2
    await SqlConversationStore(sqlite_database).add_turn(make_turn())
    await store.expire(NOON + timedelta(days=1))
    await store.compact()
    assert len(calls) == 4


async def test_who_is_looked_for_keeps_nobody_from_writing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows are looked through: what writes is a batch at a time, by its keys."""
    for user in (WHO, "U1"):
        await fill(sqlite_database, user, f"words of {user}", turns=60)
    store, write, written = SqlPrivacyStore(sqlite_database), sqlite_database.write, []

    async def count_rows(work: Any, **options: Any) -> Any:
        done = await write(work, **options)
        written.append((options.get("urgent", True), done or {}))
        return done

    monkeypatch.setattr(sqlite_database, "write", count_rows)
    assert await store.forget("slack", "nobody", note=False) == {} and written == []
    assert (await store.forget("slack", WHO, note=False))["turns"] == 120
    assert not any(urgent for urgent, _ in written)
    assert max(rows.get("turns", 0) for _, rows in written) == 50


async def test_who_writes_meanwhile_does_not_wait_for_the_files(sqlite_database: Database) -> None:
    conversations, store = SqlConversationStore(sqlite_database), SqlPrivacyStore(sqlite_database)
    for number in range(600):
        user = WHO if number == 0 else "U2"
        said = WORDS if user == WHO else "word "
        await conversations.add_turn(make_turn(platform="slack", user=user, answer=said * 9000))
    await store.forget("slack", WHO)
    compacting = asyncio.create_task(store.compact(give_way=True))
    while sqlite_database._giving_way is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await conversations.add_turn(make_turn(platform="slack", user="U1"))
    assert not await compacting
    assert await store.compact(give_way=True)
    assert WORDS.encode() not in bytes_of(sqlite_database)
    assert len(await conversations.list_turns(limit=None)) == 600


async def test_what_a_process_does_time_and_again_cuts_no_compaction_off(sqlite_database: Database) -> None:
    """However long it takes: a heartbeat comes every few seconds."""
    conversations, store = SqlConversationStore(sqlite_database), SqlPrivacyStore(sqlite_database)
    inbox, notes = SqlInboxStore(sqlite_database, update_thread, "one", 60), SqlMarkers(sqlite_database)
    for _ in range(300):
        await conversations.add_turn(make_turn(platform="slack", user="U2", answer="word " * 9000))
    compacting = asyncio.create_task(store.compact(give_way=True))
    while sqlite_database._giving_way is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
    beats = [inbox.extend_lease(), inbox.reclaim_expired(["slack"]), notes.set("cursor", "now", urgent=False)]
    await asyncio.gather(*beats)
    assert await compacting
    assert await notes.get("cursor") == "now"


async def test_what_was_being_answered_when_its_asker_was_forgotten_is_not_kept(
    database: Database, store: PrivacyStore
) -> None:
    conversations, asked = SqlConversationStore(database), datetime.now(UTC)
    await store.forget("slack", WHO)
    await conversations.add_turn(make_turn(id="a" * 32, platform="slack", user=WHO, created_at=asked))
    await conversations.add_turn(make_turn(id="b" * 32, platform="discord", user=WHO, created_at=asked))
    await conversations.add_turn(make_turn(id="c" * 32, platform="slack", user=WHO, created_at=datetime.now(UTC)))
    assert {turn.id[0] for turn in await conversations.list_turns()} == {"b", "c"}
    assert all(WHO not in row["name"] for row in (await dump(database))["markers"])
