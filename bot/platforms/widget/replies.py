"""Implements `bot.chat.platform.ReplySender` for the widget: a reply is one message, known by its job."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Stage
from bot.chat.message import Job, ThreadRef
from bot.chat.platform import KeepReplies, StandingReplies
from bot.chat.ports import PostedMessages
from bot.chat.reply_stream import AnswerView, follow_answer
from bot.errors import DeliveryError, Refusal, StorageError
from bot.i18n.language import words_for_text
from bot.platforms.widget.bodies import (
    close_offer,
    describe_answer,
    describe_line,
    describe_progress,
    describe_status,
)
from bot.platforms.widget.streams import Streams
from bot.platforms.widget.visits import NAME

_EVERY_SECONDS = 0.08  # between two states of an answer that is being written


def name_reply(job_id: str) -> str:
    """The message that stands for a job: the same for whichever process shows it, so that none is shown twice."""
    return f"reply:{job_id}"


class WidgetReplies:
    """`handoff`: whether a question of that place can be handed to people."""

    def __init__(self, posted: PostedMessages, streams: Streams, handoff: Callable[[ThreadRef], bool]) -> None:
        self._posted = posted
        self._streams = streams
        self._handoff = handoff

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        turn = await follow_answer(events, _LiveAnswer(self._streams, job))
        await self._show_message(job, describe_answer(turn, handoff=self._handoff(job.message.place)), keep)

    def can_replace(self, job: Job) -> bool:
        return True

    async def send_text(self, job: Job, text: str, keep: KeepReplies) -> None:
        await self._show_message(job, describe_line(text), keep)

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        """Whoever looks on sees it; nothing of it stands."""
        line = words_for_text(job.message.text).label("queued", ahead=ahead)
        self._streams.show_progress(job.message.user, name_reply(job.id), describe_status(line))

    async def retract_reply(self, job: Job) -> None:
        try:
            await self._posted.remove_message(NAME, job.message.place.channel, name_reply(job.id))
        except StorageError as error:
            raise _try_later(error) from error
        self._streams.wake_pages(job.message.place.channel)

    async def close_clarification(self, job: Job, settled: ClarificationOutcome, by: Job) -> None:
        channel, name = job.message.place.channel, name_reply(job.id)
        try:
            if standing := await self._posted.find_message(NAME, channel, name):
                await self._posted.put_message(NAME, channel, channel, name, close_offer(standing.body, settled))
        except StorageError as error:
            raise _try_later(error) from error
        self._streams.wake_pages(channel)

    async def find_standing_replies(self, job: Job) -> StandingReplies:
        try:
            found = await self._posted.find_message(NAME, job.message.place.channel, name_reply(job.id))
        except StorageError as error:
            raise _try_later(error) from error
        return StandingReplies([{"name": found.name}] if found else ())

    async def find_other_place(self, job: Job, refusal: DeliveryError) -> Job | None:
        return None

    async def check_access(self) -> None:
        """There is nobody to ask."""

    async def _show_message(self, job: Job, body: Mapping[str, Any], keep: KeepReplies) -> None:
        channel, name = job.message.place.channel, name_reply(job.id)
        try:
            await self._posted.put_message(NAME, channel, channel, name, body)
        except StorageError as error:
            raise _try_later(error) from error
        self._streams.wake_pages(channel)
        await keep([{"name": name}])


class _LiveAnswer(AnswerView):
    """An answer that grows on open pages."""

    def __init__(self, streams: Streams, job: Job) -> None:
        self._streams = streams
        self._visitor = job.message.place.channel
        self._name = name_reply(job.id)
        self._words = words_for_text(job.message.text)
        self._shown_at = 0.0

    async def show_stage(self, stage: Stage) -> None:
        status = describe_status(self._words.labels[stage.value])
        self._streams.show_progress(self._visitor, self._name, status)

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        if text.strip() and time.monotonic() - self._shown_at >= _EVERY_SECONDS:
            await self.show_interim(text, links)

    async def show_interim(self, text: str, links: frozenset[str]) -> None:
        self._shown_at = time.monotonic()
        self._streams.show_progress(self._visitor, self._name, describe_progress(text, links))


def _try_later(error: StorageError) -> DeliveryError:
    return DeliveryError(str(error), Refusal.MOMENT)
