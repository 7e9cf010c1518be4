"""What can be told of a job by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.chat.message import Job


def age_of(job: Job) -> float:
    """Seconds since a job, or its last edit, came."""
    return max(0.0, (datetime.now(UTC) - job.received_at).total_seconds())


def is_same(current: Job, job: Job) -> bool:
    """Whether a job is still open as we know it, and this process's."""
    same = (current.state, current.revision) == (job.state, job.revision)
    return current.mine and current.state.is_open and same


def may_stand_unnoted(job: Job) -> bool:
    """Whether something may stand for a job that was just begun which nobody has noted: it was begun before."""
    return job.attempts > 1 and not job.replies
