"""Which platforms the inbox can speak on now: those that have joined, but for those that refuse the bot itself.

A platform that refuses the bot (a revoked token, a missing scope) is suspended: what is owed there waits, and the
platform is asked from time to time, each time after a longer pause, whether it takes the bot again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from bot.chat.platform import MessageContext, ReplySender
from bot.errors import DeliveryError

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two questions whether a platform takes the bot again


@dataclass(slots=True)
class _Trouble:
    cause: str
    pause: float
    again_at: float
    suspended: bool = True


class Platforms:
    """How to speak on each platform, and how to look around there. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._senders: dict[str, ReplySender] = {}
        self._contexts: dict[str, MessageContext] = {}
        self._troubles: dict[str, _Trouble] = {}

    def add_platform(self, platform: str, sender: ReplySender, around: MessageContext | None = None) -> None:
        """It has connected; `around` tells what stands near its messages."""
        self._senders[platform] = sender
        if around:
            self._contexts[platform] = around

    def remove_platform(self, platform: str) -> None:
        """It is connected no more."""
        self._senders.pop(platform, None)
        self._contexts.pop(platform, None)

    def find_sender(self, platform: str) -> ReplySender | None:
        """By which to speak there; None while nobody can."""
        trouble = self._troubles.get(platform)
        return None if trouble and trouble.suspended else self._senders.get(platform)

    def find_context(self, platform: str) -> MessageContext | None:
        """By which to look around a message there; None where nothing can be seen."""
        return self._contexts.get(platform)

    def __contains__(self, platform: object) -> bool:
        return isinstance(platform, str) and self.find_sender(platform) is not None

    def __iter__(self) -> Iterator[str]:
        return (platform for platform in list(self._senders) if platform in self)

    def find_trouble(self, platform: str) -> str:
        """Why a platform refuses the bot, with the mend; "" where it does not, as far as is known."""
        trouble = self._troubles.get(platform)
        return trouble.cause if trouble else ""

    def suspend_platform(self, platform: str, cause: str) -> None:
        """It does not take the bot: nothing is said there until it may again."""
        before = self._troubles.get(platform)
        if before and before.suspended:
            return  # several were speaking
        pause = min(before.pause * 2, LONGEST_PAUSE) if before else FIRST_PAUSE
        self._troubles[platform] = _Trouble(cause, pause, self._clock() + pause)
        log.error("platform refuses the bot", platform=platform, cause=cause, again_in=pause)

    def note_success(self, platform: str) -> None:
        """Something was said there."""
        if self._troubles.pop(platform, None):
            log.info("platform takes the bot again", platform=platform)

    async def probe_suspended(self) -> None:
        """Ask those that are due. Where the bot is known again, the next delivery shows whether it may speak, too;
        where none comes, the trouble is over after another pause."""
        for platform, trouble in list(self._troubles.items()):
            sender = self._senders.get(platform)
            if sender is None or self._clock() < trouble.again_at:
                continue
            if not trouble.suspended:
                self.note_success(platform)
                continue
            try:
                await sender.check_access()
            except DeliveryError:
                trouble.pause = min(trouble.pause * 2, LONGEST_PAUSE)
            else:
                trouble.suspended = False
            trouble.again_at = self._clock() + trouble.pause
