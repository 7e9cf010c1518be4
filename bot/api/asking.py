"""Questions by programs: through the inbox like everybody's, so that its turns, budgets and limits hold, and given up
when their caller goes away."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.chat.conversation import AnswerEvent, Stage, Turn
from bot.chat.message import Audience, ChatMessage, Job, ThreadRef
from bot.chat.plain_replies import PlainReplies
from bot.chat.platform import KeepReplies
from bot.chat.reply_stream import AnswerView, follow_answer
from bot.errors import StorageError
from bot.i18n.locales import language_of_locale
from bot.inbox.service import InboxService
from bot.platforms.api.platform import NAME, SEPARATOR
from bot.runtime.tasks import AttendedTasks


@dataclass(frozen=True, slots=True)
class Queued:
    """So many questions come first."""

    ahead: int


@dataclass(frozen=True, slots=True)
class TextSoFar:
    """All of the answer's Markdown so far; `links` are the addresses that may be linked to in it."""

    text: str
    links: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete and stored."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Excused:
    """There is no answer, for the reason that this line tells the customer."""

    line: str


ReplyEvent = Queued | Stage | TextSoFar | Answered | Excused


class OverBudget(Exception):
    """Whoever asks has had enough for now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"within budget in {seconds:.0f} s")


class PendingReply:
    """What a request waits for; `live`: it is shown as it comes."""

    def __init__(self, place: ThreadRef, *, live: bool) -> None:
        self.place = place
        self.live = live
        self.ended = False
        self._events: asyncio.Queue[ReplyEvent] = asyncio.Queue()

    def tell(self, event: ReplyEvent) -> None:
        """Something comes; after the end, nothing does."""
        if not self.ended:
            self.ended = isinstance(event, Answered | Excused)
            self._events.put_nowait(event)

    async def next_event(self) -> ReplyEvent:
        """The next, once it comes. `Answered` or `Excused` is the last."""
        return await self._events.get()

    async def wait_for_end(self) -> Answered | Excused:
        """The last."""
        while True:
            event = await self.next_event()
            if isinstance(event, Answered | Excused):
                return event


class _PendingView(AnswerView):
    """Tells a request how its answer goes on."""

    def __init__(self, pending: PendingReply) -> None:
        self._pending = pending

    async def show_stage(self, stage: Stage) -> None:
        self._pending.tell(stage)

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self._pending.tell(TextSoFar(text, links))


class ApiReplies(PlainReplies):
    """Implements `bot.chat.platform.ReplySender`: hands answers to the requests of this process that wait for them. A
    question that nobody waits for any more is given up."""

    def __init__(self, inbox: InboxService) -> None:
        super().__init__(self._tell_line)
        self._inbox = inbox
        self._pending: dict[str, PendingReply] = {}  # by the message's id
        self._stops = AttendedTasks("questions that were given up")

    def await_reply(self, message: ChatMessage, *, live: bool) -> PendingReply:
        """What a request is told of the answer to its message, until it is forgotten."""
        self._pending[message.id] = PendingReply(message.place, live=live)
        return self._pending[message.id]

    def forget_reply(self, message: ChatMessage) -> None:
        """Nobody waits any more: what is still being done for it is stopped."""
        pending = self._pending.pop(message.id, None)
        if pending and not pending.ended:
            self._give_up(message.place)

    async def end_all(self, line: str) -> None:
        """Let every request go that still waits, with that line; its question is not taken up again."""
        for pending in list(self._pending.values()):
            if not pending.ended:
                pending.tell(Excused(line))
                with suppress(StorageError):  # the next start finds that nobody waits
                    await self._inbox.stop_thread(pending.place)
        await self._stops.await_all()

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        pending = self._pending.get(job.message.id)
        if pending is None:  # its caller went with the process that took the question
            self._give_up(job.message.place)
            await asyncio.Event().wait()  # to be stopped by that
            return
        turn = await follow_answer(events, _PendingView(pending) if pending.live else None)
        pending.tell(Answered(turn))
        await keep([{"job": job.id}])

    def can_replace(self, job: Job) -> bool:
        pending = self._pending.get(job.message.id)
        return pending is not None and pending.live

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        if pending := self._pending.get(job.message.id):
            pending.tell(Queued(ahead))

    async def _tell_line(self, job: Job, text: str) -> None:
        if pending := self._pending.get(job.message.id):
            pending.tell(Excused(text))

    def _give_up(self, place: ThreadRef) -> None:
        self._stops.attend_to(asyncio.create_task(self._inbox.stop_thread(place)))


class Asking:
    """Asks questions in the name of keys, on a platform whose replies are `replies`."""

    def __init__(self, inbox: InboxService, replies: ApiReplies, platform: str = NAME) -> None:
        self._inbox = inbox
        self._replies = replies
        self._platform = platform

    @asynccontextmanager
    async def ask_question(
        self, key: str, question: str, conversation: str, *, user: str = "", language: str = "", live: bool = False
    ) -> AsyncIterator[PendingReply]:
        """A question by the key of that name, claimed; whoever leaves before its end gives it up. Raises OverBudget,
        StorageError."""
        message_id = uuid.uuid4().hex
        message = ChatMessage(
            ThreadRef(self._platform, key, key, message_id),
            message_id,
            name_user(key, user or conversation),  # strangers of one conversation are one, of several are several
            question,
            Audience.COMMAND,
            conversation_id=name_conversation(key, conversation, self._platform),
            language=language_of_locale(language) if language else "",
        )
        if wait := self._inbox.find_wait(message.place, message.user):
            raise OverBudget(wait)
        pending = self._replies.await_reply(message, live=live)
        try:
            await self._inbox.receive_message(message)
            yield pending
        finally:
            self._replies.forget_reply(message)


def name_user(key: str, user: str) -> str:
    """A key's customer as they are kept: each key has its own."""
    return f"{key}{SEPARATOR}{user}"


def name_conversation(key: str, conversation: str, platform: str = NAME) -> str:
    """A key's conversation as it is kept: no other key, and no other platform, has one of that id."""
    return SEPARATOR.join((platform, key, conversation))


def is_of_key(turn: Turn, key: str) -> bool:
    """Whether a turn was made by the key of that name."""
    return turn.platform == NAME and turn.conversation_id.startswith(name_conversation(key, ""))
