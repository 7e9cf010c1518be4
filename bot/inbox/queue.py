"""The queue behind the inbox: bounded, fair between users, one question of a user at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator

from bot.chat.message import Job


class Full(Exception):
    """The queue takes no more: neither from this user, if `user`, or from anybody."""

    def __init__(self, *, user: bool) -> None:
        self.user = user
        super().__init__("the user has too many questions waiting" if user else "too many questions are waiting")


class FairQueue:
    """Users take turns, whoever asked how much: a lane a user, served round robin, each lane in order.

    At most `limit` jobs wait in all and `per_user` of one user. A user's next job waits until `release_lane` is called
    for the one before, so that a follow-up finds the answer it leans on.
    """

    def __init__(self, limit: int, per_user: int) -> None:
        self._limit = limit
        self._per_user = per_user
        self._lanes: dict[tuple[str, str, str], deque[Job]] = {}
        self._turns: deque[tuple[str, str, str]] = deque()  # lanes whose first job may start, in order
        self._busy: set[tuple[str, str, str]] = set()
        self._size = 0
        self._ready = asyncio.Condition()

    def __len__(self) -> int:
        return self._size

    @property
    def busy_count(self) -> int:
        """Jobs that were taken out and are being worked on."""
        return len(self._busy)

    async def put(self, job: Job, *, owed: bool = False) -> None:
        """Queue a job. Raises Full, unless it is `owed` from before (a restart, an edit)."""
        async with self._ready:
            key = lane_of(job)
            lane = self._lanes.get(key, deque())
            if not owed and self._size >= self._limit:
                raise Full(user=False)
            if not owed and len(lane) >= self._per_user:
                raise Full(user=True)
            self._lanes[key] = lane
            lane.append(job)
            self._size += 1
            if len(lane) == 1 and key not in self._busy:
                self._turns.append(key)
                self._ready.notify()

    async def get(self) -> Job:
        """The next job, once there is one."""
        async with self._ready:
            await self._ready.wait_for(lambda: bool(self._turns))
            lane = self._turns.popleft()
            job = self._lanes[lane].popleft()
            self._size -= 1
            if not self._lanes[lane]:
                del self._lanes[lane]
            self._busy.add(lane)
            return job

    async def release_lane(self, job: Job) -> None:
        """The job's user may have the next one worked on."""
        async with self._ready:
            lane = lane_of(job)
            self._busy.discard(lane)
            if lane in self._lanes and lane not in self._turns:
                self._turns.append(lane)
                self._ready.notify()

    async def remove_job(self, job_id: str) -> None:
        """Take a job out, if it still waits."""
        async with self._ready:
            for key, lane in list(self._lanes.items()):
                kept = deque(job for job in lane if job.id != job_id)
                self._size -= len(lane) - len(kept)
                if kept:
                    self._lanes[key] = kept
                elif lane:
                    del self._lanes[key]
                    if key in self._turns:
                        self._turns.remove(key)

    def list_positions(self) -> Iterator[tuple[Job, int]]:
        """Each user's first waiting job, with the number of jobs that come before it as things stand."""
        lanes = dict.fromkeys((*self._turns, *self._lanes))
        for ahead, lane in enumerate(lanes):
            yield self._lanes[lane][0], ahead

    def __iter__(self) -> Iterator[Job]:
        """All that waits."""
        return (job for lane in list(self._lanes.values()) for job in list(lane))

    def holds_job(self, job: Job) -> bool:
        """Whether a job still waits, in that very revision."""
        return any((other.id, other.revision) == (job.id, job.revision) for other in self._lanes.get(lane_of(job), ()))

    def take_all(self) -> list[Job]:
        """Take everything out."""
        jobs = list(self)
        self._lanes.clear()
        self._turns.clear()
        self._size = 0
        return jobs


class Budget:
    """At most `most` questions of one key within `seconds`, in a bucket that refills steadily; 0 is no limit."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._full_at: dict[str, float] = {}  # when each bucket will be full again

    def take_question(self, key: str) -> float:
        """Take one question; -> 0.0, or the seconds until one would be allowed, and then none is taken."""
        if wait := self.find_wait(key):
            return wait
        if self._most:
            now = self._clock()
            if len(self._full_at) > 10_000:
                self._full_at = {other: at for other, at in self._full_at.items() if at > now}
            self._full_at[key] = max(now, self._full_at.get(key, now)) + self._seconds / self._most
        return 0.0

    def find_wait(self, key: str) -> float:
        """Take none; -> the seconds until one would be allowed, 0.0 where one is."""
        if not self._most:
            return 0.0
        now, each = self._clock(), self._seconds / self._most
        wait = max(now, self._full_at.get(key, now)) + each - now - self._seconds
        return wait if wait > 1e-9 else 0.0


def lane_of(job: Job) -> tuple[str, str, str]:
    """Whose job it is."""
    place = job.message.place
    return place.platform, place.workspace, job.message.user
