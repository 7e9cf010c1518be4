"""A chat in the terminal: lines go through a real inbox, as messages of any platform do."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.answering.pipeline import AnswerPipeline
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import Decision, Vote
from bot.chat.message import Audience, ChatMessage, ThreadRef
from bot.database.database import Database
from bot.inbox.assembly import build_inbox
from bot.inbox.limits import InboxLimits
from bot.inbox.notices import Notices, Voting
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.store import SqlInboxStore
from bot.platforms.services import PlatformServices
from bot.platforms.terminal.answers import AnswerPrinter
from bot.platforms.terminal.chat import TerminalChat
from retrieval.documents import Document, RetrievalResult
from retrieval.errors import ModelError
from tests.fakes import CountingMeter, MemoryConversations, NotingLearning, found
from tests.support.embedding import intent_reader

RETURNS = Document("https://shop.example/returns", "How do I return goods?", "1. Open the **portal**.\n2. Wait.")


class Shelf:
    """Always finds the page on returns, once it may; with `empty`, there is no model to search with."""

    def __init__(self) -> None:
        self.empty, self.asked, self.may = False, asyncio.Event(), asyncio.Event()
        self.may.set()

    async def retrieve(self, query: str, *, context: object = (), limit: int = 10, **_: Any) -> RetrievalResult:
        self.asked.set()
        await self.may.wait()
        if self.empty:
            raise ModelError("The model is gone: load it again.")
        return found(RETURNS, query=query)


class Desk:
    """What a terminal is opened at: `type_lines` holds a chat, and returns what was printed."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shelf, self.conversations, self.learning = Shelf(), MemoryConversations(), NotingLearning()
        self.store = SqlInboxStore(database, update_thread, lease=1)
        self._folder, self._monkeypatch = folder, monkeypatch

    async def type_lines(
        self, typed: str, conversation: str = "c1", meanwhile: Callable[[], Awaitable[None]] | None = None
    ) -> str:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        out = io.StringIO()
        printer = AnswerPrinter(Console(file=out, width=80, highlight=False, legacy_windows=False))
        async with self._serve() as services:
            chat = TerminalChat(services, conversation, printer=printer)
            beside = asyncio.ensure_future(meanwhile()) if meanwhile else None
            async with asyncio.timeout(20):
                await chat.run()
            await chat.close()
            if beside:
                await beside
        return out.getvalue()

    @asynccontextmanager
    async def _serve(self) -> AsyncIterator[PlatformServices]:
        pipeline = AnswerPipeline(self.shelf, self.conversations, ExtractiveWriter(), intents=intent_reader())
        inbox = build_inbox(
            pipeline, self.conversations, self.store, CountingMeter(), InboxLimits(pause=0.01), intents=intent_reader()
        )
        notices = Notices({}, {}, {}, None)  # type: ignore[arg-type]  # what was taught is not asked for
        voting = Voting(self.conversations, notices, str, self.learning)
        nothing = dict.fromkeys(("markers", "posted_messages", "catalogue", "console", "handoffs"))
        working = asyncio.create_task(inbox.run())
        try:
            yield PlatformServices(  # type: ignore[arg-type]  # a terminal asks no more of them
                inbox=inbox,
                inbox_store=self.store,
                conversations=self.conversations,
                voting=voting,
                posters={},
                allowed_networks=(),
                data_dir=self._folder,
                mask=str,
                **nothing,
            )
            await inbox.drain(5)
        finally:
            working.cancel()


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    database = await Database.open(f"sqlite:///{tmp_path / 'chat.db'}")
    try:
        yield Desk(database, tmp_path, monkeypatch)
    finally:
        await database.close()


async def test_a_chat_answers_line_by_line_until_the_input_ends(desk: Desk) -> None:
    text = await desk.type_lines("hi\n\nHow do I return goods?\n/why\n/good clear\n")
    stored = desk.conversations.stored
    assert [turn.decision for turn in stored] == [Decision.CHITCHAT, Decision.ANSWER]
    assert {turn.conversation_id for turn in stored} == {"c1"}
    assert {(turn.platform, turn.user) for turn in stored} == {("terminal", "terminal")}
    assert 0 < text.index("Hello!") < text.index("Open the **portal**") < text.index("answer: confidence 0.90")
    assert [(v.vote, v.reason) for v in desk.conversations.votes.values()] == [(Vote.UP, "clear")]
    assert desk.learning.noted == [(stored[1].id, Vote.UP, "terminal")]


async def test_a_chat_has_commands(desk: Desk) -> None:
    text = await desk.type_lines("/why\n/help\n/frobnicate\nhello\n/new\nhello\n/quit\nHow do I return goods?\n")
    assert "Nothing was asked" in text
    assert "start a new conversation" in text
    assert "no command /frobnicate" in text
    stored = desk.conversations.stored
    assert len({turn.conversation_id for turn in stored}) == len(stored) == 2


async def test_a_fault_is_one_line_and_the_chat_goes_on(desk: Desk) -> None:
    desk.shelf.empty = True
    text = await desk.type_lines("How do I return goods?\nhello\n")
    assert "went wrong" in text
    assert "The model is gone" not in text  # that stands in the log
    assert "Hello!" in text


async def test_a_conversation_is_gone_on_with(desk: Desk) -> None:
    await desk.type_lines("How do I return goods?\n")
    text = await desk.type_lines("/why\n")
    assert "Going on after: How do I return goods?" in text
    assert "answer: confidence" in text


async def test_an_answer_that_cannot_be_stored_is_shown_all_the_same(desk: Desk) -> None:
    desk.conversations.broken = True
    text = await desk.type_lines("How do I return goods?\n")
    assert "Open the **portal**" in text


async def test_ctrl_c_stops_an_answer_and_the_chat_goes_on(desk: Desk) -> None:
    desk.shelf.may.clear()

    async def interrupt() -> None:
        await desk.shelf.asked.wait()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.5)
        desk.shelf.may.set()

    text = await desk.type_lines("How do I return goods?\nhello\n", meanwhile=interrupt)
    assert 0 < text.index("Stopped.") < text.index("Hello!")
    assert "portal" not in text


async def test_what_an_earlier_chat_was_cut_off_from_is_answered_for_the_record_alone(desk: Desk) -> None:
    place = ThreadRef("terminal", "", "gone", "m1")
    dead = SqlInboxStore(desk.store._database, update_thread, lease=0)
    await dead.claim_message(
        ChatMessage(place, "m1", "terminal", "How do I return goods?", Audience.DIRECT, conversation_id="gone"),
        classify_message,
    )
    await asyncio.sleep(0.05)
    desk.shelf.may.clear()

    async def wait_for_takeover() -> None:
        await desk.shelf.asked.wait()
        desk.shelf.may.set()

    text = await desk.type_lines("hello\nhello\nhello\n", meanwhile=wait_for_takeover)
    assert "portal" not in text
    assert "gone" in {turn.conversation_id for turn in desk.conversations.stored}
