"""An inbox over a real store on SQLite, a platform that keeps what it is told, and answers from a script."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from bot.chat.conversation import Turn
from bot.chat.message import Job, JobState, Party, ThreadRef
from bot.chat.platform import StandingReplies
from bot.database.database import Database
from bot.errors import DeliveryError, Refusal, StorageError
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.service import HandoffService
from bot.handoff.store import SqlHandoffStore
from bot.i18n import words_for
from bot.inbox.assembly import build_inbox
from bot.inbox.limits import InboxLimits
from bot.inbox.masking import MessageMasking
from bot.inbox.policy import update_thread
from bot.inbox.service import InboxService
from bot.inbox.store import SqlInboxStore
from tests.fakes import (
    CountingMeter,
    FakeIntents,
    FakeMessenger,
    MemoryConversations,
    ScriptedAnswering,
    undeliverable,
)
from tests.support.turns import make_turn

QUICK = InboxLimits(workers=4, seconds=5, lease=0.4, pause=0.01, told_after=0.05)
EN = words_for("en")
SUPPORT = ThreadRef("test", "T1", "CSUPPORT", "packet")


class FlakyStore(SqlInboxStore):
    """A real store whose methods named in `broken` fail so many times."""

    broken: Counter[str]

    def __getattribute__(self, name: str) -> Any:
        attribute = super().__getattribute__(name)
        if name not in {
            "claim_message",
            "find_job",
            "start_job",
            "finish_job",
            "record_reply",
            "extend_lease",
            "release_lease",
        }:
            return attribute

        async def call(*args: Any, **options: Any) -> Any:
            if self.broken[name] > 0:
                self.broken[name] -= 1
                raise StorageError("The database is locked: end the other process.")
            return await attribute(*args, **options)

        return call


class Forgetful(FakeMessenger):
    """A platform that does not tell what stands on it, for a reason of that kind."""

    def __init__(self, kind: Refusal) -> None:
        super().__init__()
        self.kind, self.refuses_history = kind, True

    async def find_standing_replies(self, item: Job) -> StandingReplies:
        if self.refuses_history:
            raise DeliveryError("missing_scope", self.kind)
        return await super().find_standing_replies(item)


class FakeHanding(HandoffService):
    """Keeps what it is told; raises what is in `faults` first. `where` is where questions can be handed over."""

    def __init__(self) -> None:
        self.relayed: list[tuple[Party | None, str]] = []
        self.opened: list[tuple[str, HandoffReason]] = []
        self.given_up: list[str] = []
        self.forgotten: list[str] = []
        self.faults: list[Exception] = []
        self.where = True
        self.excuse = ""  # what is to be said where people cannot be reached

    def can_hand_over(self, place: ThreadRef) -> bool:
        return self.where

    async def relay_message(self, item: Job, text: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.relayed.append((item.message.side, text))

    async def open_for(self, item: Job, turn: Turn, reason: HandoffReason) -> str:
        self.opened.append((turn.question, reason))
        return self.excuse

    async def forget_message(self, item: Job) -> None:
        self.forgotten.append(item.message.text)

    async def give_up(self, item: Job) -> None:
        self.given_up.append(item.message.text)


@dataclass
class Office:
    """An inbox at work, and what stands around it."""

    inbox: InboxService
    store: FlakyStore
    messenger: FakeMessenger
    answering: ScriptedAnswering
    conversations: MemoryConversations
    meter: CountingMeter
    masking: MessageMasking
    running: asyncio.Task[None]

    async def state_of(self, message: Any) -> JobState:
        job = await self.store.find_job(message.key)
        assert job is not None
        return job.state


@asynccontextmanager
async def open_office(
    database: Database,
    limits: InboxLimits = QUICK,
    messenger: FakeMessenger | None = None,
    conversations: MemoryConversations | None = None,
    owner: str = "",
    joined: bool = True,
    running: bool = True,
    handing: FakeHanding | None = None,
    on_abstention: bool = False,
    mask: Callable[[str], str] = lambda text: text,
    on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
) -> AsyncIterator[Office]:
    conversations, messenger, meter = (
        conversations or MemoryConversations(),
        messenger or FakeMessenger(),
        CountingMeter(),
    )
    store = FlakyStore(database, update_thread, owner, limits.lease)
    store.broken = Counter()
    answering, masking = ScriptedAnswering(conversations), MessageMasking(mask)
    inbox = build_inbox(
        answering,
        conversations,
        store,
        meter,
        limits,
        intents=FakeIntents(),
        masking=masking,
        handoffs=handing,
        on_abstention=on_abstention,
        on_undeliverable=on_undeliverable,
    )
    if joined:
        inbox.add_platform("test", messenger)
    task = asyncio.create_task(inbox.run() if running else asyncio.sleep(0))
    yield Office(inbox, store, messenger, answering, conversations, meter, masking, task)
    await inbox.drain(0)
    await end_task(task)


async def end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def die(office: Office) -> None:
    """End an inbox as SIGKILL does: nothing is finished and nothing released."""
    office.store.broken["release_lease"] = 1
    with pytest.raises(StorageError):
        await office.inbox.drain(0)
    await end_task(office.running)


async def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what it waits for sets no event)
            await asyncio.sleep(0.005)


async def settled(office: Office, count: int = 1) -> None:
    """Until so many jobs came to their end."""
    await until(lambda: len(office.meter.ends) >= count)


class LosesReplies(FakeMessenger):
    """Refuses the first `closed` places, opens them again after that, and loses the reply to the first `lost` posts,
    which stand all the same. What stands is found in its own place only."""

    def __init__(self, closed: int, lost: int, *, begins: bool = False) -> None:
        super().__init__()
        self.other_places, self.closed, self.lost, self.begins = 3, closed, lost, begins

    async def show_answer(self, item: Job, events: AsyncIterator[Any], keep: Any) -> None:
        if self.closed:
            self.closed -= 1
            if self.begins:  # closed in mid-answer: the beginning stands, and was noted
                where = item.message.reply_target.get("elsewhere", "0")
                self.posts[post := f"{item.message.id}/{where}/begun"] = "begun"
                await keep([{"post": post}])
            raise undeliverable(permanent=True)
        if item.replies and self.posts.get(item.replies[0]["post"]) == "begun":
            raise undeliverable(permanent=True)  # nor is it edited there
        await super().show_answer(item, events, keep)

    async def _open(self, item: Job, keep: Any) -> str:
        where = item.message.reply_target.get("elsewhere", "0")
        post = item.replies[0]["post"] if item.replies else f"{item.message.id}/{where}/{len(self.posts)}"
        self.posts[post] = ""
        if self.lost:
            self.lost -= 1
            raise undeliverable(permanent=False)
        await keep([{"post": post}])
        return post

    async def find_standing_replies(self, item: Job) -> StandingReplies:
        where = item.message.reply_target.get("elsewhere", "0")
        begins = f"{item.message.id}/{where}/"
        return StandingReplies([{"post": post} for post in self.posts if post.startswith(begins)])


async def handed(database: Database, customer: ThreadRef, state: HandoffState = HandoffState.OPEN) -> None:
    """A conversation that is with people."""
    turn = make_turn()
    await SqlHandoffStore(database).open_handoff(
        Handoff(
            "a" * 32, state, HandoffReason.BUTTON, "c", turn.id, "Where?", "en", customer, "ann", "Ann", SUPPORT,
            turn.created_at, turn.created_at,
        )
    )  # fmt: skip


def shout(text: str) -> str:
    """A mask that hides digits."""
    return re.sub(r"\d+", "[number]", text)


Opens = Callable[..., Awaitable[Office]]
