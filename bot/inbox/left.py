"""Jobs that are still this process's and in nobody's hands: broken off by a fault, or with nobody to tell."""

from __future__ import annotations

from collections.abc import Iterator

from bot.chat.message import Job


class LeftJobs:
    """A job is left until it is taken up; that it was put off, with nothing wrong in itself, is known until it ends."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._put_off: set[str] = set()

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def leave_job(self, job: Job) -> None:
        """It is begun again, but not for ever: it may be what breaks off."""
        self._jobs[job.id] = job

    def put_off_job(self, job: Job) -> None:
        """It is begun again as often as that takes: a platform or the database is away."""
        self._jobs[job.id] = job
        self._put_off.add(job.id)

    def was_put_off(self, job: Job) -> bool:
        """Whether it was put off since it came."""
        return job.id in self._put_off

    def take_up(self, job: Job) -> None:
        """It is in somebody's hands again."""
        self._jobs.pop(job.id, None)

    def forget_job(self, job: Job) -> None:
        """It has ended."""
        self._put_off.discard(job.id)
