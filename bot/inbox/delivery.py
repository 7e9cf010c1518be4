"""Telling a customer something, whatever a platform or the database does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

import structlog

from bot.chat.message import Job, Move
from bot.chat.platform import ReplySender
from bot.errors import BotError, DeliveryError, Refusal, StorageError
from bot.inbox.availability import Platforms
from bot.inbox.jobs import age_of, choose_unmarked, is_same, list_begun, may_be_begun, name_reply
from bot.inbox.limits import InboxLimits
from bot.inbox.ports import InboxStore
from bot.runtime.retries import FailedTry, retry_with_backoff

log = structlog.get_logger(__name__)

Act = Callable[[ReplySender, Job], Awaitable[None]]


class DeliveryOutcome(Enum):
    """What became of telling a customer something."""

    DONE = auto()
    CHANGED = auto()  # the job is not open as it was
    MUST_WAIT = auto()  # for the platform: its adapter is away, or it refuses the bot
    GIVEN_UP = auto()  # for now
    REFUSED = auto()  # for good, and everywhere


@dataclass(slots=True)
class _Course:
    """Where a job is being told of: `at` is the job as one of that place. `unknown`: something may stand there that
    nobody has noted; `begun`: in any place, for this is not the first try. `refusal` is the first place's."""

    job: Job
    at: Job
    unknown: bool
    begun: bool
    refusal: DeliveryError | None = None

    def go_on(self, job: Job | None) -> None:
        """With what was noted by now, if that could be read: what failed may have been done, and not noted."""
        if job:
            self.job, self.at = job, job.where_answered
        self.unknown, self.begun = job is None or not job.replies, True


