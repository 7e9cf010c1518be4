"""What the inbox does by itself while Frontdesk serves."""

from __future__ import annotations

import asyncio

from bot.chat.platform import MessageContext, ReplySender
from bot.inbox.availability import Platforms
from bot.inbox.dispatcher import Dispatcher
from bot.inbox.ports import InboxStore
from bot.inbox.positions import QueuePositions
from bot.inbox.queue import FairQueue
from bot.inbox.recovery import Recovery


class InboxRuntime:
    """The queue's workers, the recovery and the positions side by side, on the platforms that are connected."""

    def __init__(
        self,
        store: InboxStore,
        platforms: Platforms,
        queue: FairQueue,
        dispatcher: Dispatcher,
        recovery: Recovery,
        positions: QueuePositions,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._queue = queue
        self._dispatcher = dispatcher
        self._recovery = recovery
        self._positions = positions

    @property
    def waiting_count(self) -> int:
        """Jobs in the queue."""
        return len(self._queue)

    @property
    def working_count(self) -> int:
        """Jobs being answered."""
        return self._dispatcher.working_count

    def add_platform(self, platform: str, sender: ReplySender, around: MessageContext | None = None) -> None:
        """Answer this platform's jobs through `sender`; `around` tells what stands near them."""
        self._platforms.add_platform(platform, sender, around)

    def remove_platform(self, platform: str) -> None:
        """Keep this platform's jobs until it joins again."""
        self._platforms.remove_platform(platform)

    def find_trouble(self, platform: str) -> str:
        """Why a platform lets the bot say nothing, and what an operator does about it; "" where it does."""
        return self._platforms.find_trouble(platform)

    async def run(self) -> None:
        """Work until cancelled. Jobs that a dead process left are taken over within a lease."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatcher.run())
            group.create_task(self._recovery.run())
            group.create_task(self._positions.run())

    async def drain(self, seconds: float) -> None:
        """Finish what is being answered, within a limit; what waits is left to the next start. Raises StorageError."""
        await self._dispatcher.drain(seconds)
        await self._store.release_lease()
