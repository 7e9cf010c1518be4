"""What can be told of a job by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def may_be_begun(job: Job) -> bool:
    """Whether something may stand for an open job that nobody has noted, or not yet."""
    return job.attempts > 0 and not job.replies


def list_begun(jobs: Sequence[Job]) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """By the ids of the jobs that were begun: what is noted for them."""
    return {job.id: job.replies for job in jobs if job.attempts}


def choose_unmarked(
    job: Job, unmarked: Sequence[Mapping[str, str]], others: Sequence[Job]
) -> Sequence[Mapping[str, str]]:
    """Which of a thread's begun answers, oldest first, a job goes on with: none that is noted for one of the `others`
    of its thread. Of the rest the jobs that came before it have the first choice, so that no two take the same."""
    noted = {name_reply(reply) for other in others for reply in (*other.replies, *_list_left(other))}
    free = [reply for reply in unmarked if name_reply(reply) not in noted]
    came = (job.received_at, job.id)
    first = sum(may_be_begun(other) and (other.received_at, other.id) < came for other in others)
    return free[first : first + 1]


def _list_left(job: Job) -> Sequence[Mapping[str, str]]:
    """What was begun for a job in a place where it could not be ended."""
    return job.moved.left if job.moved else ()


def name_reply(reply: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Which message a reply is, whatever its state."""
    return frozenset((key, value) for key, value in reply.items() if key != "state")
