"""Replies on a platform that shows texts one after the other and takes none back: the least that a platform does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from bot.chat.conversation import AnswerEvent, ClarificationOutcome
from bot.chat.message import Job
from bot.chat.plain_text import format_answer
from bot.chat.platform import KeepReplies, StandingReplies
from bot.chat.reply_stream import follow_answer
from bot.errors import DeliveryError


class PlainReplies:
    """Implements `bot.chat.platform.ReplySender`: whatever more a platform can do, a class derived from this does.
    `send` shows a plain text to whoever asked, and raises DeliveryError.

    What was sent is not found again: where a process dies between sending an answer and noting so, it comes twice.
    """

    def __init__(self, send: Callable[[Job, str], Awaitable[None]]) -> None:
        self._send = send

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        await self._send(job, format_answer(await follow_answer(events)))
        await keep([{"job": job.id}])

    def can_replace(self, job: Job) -> bool:
        return False

    async def send_text(self, job: Job, text: str, keep: KeepReplies) -> None:
        await self._send(job, text)
        await keep([{"job": job.id}])

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        """Nothing: it would stand for ever."""

    async def retract_reply(self, job: Job) -> None:
        """Nothing can be."""

    async def close_clarification(self, job: Job, settled: ClarificationOutcome, by: Job) -> None:
        """There are no buttons."""

    async def find_standing_replies(self, job: Job) -> StandingReplies:
        return StandingReplies()

    async def find_other_place(self, job: Job, refusal: DeliveryError) -> Job | None:
        return None

    async def check_access(self) -> None:
        """There is nobody to ask."""