class Delivery:
    """`log_fault` logs a fault of a job; `on_undeliverable` tells admins of a job whose customer cannot be told
    anything: whether it could."""

    def __init__(
        self,
        platforms: Platforms,
        store: InboxStore,
        limits: InboxLimits,
        log_fault: Callable[[Job, BaseException], str],
        on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
    ) -> None:
        self._platforms = platforms
        self._store = store
        self._limits = limits
        self._log_fault = log_fault
        self._on_undeliverable = on_undeliverable

    async def deliver_reply(self, job: Job, act: Act, *, unknown: bool, here: bool = False) -> DeliveryOutcome:
        """Do `act`, whereby a job's customer is told something, as often as a passing fault calls for, and where they
        can be reached, unless it is for `here` alone. `unknown`: something may stand for it that nobody has noted.
        Raises what `act` raises beside DeliveryError, and StorageError after as many tries."""
        course = _Course(job, job.where_answered, unknown, unknown)
        tries = retry_with_backoff(
            on=_passes, pause=self._limits.pause, tries=self._limits.tries, on_failure=partial(_log_failure, job)
        )
        try:
            async for attempt in tries:
                with attempt:
                    if attempt.retry_state.attempt_number > 1 and not await self._read_again(course):
                        return DeliveryOutcome.CHANGED
                    return await self._act_once(course, act, here=here)
        except DeliveryError as error:
            if not _passes(error):
                return await self._handle_refusal(course.job, error, here=here)
            return DeliveryOutcome.GIVEN_UP if await self._read_again(course) else DeliveryOutcome.CHANGED
        except StorageError:
            if await self._read_again(course):
                raise
        return DeliveryOutcome.CHANGED

    async def _act_once(self, course: _Course, act: Act, *, here: bool) -> DeliveryOutcome:
        """One try. Raises DeliveryError, StorageError, and what `act` raises."""
        platform = course.job.message.place.platform
        sender = self._platforms.find_sender(platform)
        if sender is None:
            return DeliveryOutcome.MUST_WAIT
        await self._act_where_reachable(sender, course, act, here=here)
        self._platforms.note_success(platform)
        return DeliveryOutcome.DONE

    async def _read_again(self, course: _Course) -> bool:
        """Whether a job that could not be told of is still as it was, as far as the database tells; with what was noted
        meanwhile."""
        try:
            current = await self._store.find_job(course.job.message.key)
        except StorageError:
            course.go_on(None)
            return True
        if current is None or not is_same(current, course.job):
            return False
        course.go_on(current)
        return True

    async def _handle_refusal(self, job: Job, error: DeliveryError, *, here: bool) -> DeliveryOutcome:
        if error.kind is Refusal.BOT:
            self._platforms.suspend_platform(job.message.place.platform, str(error))
            return DeliveryOutcome.MUST_WAIT
        self._log_fault(job, error)
        if here or await self.tell_undeliverable(job, str(error)):
            return DeliveryOutcome.REFUSED
        return DeliveryOutcome.GIVEN_UP

    async def _act_where_reachable(self, sender: ReplySender, course: _Course, act: Act, *, here: bool) -> None:
        """Do `act` where a job was asked, or, where the bot may not speak there, wherever else its customer can be
        reached: not `here` alone. Raises DeliveryError, and what `act` raises."""
        while True:
            try:
                await self._clear_left(sender, course.at)
                if course.unknown:
                    course.at = await self._recover_replies(sender, course.at)
                    course.unknown = False
                await act(sender, course.at)
                return
            except DeliveryError as error:
                if here or not error.permanent:
                    raise
                course.refusal = course.refusal or error
                there = await sender.find_other_place(course.at, error)
                if there is None:
                    raise course.refusal from error
                log.warning("said elsewhere", item=there.id, cause=str(error))
                course.at, course.unknown = await self._note_move(sender, course, there), course.begun

    async def _note_move(self, sender: ReplySender, course: _Course, there: Job) -> Job:
        """Before anything is said there: whoever goes on with the job is to do so in the same place. Raises
        DeliveryError for what passes, and StorageError."""
        here, message = course.at, there.message
        current = await self._store.find_job(course.job.message.key) or here
        begun = await self._list_begun(sender, replace(here, replies=current.replies), course)
        left = (*(here.moved.left if here.moved else ()), *begun)
        move = Move(message.place, message.audience, message.reply_target, left)
        await self._store.move_job(there, move)
        return replace(there, moved=move)

    async def _list_begun(self, sender: ReplySender, here: Job, course: _Course) -> Sequence[Mapping[str, str]]:
        """What stands for a job where it may say no more: what is noted, and, after a try of which the outcome is not
        known, what is not. Raises DeliveryError for what passes, and StorageError."""
        if not course.begun:
            return here.replies
        try:
            if not here.replies:
                return await self._find_standing_replies(sender, here)
            found = await sender.find_standing_replies(here)
        except DeliveryError as error:
            if not (error.permanent or here.replies):
                raise
            return here.replies
        noted = [name_reply(reply) for reply in here.replies]
        return [*here.replies, *(reply for reply in found.marked if name_reply(reply) not in noted)]

    async def _clear_left(self, sender: ReplySender, job: Job) -> None:
        """Remove what was begun where the job could not be said, before it is said elsewhere: a stream would stay
        open. What its place keeps stays. Raises DeliveryError for what passes, and StorageError."""
        if job.moved is None or not job.moved.left:
            return
        kept = await self.remove_replies(sender, replace(job, replies=job.moved.left))
        if not kept:
            await self._store.clear_left(job)

    async def remove_replies(self, sender: ReplySender, job: Job) -> DeliveryError | None:
        """Remove each of a job's replies; -> why one of them has to stay, if one has. Raises DeliveryError for what
        passes."""
        refusal = None
        for place in range(max(1, len(job.replies))):  # none: the platform may still show that it is being answered
            try:
                await sender.retract_reply(replace(job, replies=job.replies[place : place + 1]))
            except DeliveryError as error:
                if not error.permanent:
                    raise
                refusal = error
        return refusal

    async def _recover_replies(self, sender: ReplySender, job: Job) -> Job:
        """The job with what stands on the platform, where whoever began to answer it may not have noted so.

        Raises DeliveryError while the platform cannot tell, and where it will not: to answer without knowing might be
        to answer twice. That a scope is missing for it is no refusal of the bot: others are answered. A place that
        tells nothing for some minutes is given up.
        """
        try:
            replies = await self._find_standing_replies(sender, job)
        except DeliveryError as error:
            closed = error.kind is Refusal.PLACE and age_of(job) > self._limits.untold
            raise DeliveryError(str(error), Refusal.PLACE if closed else Refusal.MOMENT) from error
        if replies:
            await self._store.record_reply(job, replies)
        return replace(job, replies=tuple(replies))

    async def _find_standing_replies(self, sender: ReplySender, job: Job) -> Sequence[Mapping[str, str]]:
        """What stands on the platform for a job, where that was not noted. Raises DeliveryError and StorageError.

        What bears no mark is taken only where nothing has changed in the thread while that was read: it may be the
        answer to another of its jobs, whose process notes it in a moment, or has just ended it."""
        others = await self._list_others(job)
        found = await sender.find_standing_replies(job)
        if found.unmarked and not found.marked and any(map(may_be_begun, others)):
            await asyncio.sleep(self._limits.pause)
            others = await self._list_others(job)
            found = await sender.find_standing_replies(job)
        if found.marked or not found.unmarked:
            return found.marked
        if list_begun(others) != list_begun(await self._list_others(job)):
            raise DeliveryError("others are being answered in this thread", Refusal.MOMENT)
        return choose_unmarked(job, found.unmarked, others)

    async def _list_others(self, job: Job) -> Sequence[Job]:
        """The other open jobs of a job's thread."""
        return [each for each in await self._store.list_open(job.message.place) if each.id != job.id]

    async def tell_undeliverable(self, job: Job, cause: str) -> bool:
        """Let admins know that a customer could not be told anything; False where they cannot be told either, which is
        logged."""
        if self._on_undeliverable is None:
            return True
        try:
            return await self._on_undeliverable(job, cause)
        except BotError as error:
            log.warning("admins not told", item=job.id, cause=str(error))
            return False

    @property
    def answer_seconds(self) -> float:
        """How long one try to tell an answer may take, from finding it to its last word."""
        return self._limits.seconds

    def is_overdue(self, job: Job) -> bool:
        """Whether a job came too long ago to be answered still."""
        return age_of(job) > self._limits.patience


def _passes(error: BaseException) -> bool:
    """Whether the same may go well a moment later: the platform is busy, or the database hands over to another."""
    return isinstance(error, StorageError) or (isinstance(error, DeliveryError) and error.kind is Refusal.MOMENT)


def _log_failure(job: Job, failed: FailedTry) -> None:
    what = "storage failed" if isinstance(failed.error, StorageError) else "delivery failed"
    log.warning(what, item=job.id, cause=str(failed.error), attempt=failed.number)
