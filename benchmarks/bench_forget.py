"""`/forget-me` in a database of 204,000 turns: what it costs everybody else, and whether the file is compacted.

`frontdesk serve` in a process of its own, Socket Mode, against the tests' stand-in, on a SQLite file of 1.5 GB.
Messages come all the while: steadily before (`before`) and after somebody is forgotten (`steady`), then as often as
leaves a pause to begin in and not one to end in (`sparse`), then none (`compacted_in_seconds`) but one at the worst
moment, when SQLite puts the new file in place and gives way no more (`unlucky_ack_ms`), then steadily again (`after`).
"""

from __future__ import annotations

import asyncio
import json
import mmap
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.bench_slack import QUESTIONS, crawl_shop
from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Citation, Decision, Turn, UsedPassage
from bot.chat.message import Audience, ChatMessage, JobState, ThreadRef
from bot.database.database import Database
from bot.database.tables import conversations, inbox, turn_passages, turns
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.store import SqlInboxStore
from examples.serve import serving
from tests.support.bots import Bot, Knowledge
from tests.support.slack import SlackStandIn

TURNS = 204_000
EACH = 408  # of so many turns one is of whoever is forgotten
WHO, SECRET = "U0FORGOTTEN", "Zyxomma-Batterie"
STEADY_SECONDS, SPARSE_SECONDS = 0.5, 4.0  # between two messages
PHASE_SECONDS = 40.0
QUIET_SECONDS = 300.0  # at most, until the file is compacted
FILES = ("", "-wal", "-shm")
_BATCH = 2_000
_LOG_GROWS = 20e6  # bytes: more than any answer writes


def run() -> dict[str, float]:
    """-> of each phase how soon events were acknowledged (milliseconds), and what became of the file."""
    with tempfile.TemporaryDirectory() as folder, serving() as site:
        return asyncio.run(_measure(crawl_shop(Path(folder) / "data", site.url), Path(folder) / "bot"))


async def _measure(shop: Knowledge, folder: Path) -> dict[str, float]:
    async with SlackStandIn() as slack:
        bot = Bot(slack, shop, folder, FRONTDESK_USER_BUDGET="0", FRONTDESK_LOG_LEVEL="WARNING")
        bot.settings["FRONTDESK_DATABASE_URL"] = f"sqlite:///{bot.sqlite}"
        await _fill(bot.settings["FRONTDESK_DATABASE_URL"])
        slack.ack_deadline = 60  # late acknowledgements are to be measured, not repeated
        figures = {"file_mb_before": _size_of(bot.sqlite) / 1e6}
        async with bot:
            talk = _Talk(slack)
            figures |= await talk.go_on("before", STEADY_SECONDS)
            forgetting = asyncio.create_task(_forget(slack))
            figures |= await talk.go_on("steady", STEADY_SECONDS)
            figures["forgotten_in_seconds"] = await forgetting
            figures |= await talk.go_on("sparse", SPARSE_SECONDS)
            unlucky = asyncio.create_task(talk.come_at_the_worst_moment(Path(f"{bot.sqlite}-wal")))
            figures["compacted_in_seconds"] = await _wait_until_compacted(bot.sqlite)
            figures["unlucky_ack_ms"] = await unlucky
            figures |= await talk.go_on("after", STEADY_SECONDS)
        figures["file_mb_after"] = _size_of(bot.sqlite) / 1e6
        figures["traces_left"] = float(sum(_holds(bot.sqlite.with_name(bot.sqlite.name + end)) for end in FILES))
    return figures


# -- the database -----------------------------------------------------------------------------------------------------


async def _fill(url: str) -> None:
    """One turn and its message by the stores, and as many like them."""
    database = await Database.open(url)
    try:
        await SqlConversationStore(database).add_turn(_make_turn())
        place, question = ThreadRef("slack", "T1", "C1", "0"), _make_turn().question
        asked = ChatMessage(place, "0", "U0OTHER", question, Audience.MENTION)
        await SqlInboxStore(database, update_thread).claim_message(asked, classify_message)
        singles = (conversations, turns, inbox)
        like = {table: await database.read(lambda c, t=table: _rows_of(c, t)) for table in singles}
        passages = await database.read(lambda connection: _rows_of(connection, turn_passages))
        for start in range(0, TURNS, _BATCH):
            ids = {number: uuid.uuid4().hex for number in range(start, min(start + _BATCH, TURNS))}
            rows: dict[Table, list[dict[str, Any]]] = {
                conversations: [like[conversations][0] | {"id": f"slack:T1:C1:{number}"} for number in ids],
                turns: [like[turns][0] | _differing(number, ids[number]) for number in ids],
                inbox: [like[inbox][0] | _differing_message(number, ids[number]) for number in ids],
                turn_passages: [row | {"turn_id": each} for each in ids.values() for row in passages],
            }
            await database.write(lambda connection, rows=rows: _insert(connection, rows))
    finally:
        await database.close()


