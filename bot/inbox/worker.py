"""What a job calls for, done: an answer, a relay, a line of our own, the removal of what stands for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from functools import partial

from bot.chat.conversation import Turn
from bot.chat.message import Disposition, Job, JobState
from bot.chat.platform import ReplySender
from bot.errors import DeliveryError, Refusal, StorageError
from bot.i18n import Words, words_for
from bot.i18n.language import words_for_text
from bot.inbox.answers import JobAnswers, MadeAnswer
from bot.inbox.availability import Platforms
from bot.inbox.delivery import Delivery, DeliveryOutcome
from bot.inbox.jobs import is_same, may_stand_unnoted
from bot.inbox.options import OptionPresses
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.ports import InboxStore
from bot.inbox.relays import HandoffRelays


class WorkOutcome(Enum):
    """What became of the work on a job."""

    ENDED = auto()
    CHANGED = auto()  # it is not owed as we knew it
    LEFT = auto()  # no adapter is here to tell anybody
    PUT_OFF = auto()  # it could not be told now, with nothing wrong in itself


class Worker:
    """Works on one job at a time, and knows nothing of the others."""

    def __init__(
        self,
        store: InboxStore,
        platforms: Platforms,
        delivery: Delivery,
        answers: JobAnswers,
        relays: HandoffRelays,
        presses: OptionPresses,
        outcomes: JobOutcomes,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._delivery = delivery
        self._answers = answers
        self._relays = relays
        self._presses = presses
        self._outcomes = outcomes
        self._closings: set[asyncio.Task[None]] = set()  # of clarifications, beside the answer

    @property
    def side_tasks(self) -> list[asyncio.Task[None]]:
        """What goes on beside the work on jobs, and may outlast it."""
        return list(self._closings)

    async def process_job(self, job: Job, *, unnoted: bool = False) -> WorkOutcome:
        """Begin a job and do what it calls for. `unnoted`: something may stand for it that nobody has noted, though it
        was not begun before."""
        sender = self._platforms.find_sender(job.message.place.platform)
        if sender is None:
            return WorkOutcome.LEFT
        begun = await self._store.start_job(job)
        if begun is None:
            return WorkOutcome.CHANGED
        if begun.state is JobState.RETRACTING:
            return await self.retract_job(begun, unnoted=unnoted)
        closing = self._close_pressed(begun, sender)
        words = _choose_words(begun)
        if begun.judgement is Disposition.RELAY:
            if closing:
                await asyncio.wait({closing})
            return await self._relay_job(begun)
        if begun.judgement is Disposition.QUIET:
            return await self._deliver_line(begun, words.say("quieted"))
        if begun.judgement is Disposition.ANSWER and begun.attempts > 1 and self._delivery.is_overdue(begun):
            return await self._deliver_line(begun, words.say("too_late"), JobState.EXCUSED)
        await self._relays.read_along(begun)
        return await self._answer_job(begun, words, closing, unknown=unnoted or may_stand_unnoted(begun))

    async def excuse_job(self, job: Job, key: str, **values: object) -> WorkOutcome:
        """Begin a job only to tell its author, in the reply of that key, why it is not answered."""
        sender = self._platforms.find_sender(job.message.place.platform)
        if sender is None:
            return WorkOutcome.LEFT
        begun = await self._store.start_job(job)
        if begun is None:
            return WorkOutcome.ENDED  # edited or deleted meanwhile: that is seen to by itself
        if closing := self._close_pressed(begun, sender):
            await asyncio.wait({closing})
        self._outcomes.count_fault(job.message.place.platform, key)
        say = _choose_words(job).say(key, **values)
        return await self._deliver_line(begun, say, JobState.EXCUSED)

    async def excuse_silently(self, job: Job) -> WorkOutcome:
        """End a job whose author was told a moment ago why nothing more is answered."""
        return await self._end_job(job, JobState.EXCUSED)

    async def abandon_job(self, job: Job) -> WorkOutcome:
        """Give a job up that breaks off every time it is begun, once admins know."""
        if await self._delivery.tell_undeliverable(job, "It broke off every time it was begun"):
            return await self._end_job(job, JobState.FAILED)
        return await self._put_off(job)

    async def retract_job(self, job: Job, *, unnoted: bool = False) -> WorkOutcome:
        """Remove what stands for a job whose message is gone. `unnoted` as in `process_job`."""
        await self._relays.forget_message(job)

        async def remove_replies(sender: ReplySender, job: Job) -> None:
            left = job.moved.left if job.moved else ()
            if refusal := await self._delivery.remove_replies(sender, replace(job, replies=(*left, *job.replies))):
                raise refusal

        unknown = unnoted or (not job.replies and job.attempts > 0)
        delivered = await self._delivery.deliver_reply(job, remove_replies, unknown=unknown, here=True)
        if delivered in {DeliveryOutcome.DONE, DeliveryOutcome.REFUSED}:  # what may not be removed stays
            return await self._end_job(job, JobState.WITHDRAWN)
        return await self._follow_undelivered(job, delivered)

    async def _answer_job(
        self, job: Job, words: Words, closing: asyncio.Task[None] | None, *, unknown: bool
    ) -> WorkOutcome:
        """Answer a job, or excuse it. `closing`: the buttons that it pressed are being taken off."""
        made = MadeAnswer()

        async def show_answer(sender: ReplySender, there: Job) -> None:
            async with asyncio.timeout(self._delivery.answer_seconds):
                events = self._answers.stream_events(job, made)  # what stands near it stands where it was asked
                await sender.show_answer(there, events, partial(self._store.record_reply, there))

        try:
            delivered = await self._delivery.deliver_reply(job, show_answer, unknown=unknown)
        except Exception as error:
            excuse = words.say("fault", fault=self._outcomes.log_fault(job, error))
            current = await self._store.find_job(job.message.key)
            if current is None or not is_same(current, job):
                return WorkOutcome.CHANGED
            return await self._deliver_line(current, excuse, JobState.EXCUSED, unknown=not current.replies)
        if delivered is not DeliveryOutcome.DONE:
            return await self._follow_undelivered(job, delivered, made.turn)
        if closing:
            await asyncio.wait({closing})
        elif made.settled and (sender := self._platforms.find_sender(job.message.place.platform)):
            await self._presses.close_clarification(sender, made.settled, job)
        if instead := await self._relays.call_people(job, made.turn):  # of the word that a person comes
            current = await self._store.find_job(job.message.key)
            if current is None or not is_same(current, job):
                return WorkOutcome.CHANGED
            return await self._deliver_line(current, instead, unknown=not current.replies)
        return await self._end_job(job, JobState.ANSWERED, made.turn)

    async def _relay_job(self, job: Job) -> WorkOutcome:
        """Pass a message of a handoff on."""
        if await self._relays.relay_message(job):
            return await self._end_job(job, JobState.RELAYED)
        return await self._put_off(job)

    async def _deliver_line(
        self, job: Job, say: str, state: JobState = JobState.ANSWERED, *, unknown: bool | None = None
    ) -> WorkOutcome:
        """Say a line of our own for the job."""

        async def send_line(sender: ReplySender, job: Job) -> None:
            await sender.send_text(job, say, partial(self._store.record_reply, job))

        unnoted = may_stand_unnoted(job) if unknown is None else unknown
        delivered = await self._delivery.deliver_reply(job, send_line, unknown=unnoted)
        if delivered is DeliveryOutcome.DONE:
            return await self._end_job(job, state)
        return await self._follow_undelivered(job, delivered)

    async def _follow_undelivered(self, job: Job, delivered: DeliveryOutcome, turn: Turn | None = None) -> WorkOutcome:
        """See to what could not be said now."""
        if delivered is DeliveryOutcome.CHANGED:
            return WorkOutcome.CHANGED
        if delivered is DeliveryOutcome.MUST_WAIT:
            return WorkOutcome.PUT_OFF
        if delivered is DeliveryOutcome.GIVEN_UP:
            return await self._put_off(job)
        return await self._end_job(job, JobState.FAILED, turn)

    async def _put_off(self, job: Job) -> WorkOutcome:
        """Delivery has failed several times in a row: again later, while that makes sense."""
        if not self._delivery.is_overdue(job):
            return WorkOutcome.PUT_OFF
        given_up = DeliveryError("given up after several tries", Refusal.MOMENT)
        self._outcomes.log_fault(job, given_up)
        await self._delivery.tell_undeliverable(job, str(given_up))
        if job.judgement is Disposition.RELAY:
            await self._relays.give_up(job)
        return await self._end_job(job, JobState.FAILED)

    async def _end_job(self, job: Job, state: JobState, turn: Turn | None = None) -> WorkOutcome:
        return WorkOutcome.ENDED if await self._outcomes.finish_job(job, state, turn) else WorkOutcome.CHANGED

    def _close_pressed(self, job: Job, sender: ReplySender) -> asyncio.Task[None] | None:
        """Take off the buttons of which one was pressed, beside its answer."""
        chosen = job.message.chosen
        if chosen is None:
            return None

        async def close_clarification() -> None:
            with suppress(StorageError):
                if settled := await self._presses.load_outcome(chosen):
                    await self._presses.close_clarification(sender, settled, job)

        task = asyncio.create_task(close_clarification())
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)
        return task


def _choose_words(job: Job) -> Words:
    """The words for a line of our own."""
    message = job.message
    return words_for(message.language) if message.language else words_for_text(message.text)
