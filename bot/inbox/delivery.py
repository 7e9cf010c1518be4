"""Telling a customer something, whatever a platform or the database does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto

import structlog

from bot.chat.message import Job, MessageRef, Move
from bot.chat.platform import ReplySender
from bot.errors import BotError, DeliveryError, Refusal, StorageError
from bot.inbox.availability import Platforms
from bot.inbox.limits import InboxLimits
from bot.inbox.ports import InboxStore

log = structlog.get_logger(__name__)

Act = Callable[[ReplySender, Job], Awaitable[None]]


class DeliveryOutcome(Enum):
    """What became of telling a customer something."""

    DONE = auto()
    CHANGED = auto()  # the item is not open as it was
    MUST_WAIT = auto()  # for the platform: its adapter is away, or it refuses the bot
    GIVEN_UP = auto()  # for now
    REFUSED = auto()  # for good, and everywhere


@dataclass(slots=True)
class _Course:
    """Where an item is being said: `at` is the item as one of that place. `unknown`: something may stand there that
    nobody has noted; `begun`: in any place, for this is not the first try. `refusal` is the first place's."""

    at: Job
    unknown: bool
    begun: bool
    refusal: DeliveryError | None = None

    def go_on(self, item: Job | None) -> None:
        """With what was noted by now, if that could be read: what failed may have been done, and not noted."""
        if item:
            self.at = item.where_answered
        self.unknown, self.begun = item is None or not item.replies, True


