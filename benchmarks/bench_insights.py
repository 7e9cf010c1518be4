"""The numbers of a log of 200,000 turns over 90 days, on SQLite and on a PostgreSQL of its own: how long each view of
`frontdesk insights` takes, and the lists of the log beside it (milliseconds, the slowest but one of some tries); how
long `gaps` and `log export` take (seconds, once).

The baseline of each is the plainest query on the same rows in the same run: counting the turns of 90 days.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.answering.store import SqlConversationStore
from bot.answering.turn_search import TurnQuery
from bot.answering.turn_search_store import SqlTurnSearch
from bot.app import embedding_models_for
from bot.app.factories import intent_reader_for
from bot.chat.conversation import Decision, Feedback, Turn, UsedPassage, Vote
from bot.chat.intent import Intent
from bot.chat.message import Audience, ChatMessage, ThreadRef
from bot.cli.turns import Format, row_writer
from bot.database.database import Database
from bot.database.tables import conversations, feedback, handoffs, inbox, turn_passages, turns
from bot.gaps.service import Gaps
from bot.gaps.store import SqlMissedStore
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.store import SqlHandoffStore
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.store import SqlInboxStore
from bot.insights.models import Grouping
from bot.insights.service import Insights
from bot.insights.store import SqlInsightStore
from bot.settings import load_settings
from tests.support.postgres import own_server

TURNS, DAYS = 200_000, 90
TRIES = 8
_BATCH = 4_000
_DECISIONS = [Decision.ANSWER] * 12 + [Decision.SUGGEST] * 4 + [Decision.ABSTAIN] * 2 + [Decision.CLARIFY] * 2
_VERBS = ("return", "cancel", "change", "track", "exchange", "repair", "insure", "extend", "print", "collect")
_THINGS = ("order", "parcel", "invoice", "kettle", "password", "address", "voucher", "warranty", "card", "lamp")
_FORMS = (
    "How do I {} my {}?",
    "Can I {} a {} after 30 days?",
    "Where do I {} the {}?",
    "I want to {} my {}, what does it cost?",
    "Is it possible to {} the {} in the shop?",
    "Who helps me to {} the {}?",
)
_LANGUAGES = ("en", "en", "en", "de")


def run() -> dict[str, float]:
    """-> for each engine and view, milliseconds, and times as long as counting the turns."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as closing:
        server = closing.enter_context(own_server())
        urls = {"sqlite": f"sqlite:///{Path(folder) / 'frontdesk.db'}", "postgresql": server.url}
        for engine, url in urls.items():
            figures |= asyncio.run(_measure(engine, url))
    return figures


async def _measure(engine: str, url: str) -> dict[str, float]:
    database = await Database.open(url)
    try:
        await _fill(database)
        if not database.address.is_sqlite:  # as the server does by itself in a minute
            await database.run_outside_transaction(lambda connection: connection.execute(text("VACUUM ANALYZE")))
        baseline = await _time(lambda: _count_turns(database))
        figures = {f"{engine}_count_turns_ms": baseline}
        for name, view in _list_views(database):
            took = await _time(view)
            figures |= {f"{engine}_{name}_ms": took, f"{engine}_{name}_times_counting": took / baseline}
        for name, work in _list_works(database):
            started = time.perf_counter()
            await work()
            figures[f"{engine}_{name}_seconds"] = time.perf_counter() - started
    finally:
        await database.close()
    return figures


def _list_views(database: Database) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    insights, log = Insights(SqlInsightStore(database)), SqlConversationStore(database)
    for days in (7, 30, DAYS):
        yield f"insights_{days}_days", lambda days=days: insights.report(days)
    for grouping in Grouping:
        yield f"insights_by_{grouping.value}", lambda grouping=grouping: insights.report(30, grouping)
    since = datetime.now(UTC) - timedelta(days=30)
    yield "missed_30_days", lambda: SqlMissedStore(database).missed(since)
    yield "log_list", log.list_turns
    search = SqlTurnSearch(database)
    yield "search_newest", lambda: search.find_turns(TurnQuery(sees_limited=True))
    yield "search_words_that_are_nowhere", lambda: search.find_turns(TurnQuery(words=("zebra",)))
    yield "search_person", lambda: search.find_turns(TurnQuery(person="slack:U77"))


def _list_works(database: Database) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    """What takes seconds: the second report of gaps is what a bot that runs gives."""
    models, log = embedding_models_for(load_settings()), SqlConversationStore(database)
    intents = intent_reader_for(load_settings(), models)
    gaps = Gaps(SqlMissedStore(database), lambda: models, lambda: intents)
    yield "gaps_30_days", lambda: gaps.report(days=30)
    yield "gaps_30_days_again", lambda: gaps.report(days=30)
    yield "log_export", lambda: _export(log)


async def _export(log: SqlConversationStore) -> None:
    """As `frontdesk log export` does, to nowhere."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # noqa: ASYNC230
        write = row_writer(nowhere, Format.JSONL)
        async for turn, votes in log.export_turns():
            write(turn, votes)


async def _time(view: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds: the slowest but one, after a first that warms the caches."""
    await view()
    tries = []
    for _ in range(TRIES):
        started = time.perf_counter()
        await view()
        tries.append(1000 * (time.perf_counter() - started))
    return sorted(tries)[-2]


