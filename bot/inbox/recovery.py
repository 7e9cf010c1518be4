"""Nothing that is owed is lost: what was left undone is taken up again, what dead processes owe is taken over, and what
is in hand here is compared with the database."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from contextlib import suppress

import structlog

from bot.chat.message import Job, JobState, MessageRef
from bot.errors import StorageError
from bot.inbox.availability import Platforms
from bot.inbox.dispatcher import Dispatcher
from bot.inbox.left import LeftJobs
from bot.inbox.limits import InboxLimits
from bot.inbox.ports import InboxStore
from bot.inbox.queue import FairQueue

log = structlog.get_logger(__name__)

_AT_ONCE = 200  # jobs that are taken over at once: others may want some, too


class Recovery:
    """Keeps this process's lease, and queues again what it is to see to and nobody does."""

    def __init__(
        self,
        store: InboxStore,
        platforms: Platforms,
        queue: FairQueue,
        left: LeftJobs,
        dispatcher: Dispatcher,
        limits: InboxLimits,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._queue = queue
        self._left = left
        self._dispatcher = dispatcher
        self._limits = limits
        self._forgotten: frozenset[MessageRef] = frozenset()  # owed, and not in hand when that was looked at last

    async def run(self) -> None:
        """Beat until cancelled, three times a lease."""
        while True:
            with suppress(StorageError):
                await self._store.extend_lease()
                await self._platforms.probe_suspended()
                await self._take_up_left()
                await self._reclaim_expired()
                await self._compare_with_store()
            await asyncio.sleep(self._limits.lease / 3)

    async def _take_up_left(self) -> None:
        """Queue again what was left undone here; given up after as many starts as a delivery has tries."""
        for job in self._left:
            if self._dispatcher.closing or job.message.place.platform not in self._platforms:
                continue
            current = await self._store.find_job(job.message.key)
            self._left.take_up(job)
            if current is None or not current.state.is_open:
                continue
            if current.attempts < self._limits.tries or self._left.was_put_off(current):
                await self._queue.put(current, owed=True)
            else:
                await self._dispatcher.abandon_job(current)

    async def _reclaim_expired(self) -> None:
        """Queue what dead processes owe, as far as there is room."""
        room = self._limits.queue - len(self._queue)
        if self._dispatcher.closing or room <= 0 or not list(self._platforms):
            return
        for job in await self._store.reclaim_expired(list(self._platforms), min(room, _AT_ONCE)):
            log.info("item taken over", item=job.id, attempts=job.attempts)
            await self._queue.put(job, owed=True)

    async def _compare_with_store(self) -> None:
        """Compare what is in hand here with what this process is to see to: others are told of edits, deletions and
        stops, and take over what was not seen to for a while; of a claim that was committed, the connection may have
        told nothing."""
        waiting, working = list(self._queue), self._dispatcher.list_working()
        before = self._dispatcher.list_in_hand()
        owed = await self._store.own_revisions()
        for job in waiting:
            if job.message.key not in owed and self._queue.holds_job(job):
                await self._queue.remove_job(job.id)
        for job in working:
            if owed.get(job.message.key) != job.revision and self._dispatcher.is_working_on(job):
                await self._let_go_if_changed(job)
        await self._find_forgotten(owed.keys() - before)

    async def _let_go_if_changed(self, job: Job) -> None:
        """Stop the work on a job that others have taken over, stopped or heard an edit of."""
        current = await self._store.find_job(job.message.key)
        stopped = current and current.state is JobState.EXCUSED
        if current and (stopped or not current.mine or current.revision != job.revision):
            await self._dispatcher.stop_work(job.id)
            await self._dispatcher.requeue_if_changed(job)

    async def _find_forgotten(self, missing: Set[MessageRef]) -> None:
        """Queue what this process owes and has not had in hand twice in a row: it may just have been claimed."""
        forgotten = missing - self._dispatcher.list_in_hand()
        for key in forgotten & self._forgotten:
            current = await self._store.find_job(key)
            if current and current.mine and current.state.is_open and not self._dispatcher.closing:
                log.warning("item found again", item=current.id)
                await self._queue.put(current, owed=True)
        self._forgotten = frozenset(forgotten)