class Delivery:
    """`log_fault` logs a fault of an item; `on_undeliverable` tells admins of an item whose customer cannot be told
    anything: whether it could."""

    def __init__(
        self,
        platforms: Platforms,
        inbox: InboxStore,
        limits: InboxLimits,
        log_fault: Callable[[Job, BaseException], str],
        on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
    ) -> None:
        self._platforms = platforms
        self._inbox = inbox
        self._limits = limits
        self._log_fault = log_fault
        self._on_undeliverable = on_undeliverable

    async def deliver_reply(self, item: Job, act: Act, *, unknown: bool, here: bool = False) -> DeliveryOutcome:
        """Do `act`, whereby an item's customer is told something, as often as a passing fault calls for, and where they
        can be reached, unless it is for `here` alone. Raises what `act` raises beside DeliveryError, and StorageError
        after as many tries."""
        fault: StorageError | None = None
        course = _Course(item.where_answered, unknown, unknown)
        for attempt in range(self._limits.tries):
            messenger = self._platforms.find_sender(item.message.place.platform)
            if messenger is None:
                return DeliveryOutcome.MUST_WAIT
            try:
                await self._act_where_reachable(messenger, item.message.key, course, act, here=here)
            except DeliveryError as error:
                if error.kind is not Refusal.MOMENT:
                    return await self._handle_refusal(item, error, here=here)
                fault = None
                log.warning("delivery failed", item=item.id, cause=str(error), attempt=attempt + 1)
            except StorageError as error:  # a server that hands over to another, mostly
                fault = error
                log.warning("storage failed", item=item.id, cause=str(error), attempt=attempt + 1)
            else:
                self._platforms.note_success(item.message.place.platform)
                return DeliveryOutcome.DONE
            await self.pause_before_retry(attempt)
            try:
                current = await self._inbox.find_job(item.message.key)
            except StorageError:
                course.go_on(None)
                continue
            if current is None or not is_same(current, item):
                return DeliveryOutcome.CHANGED
            course.go_on(current)
            item = current
        if fault:
            raise fault
        return DeliveryOutcome.GIVEN_UP

    async def _handle_refusal(self, item: Job, error: DeliveryError, *, here: bool) -> DeliveryOutcome:
        if error.kind is Refusal.BOT:
            self._platforms.suspend_platform(item.message.place.platform, str(error))
            return DeliveryOutcome.MUST_WAIT
        self._log_fault(item, error)
        if here or await self.tell_undeliverable(item, str(error)):
            return DeliveryOutcome.REFUSED
        return DeliveryOutcome.GIVEN_UP

    async def _act_where_reachable(
        self, messenger: ReplySender, key: MessageRef, course: _Course, act: Act, *, here: bool
    ) -> None:
        """Do `act` where an item was asked, or, where the bot may not speak there, wherever else its customer can be
        reached: not `here` alone. Raises DeliveryError, and what `act` raises."""
        while True:
            try:
                await self._clear_left(messenger, course.at)
                if course.unknown:
                    course.at = await self._recover_replies(messenger, course.at)
                    course.unknown = False
                await act(messenger, course.at)
                return
            except DeliveryError as error:
                if here or not error.permanent:
                    raise
                course.refusal = course.refusal or error
                there = await messenger.find_other_place(course.at, error)
                if there is None:
                    raise course.refusal from error
                log.warning("said elsewhere", item=there.id, cause=str(error))
                course.at, course.unknown = await self._note_move(messenger, course, there, key), course.begun

    async def _note_move(self, messenger: ReplySender, course: _Course, there: Job, key: MessageRef) -> Job:
        """Before anything is said there: whoever goes on with the item is to do so in the same place. Raises
        DeliveryError for what passes, and StorageError."""
        here, message = course.at, there.message
        current = await self._inbox.find_job(key) or here
        begun: Sequence[Mapping[str, str]] = current.replies
        if course.begun and not begun:
            try:
                begun = await self._find_standing_replies(messenger, here)
            except DeliveryError as error:
                if not error.permanent:
                    raise
        left = (*(here.moved.left if here.moved else ()), *begun)
        move = Move(message.place, message.audience, message.reply_target, left)
        await self._inbox.move_job(there, move)
        return replace(there, moved=move)

    async def _clear_left(self, messenger: ReplySender, item: Job) -> None:
        """Remove what was begun where the item could not be said, before it is said elsewhere: a stream would stay
        open. What its place keeps stays. Raises DeliveryError for what passes, and StorageError."""
        if item.moved is None or not item.moved.left:
            return
        kept = await self.remove_replies(messenger, replace(item, replies=item.moved.left))
        if not kept:
            await self._inbox.clear_left(item)

    async def remove_replies(self, messenger: ReplySender, item: Job) -> DeliveryError | None:
        """Remove each of an item's replies; -> why one of them has to stay, if one has. Raises DeliveryError for what
        passes."""
        refusal = None
        for place in range(max(1, len(item.replies))):  # none: the platform may still show that it is being answered
            try:
                await messenger.retract_reply(replace(item, replies=item.replies[place : place + 1]))
            except DeliveryError as error:
                if not error.permanent:
                    raise
                refusal = error
        return refusal

    async def _recover_replies(self, messenger: ReplySender, item: Job) -> Job:
        """The item with what stands on the platform, where whoever began to answer it may not have noted so.

        Raises DeliveryError while the platform cannot tell, and where it will not: to answer without knowing might be
        to answer twice. That a scope is missing for it is no refusal of the bot: others are answered. A place that
        tells nothing for some minutes is given up.
        """
        try:
            replies = await self._find_standing_replies(messenger, item)
        except DeliveryError as error:
            closed = error.kind is Refusal.PLACE and age_of(item) > self._limits.untold
            raise DeliveryError(str(error), Refusal.PLACE if closed else Refusal.MOMENT) from error
        if replies:
            await self._inbox.record_reply(item, replies)
        return replace(item, replies=tuple(replies))

    async def _find_standing_replies(self, messenger: ReplySender, item: Job) -> Sequence[Mapping[str, str]]:
        """What stands on the platform for an item, where that was not noted. A message that bears no mark yet may be
        that of another item which is being answered in the same thread. Raises DeliveryError and StorageError."""
        found = await messenger.find_standing_replies(item)
        others = (
            [each for each in await self._inbox.list_pending(item.message.place) if each.id != item.id] if found else []
        )
        theirs = {_name_of(reply) for other in others for reply in other.replies}
        return [reply for reply in found if _name_of(reply) not in theirs]

    async def tell_undeliverable(self, item: Job, cause: str) -> bool:
        """Let admins know that a customer could not be told anything; False where they cannot be told either, which is
        logged."""
        if self._on_undeliverable is None:
            return True
        try:
            return await self._on_undeliverable(item, cause)
        except BotError as error:
            log.warning("admins not told", item=item.id, cause=str(error))
            return False

    async def pause_before_retry(self, attempt: int) -> None:
        """Wait after a delivery's failure, each time longer; not after the last."""
        if attempt + 1 < self._limits.tries:
            await asyncio.sleep(self._limits.pause * 2**attempt)


def age_of(item: Job) -> float:
    """Seconds since an item, or its last edit, came."""
    return max(0.0, (datetime.now(UTC) - item.received_at).total_seconds())


def _name_of(reply: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Which message a reply is, whatever its state."""
    return frozenset((key, value) for key, value in reply.items() if key != "state")


def is_same(current: Job, item: Job) -> bool:
    """Whether an item is still open as we know it, and this process's."""
    same = (current.state, current.revision) == (item.state, item.revision)
    return current.mine and current.state.is_open and same
