"""Who waits for long is told how many come first, and again when that has halved."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial

from bot.chat.message import Job
from bot.chat.platform import ReplySender
from bot.errors import StorageError
from bot.inbox.availability import Platforms
from bot.inbox.jobs import age_of, is_same
from bot.inbox.limits import InboxLimits
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.ports import InboxStore
from bot.inbox.queue import FairQueue


class QueuePositions:
    """Tells a position in the queue to each user's first waiting job. It is a courtesy: nothing depends on it but that
    what is shown is noted before the job is begun."""

    def __init__(
        self, queue: FairQueue, store: InboxStore, platforms: Platforms, outcomes: JobOutcomes, limits: InboxLimits
    ) -> None:
        self._queue = queue
        self._store = store
        self._platforms = platforms
        self._outcomes = outcomes
        self._limits = limits
        self._told: dict[str, int] = {}  # by job: how many came first when that was told last
        self._telling: dict[str, asyncio.Future[None]] = {}
        self._unnoted: dict[str, float] = {}  # by job: when a line was told that could not be noted

    async def run(self) -> None:
        """Tell positions until cancelled."""
        while True:
            await asyncio.sleep(self._limits.told_after)
            still = {}
            for job, ahead in list(self._queue.list_positions()):
                told = self._told.get(job.id)
                if self._is_due(job, ahead, told):
                    told = ahead if await self._tell_position(job, ahead) else None
                if told is not None:
                    still[job.id] = told
            self._told = still
            recent = time.monotonic() - self._limits.patience
            self._unnoted = {job_id: at for job_id, at in self._unnoted.items() if at > recent}

    async def wait_until_told(self, job_id: str) -> bool:
        """Wait until what is being shown for a waiting job is noted; -> whether something may stand for it that could
        not be."""
        if telling := self._telling.get(job_id):
            await asyncio.wait({telling})
        return job_id in self._unnoted

    def _is_due(self, job: Job, ahead: int, told: int | None) -> bool:
        return age_of(job) >= self._limits.told_after and (told is None or ahead <= min(told - 1, told / 2))

    async def _tell_position(self, job: Job, ahead: int) -> bool:
        """Whether it makes sense to tell that again, later."""
        current = None
        with suppress(StorageError):  # with the line that was shown before
            current = await self._store.find_job(job.message.key)
        if current is None or not is_same(current, job) or not self._queue.holds_job(job):
            return False  # it is another's by now, or it took a while to tell the others
        if current.attempts and not current.replies:
            return False  # something may stand for it
        if sender := self._platforms.find_sender(job.message.place.platform):
            await self._show_position(sender, current, ahead + self._queue.busy_count)
        return True

    async def _show_position(self, sender: ReplySender, job: Job, ahead: int) -> None:
        shown = sender.tell_position(job, ahead, partial(self._store.record_reply, job))
        in_time = asyncio.wait_for(shown, self._limits.lease / 3)  # later, another may have answered it
        self._telling[job.id] = telling = asyncio.ensure_future(in_time)
        await asyncio.wait({telling})
        self._telling.pop(job.id, None)
        if error := telling.exception():  # a courtesy: the answer comes all the same
            self._unnoted[job.id] = time.monotonic()
            self._outcomes.log_fault(job, error)