def _make_turn() -> Turn:
    text = "Send it back within 30 days, unused and in its box; we pay for the parcel. " * 8
    used = UsedPassage("0" * 20, "How do I return something?", "https://shop.example/faq#returns", text, 1, 0.9)
    return Turn(
        id=uuid.uuid4().hex,
        conversation_id="slack:T1:C1:first",
        created_at=datetime.now(UTC) - timedelta(days=30),
        question="How do I return something that I bought last week?",
        standalone_question="How do I return something that I bought last week?",
        language="en",
        decision=Decision.ANSWER,
        answer=text,
        confidence=0.9,
        threshold=0.4,
        citations=(Citation(1, used.title, used.url, used.passage_id),),
        passages=tuple(replace(used, rank=rank) for rank in range(1, 6)),
        features={f"feature_{number}": number / 7 for number in range(12)},
        index_version="20260301-1",
        model="extractive",
        timings_ms={"retrieve": 3.25, "write": 0.5, "decide": 0.125},
        platform="slack",
        user="U0OTHER",
    )


def _differing(number: int, turn_id: str) -> dict[str, Any]:
    """What a turn has of its own."""
    own = {"id": turn_id, "conversation_id": f"slack:T1:C1:{number}", "user_id": f"U{number % 5_000}"}
    return own | ({"user_id": WHO, "question": SECRET, "answer": f"{SECRET} " * 40} if number % EACH == 0 else {})


def _differing_message(number: int, turn_id: str) -> dict[str, Any]:
    """What a turn's message has of its own."""
    own = {"id": turn_id, "message_id": f"m{number}", "turn_id": turn_id, "state": JobState.ANSWERED.value}
    return own | {"user_id": WHO if number % EACH == 0 else f"U{number % 5_000}"}


async def _rows_of(connection: AsyncConnection, table: Table) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(select(table))).mappings()]


async def _insert(connection: AsyncConnection, rows: dict[Table, list[dict[str, Any]]]) -> None:
    for table, those in rows.items():
        await connection.execute(insert(table), those)


def _size_of(file: Path) -> int:
    return file.stat().st_size


def _holds(file: Path) -> bool:
    """Whether the words of whoever was forgotten stand in a file."""
    if not file.exists() or not file.stat().st_size:
        return False
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(SECRET.encode()) >= 0


# -- what happens -----------------------------------------------------------------------------------------------------


class _Talk:
    """People who ask in private conversations, each a question."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._numbers = count()

    async def go_on(self, phase: str, pause: float) -> dict[str, float]:
        """For a while, by the clock and not by the answers; -> how soon that was acknowledged, when all of it was."""
        asked: set[str] = set()
        started = time.monotonic()
        while (passed := time.monotonic() - started) < PHASE_SECONDS:
            asked.add(await self._ask())
            await asyncio.sleep(max(0.0, len(asked) * pause - passed))
        acks = sorted(await self._slack.wait_for(lambda: self._acknowledged(asked), 120))
        return {
            f"{phase}_ack_p50_ms": statistics.median(acks) * 1000,
            f"{phase}_ack_p99_ms": acks[int(len(acks) * 0.99)] * 1000,
            f"{phase}_ack_worst_ms": acks[-1] * 1000,
        }

    async def come_at_the_worst_moment(self, log: Path) -> float:
        """Ask as soon as SQLite's log grows; -> milliseconds until that was acknowledged."""
        before = _size_of(log)
        await self._slack.wait_for(lambda: _size_of(log) > before + _LOG_GROWS, QUIET_SECONDS)
        asked = await self._ask()
        return 1000 * (await self._slack.wait_for(lambda: self._acknowledged({asked}), 120))[0]

    async def _ask(self) -> str:
        number = next(self._numbers)
        user = f"U1ASKS{number}"
        self._slack.add_user(user)
        return await self._slack.say(self._slack.dm(user), user, QUESTIONS[number % len(QUESTIONS)])

    def _acknowledged(self, asked: set[str]) -> list[float]:
        """The seconds of each, once there are all."""
        sent = self._slack.deliveries
        events = {each.payload["event_id"] for each in sent if each.payload.get("event", {}).get("ts") in asked}
        acks = [ack.seconds for ack in self._slack.acks if ack.event_id in events]
        return acks if len(acks) >= len(asked) else []


async def _forget(slack: SlackStandIn) -> float:
    """Somebody says /forget-me and confirms it; -> after how many seconds they were told that it is done."""
    slack.add_user(WHO)
    channel = slack.dm(WHO)
    await slack.command("/forget-me", WHO, channel)
    question = await slack.wait_for(lambda: next(iter(slack.bot_messages(channel)), None), 30)
    started = time.monotonic()
    await slack.click(WHO, channel, question.ts, "do:forget_me:0")
    await slack.wait_for(lambda: any("Done" in each.shown for each in slack.bot_messages(channel)), 120)
    return time.monotonic() - started


async def _wait_until_compacted(file: Path) -> float:
    """-> seconds; infinity where it does not come to that."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < QUIET_SECONDS:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            if connection.execute("SELECT value FROM markers WHERE name = 'storage:vacuumed'").fetchall() == [("yes",)]:
                return passed
        await asyncio.sleep(0.5)
    return float("inf")


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