async def _count_turns(database: Database) -> None:
    since = datetime.now(UTC) - timedelta(days=DAYS)

    async def count(connection: AsyncConnection) -> None:
        await connection.execute(select(func.count()).select_from(turns).where(turns.c.created_at >= since))

    await database.read(count)


@dataclass
class _Pattern:
    """A row of each table as the stores write it."""

    rows: dict[Table, list[dict[str, Any]]]


async def _fill(database: Database) -> None:
    """One of each by the stores, and as many like them, in conversations of two."""
    like = await _write_patterns(database)
    draw, now = random.Random(1), datetime.now(UTC)
    for start in range(0, TURNS, _BATCH):
        rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in like.rows}
        for number in range(start, min(start + _BATCH, TURNS)):
            _add_turn(rows, like, number, draw, now)
        await database.write(lambda connection, rows=rows: _insert(connection, rows))


def _add_turn(
    rows: dict[Table, list[dict[str, Any]]], like: _Pattern, number: int, draw: random.Random, now: datetime
) -> None:
    turn, conversation = uuid.uuid4().hex, f"slack:T1:C1:{number // 2}"
    at = now - timedelta(days=DAYS * (1 - number / TURNS), minutes=1 - number % 2)
    own: dict[str, Any] = {"id": turn, "conversation_id": conversation, "created_at": at}
    own |= {"decision": draw.choice(_DECISIONS).value, "language": draw.choice(_LANGUAGES)}
    question = draw.choice(_FORMS).format(draw.choice(_VERBS), draw.choice(_THINGS))
    own |= {"user_id": f"U{number % 5_000}", "question": question, "standalone_question": question}
    waited, page = draw.lognormvariate(6, 1), f"https://shop.example/{draw.randrange(300)}"
    own |= {"timings_ms": {"total": waited}, "waited_ms": waited, "page": page, "source": f"s{draw.randrange(4)}"}
    own |= {"channel": f"C{number % 40}", "asked_on_at": at + timedelta(minutes=1) if number % 2 == 0 else None}
    if draw.random() < 0.03:
        own |= {"decision": Decision.CHITCHAT.value, "small_talk": Intent.THANKS.value}
    rows[turns].append(like.rows[turns][0] | own)
    if number % 2 == 0:
        rows[conversations].append(like.rows[conversations][0] | {"id": conversation})
    message = {
        "id": turn,
        "turn_id": turn,
        "message_id": f"m{number}",
        "channel": f"C{number % 40}",
        "state": "answered",
    }
    rows[inbox].append(like.rows[inbox][0] | message | {"state": "answered"})
    rows[turn_passages] += [row | {"turn_id": turn, "url": page} for row in like.rows[turn_passages]]
    if draw.random() < 0.15:
        vote = draw.choice((Vote.UP, Vote.UP, Vote.DOWN)).value
        rows[feedback].append(like.rows[feedback][0] | {"turn_id": turn, "vote": vote, "created_at": at})
    if draw.random() < 0.03:
        opened = {"id": uuid.uuid4().hex, "turn_id": turn, "conversation_id": conversation, "created_at": at}
        rows[handoffs].append(like.rows[handoffs][0] | opened)


async def _write_patterns(database: Database) -> _Pattern:
    turn, place = _make_turn(), ThreadRef("slack", "T1", "C1", "0")
    await SqlConversationStore(database).add_turn(turn)
    await SqlConversationStore(database).record_vote(Feedback(turn.id, "u1", Vote.DOWN, "too long"))
    message = ChatMessage(place, "0", "U0OTHER", turn.question, Audience.MENTION)
    await SqlInboxStore(database, update_thread).claim_message(message, classify_message)
    head = HandoffState.RESOLVED, HandoffReason.BUTTON, "elsewhere", turn.id, turn.question, "en"
    handoff = Handoff(uuid.uuid4().hex, *head, place, "u1", "Ann", place, turn.created_at, turn.created_at)
    await SqlHandoffStore(database).open_handoff(handoff)
    tables = (conversations, turns, turn_passages, feedback, inbox, handoffs)
    return _Pattern({table: await database.read(lambda c, t=table: _list_rows(c, t)) for table in tables})


def _make_turn() -> Turn:
    text = "Send it back within 30 days, unused and in its box; we pay for the parcel. " * 4
    used = UsedPassage("0" * 20, "How do I return something?", "https://shop.example/faq", text, 1, 0.9)
    return Turn(
        id=uuid.uuid4().hex,
        conversation_id="slack:T1:C1:first",
        created_at=datetime.now(UTC) - timedelta(days=400),
        question="How do I return something?",
        standalone_question="How do I return something?",
        language="en",
        decision=Decision.ANSWER,
        answer=text,
        confidence=0.9,
        threshold=0.4,
        passages=(used, replace(used, rank=2)),
        index_version="20260301-1",
        model="extractive",
        platform="slack",
        user="U0OTHER",
    )


async def _list_rows(connection: AsyncConnection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(select(table))).mappings()]


async def _insert(connection: AsyncConnection, rows: dict[Table, list[dict[str, Any]]]) -> None:
    for table, those in rows.items():
        if those:
            await connection.execute(insert(table), those)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
