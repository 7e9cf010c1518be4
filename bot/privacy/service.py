"""Forgetting: what a person said, on demand; what everybody said, after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from bot.errors import StorageError
from bot.privacy.ports import PrivacyStore

log = structlog.get_logger(__name__)

_EVERY = timedelta(hours=6)
_LONGEST_WAIT = timedelta(days=1)  # for a moment in which the files can be compacted
_LULL = 10.0  # times as long as that would keep others waiting, nobody is to have come before it
_SHORTEST_LULL = 1.0  # seconds
_LOOK_AGAIN = 600.0  # seconds, after which a shorter lull will do
_PAUSE = 1.0  # seconds between two tries
_AGAIN = (2.0, 30.0)  # seconds after which a user is forgotten again


class PrivacyService:
    """`days` is how long conversations are kept (0: for ever). `forgotten` is awaited after texts were deleted, so that
    what stands in memory goes too.

    What belongs to a handoff may be stored just when its customer is forgotten: they are therefore forgotten `again`,
    so many seconds later, in the background. The database's files are written anew at once, unless that is to wait
    (see `compact_when`).
    """

    def __init__(
        self,
        store: PrivacyStore,
        days: int = 0,
        forgotten: Callable[[], Awaitable[None]] | None = None,
        again: Sequence[float] = _AGAIN,
    ) -> None:
        self._store = store
        self._days = days
        self._forgotten = forgotten
        self._again = again
        self._when_idle: Callable[[float], Awaitable[None]] | None = None
        self._compacting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def days(self) -> int:
        """How long conversations are kept; 0: for ever."""
        return self._days

    def compact_when(self, idle: Callable[[float], Awaitable[None]]) -> None:
        """Write the database's files anew only after awaiting `idle`, which takes the seconds for which nobody is to
        have come."""
        self._when_idle = idle

    async def forget(self, platform: str, user: str) -> Mapping[str, int]:
        """Delete all that a user said and was answered; -> rows by table. Raises StorageError: then `run` tries again.

        What is stored in the next half minute goes too, if this process lives that long.
        """
        gone = await self._forget(platform, user, note=True)
        task = asyncio.create_task(self._forget_again(platform, user))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return gone

    async def _forget(self, platform: str, user: str, *, note: bool) -> Mapping[str, int]:
        gone = await self._store.forget(platform, user, note=note)
        if self._forgotten:
            await self._forgotten()
        await self._compact()
        return gone

    async def _compact(self) -> None:
        """Remove what was deleted from the files: now, or in the background as soon as that keeps nobody waiting."""
        if self._when_idle is None:
            await self._store.compact()
        elif self._compacting is None or self._compacting.done():
            self._compacting = task = asyncio.create_task(self._compact_when_idle(self._when_idle))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _compact_when_idle(self, when_idle: Callable[[float], Awaitable[None]]) -> None:
        """Again and again, since whoever writes meanwhile goes first; after a day at whatever cost.

        The end of it goes on even so, and takes seconds in a large database. Where nobody has come for ten times as
        long, it is not likely that somebody comes just then; with the day, less will have to do.
        """
        began = datetime.now(UTC)
        while (left := 1 - (datetime.now(UTC) - began) / _LONGEST_WAIT) > 0:
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await when_idle(max(_SHORTEST_LULL, left * _LULL * await self._store.estimate_compaction()))
            except TimeoutError:
                continue  # for less
            if await self._store.compact(give_way=True):
                return
            await asyncio.sleep(_PAUSE)
        await self._store.compact()

    async def _forget_again(self, platform: str, user: str) -> None:
        passed = 0.0
        for seconds in self._again:
            await asyncio.sleep(seconds - passed)
            passed = seconds
            try:
                await self._forget(platform, user, note=False)
            except StorageError as error:
                log.warning("not forgotten again", cause=str(error))

    async def finish(self) -> None:
        """Forget those whose forgetting was cut off. Raises StorageError."""
        for platform, user in await self._store.unfinished():
            await self._forget(platform, user, note=False)

    async def close(self) -> None:
        """Leave off what goes on in the background."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def expire(self, now: datetime | None = None) -> Mapping[str, int]:
        """Delete what is older than is kept; -> rows by table. Raises StorageError."""
        if not self._days:
            return {}
        gone = await self._store.expire((now or datetime.now(UTC)) - timedelta(days=self._days))
        if any(gone.values()):
            log.info("retention", **gone)
        await self._compact()
        return gone

    async def run(self) -> None:
        """Delete what was to be forgotten and what has grown too old, out of the files too, now and every few hours,
        until cancelled."""
        while True:
            try:
                await self.finish()
            except StorageError as error:
                log.warning("not all is forgotten that is to be", cause=str(error))
            await self._compact()  # what a process that ended, or a command, has deleted
            try:
                await self.expire()
            except StorageError as error:
                log.warning("retention failed", cause=str(error))
            await asyncio.sleep(_EVERY.total_seconds())
