"""Jobs in hand: those of the queue in turn, others beside it, each in a task that can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

from bot.chat.message import Job, JobState, MessageRef
from bot.errors import StorageError
from bot.inbox.arrivals import Arrivals
from bot.inbox.left import LeftJobs
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.ports import InboxStore
from bot.inbox.positions import QueuePositions
from bot.inbox.queue import FairQueue
from bot.inbox.worker import Worker, WorkOutcome


class Dispatcher:
    """Has `workers` jobs of the queue worked on at once, and sees to what comes of that."""

    def __init__(
        self,
        arrivals: Arrivals,
        queue: FairQueue,
        worker: Worker,
        store: InboxStore,
        left: LeftJobs,
        positions: QueuePositions,
        outcomes: JobOutcomes,
        *,
        workers: int,
    ) -> None:
        self._arrivals = arrivals
        self._queue = queue
        self._worker = worker
        self._store = store
        self._left = left
        self._positions = positions
        self._outcomes = outcomes
        self._workers = workers
        self._working: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._aside: dict[asyncio.Task[None], Job] = {}
        self._unexcused: asyncio.Queue[Job] = asyncio.Queue()  # to be ended, with nothing said
        self._ending: dict[str, Job] = {}  # those in it, and the one that was taken out last
        self._closing = False

    @property
    def closing(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._closing

    @property
    def working_count(self) -> int:
        """Jobs of the queue that are being worked on."""
        return len(self._working)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._process_queue())
            group.create_task(self._process_unexcused())

    async def drain(self, seconds: float) -> None:
        """Finish what is in hand, within a limit; what waits is left to the next start."""
        self._closing = True
        self._queue.take_all()
        tasks = [*(task for _, task in self._working.values()), *self._aside, *self._worker.side_tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def list_working(self) -> list[Job]:
        """Jobs of the queue that are being worked on."""
        return [job for job, _ in self._working.values()]

    def is_working_on(self, job: Job) -> bool:
        """Whether that very job is still being worked on, not a later revision of it."""
        working = self._working.get(job.id)
        return working is not None and working[0] is job and not working[1].done()

    def list_in_hand(self) -> set[MessageRef]:
        """What is being seen to here, or waits for that, in whatever way."""
        beside = [*self._left, *self._aside.values(), *self._ending.values()]
        jobs = [*self._queue, *self.list_working(), *beside]
        return {job.message.key for job in jobs}

    async def stop_work(self, job_id: str) -> None:
        """End whatever is being done for a job."""
        await self._queue.remove_job(job_id)
        await self._positions.wait_until_told(job_id)
        if working := self._working.get(job_id):
            working[1].cancel()
            await asyncio.wait({working[1]})

    def start_retraction(self, job: Job) -> None:
        """Remove what stands for a job whose message is gone, beside the queue."""
        self._start_aside(job, self._retract_job(job))

    def start_excuse(self, job: Job, key: str, **values: object) -> None:
        """Tell a job's author why it is not answered, beside the queue."""
        self._start_aside(job, self._excuse_job(job, key, **values))

    def end_silently(self, job: Job) -> None:
        """End a job whose author was told so a moment ago; one after the other, for there may be thousands."""
        self._ending[job.id] = job
        self._unexcused.put_nowait(job)

    async def abandon_job(self, job: Job) -> None:
        """Give a job up that breaks off every time it is begun. Raises StorageError."""
        await self._follow_up(job, await self._worker.abandon_job(job))

    async def requeue_if_changed(self, job: Job) -> None:
        """A job is not owed as we know it: see to what it became, by way of another process, mostly. Raises
        StorageError."""
        current = await self._store.find_job(job.message.key)
        if current is None or current.revision == job.revision or not current.mine:
            return
        if current.state is JobState.RETRACTING:
            self.start_retraction(current)
        elif current.state is JobState.PENDING:
            await self._queue.put(current, owed=True)

    async def _process_queue(self) -> None:
        while True:
            job = await self._queue.get()
            task = asyncio.create_task(self._process_job(job))
            self._working[job.id] = job, task
            try:
                await asyncio.wait({task})
            finally:
                self._working.pop(job.id, None)
                await self._queue.release_lane(job)
            self._leave_if_broken_off(job, task)

    async def _process_unexcused(self) -> None:
        while True:
            job = await self._unexcused.get()
            with suppress(StorageError):  # then it is found again, and excused or answered
                await self._follow_up(job, await self._worker.excuse_silently(job))
            self._ending.pop(job.id, None)

    async def _process_job(self, job: Job) -> None:
        await self._arrivals.wait_until_claimed()
        if self._closing:
            return
        unnoted = await self._positions.wait_until_told(job.id)
        await self._follow_up(job, await self._worker.process_job(job, unnoted=unnoted))

    async def _retract_job(self, job: Job) -> None:
        unnoted = await self._positions.wait_until_told(job.id)
        await self._follow_up(job, await self._worker.retract_job(job, unnoted=unnoted))

    async def _excuse_job(self, job: Job, key: str, **values: object) -> None:
        await self._follow_up(job, await self._worker.excuse_job(job, key, **values))

    async def _follow_up(self, job: Job, outcome: WorkOutcome) -> None:
        if outcome is WorkOutcome.CHANGED:
            await self.requeue_if_changed(job)
        elif outcome is WorkOutcome.LEFT:
            self._left.leave_job(job)
        elif outcome is WorkOutcome.PUT_OFF:
            self._left.put_off_job(job)

    def _start_aside(self, job: Job, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._aside[task] = job
        task.add_done_callback(lambda done: self._leave_if_broken_off(job, done))
        task.add_done_callback(lambda done: self._aside.pop(done, None))

    def _leave_if_broken_off(self, job: Job, task: asyncio.Task[None]) -> None:
        """A fault that left the job owed (the database's, mostly) is logged, and the job taken up again."""
        if not task.done() or task.cancelled() or not (error := task.exception()):
            return
        self._outcomes.log_fault(job, error)
        if isinstance(error, StorageError):
            self._left.put_off_job(job)
        else:
            self._left.leave_job(job)
