"""How jobs end: stored, counted, and where something broke, logged."""

from __future__ import annotations

import structlog

from bot.chat.conversation import Turn
from bot.chat.message import Job, JobState
from bot.inbox.jobs import age_of
from bot.inbox.left import LeftJobs
from bot.inbox.masking import MessageMasking
from bot.inbox.ports import InboxMeter, InboxStore
from bot.runtime.faults import log_fault

log = structlog.get_logger(__name__)


class JobOutcomes:
    """Ends jobs in the store, and lets go of what is kept for them while they are open."""

    def __init__(self, store: InboxStore, meter: InboxMeter, masking: MessageMasking, left: LeftJobs) -> None:
        self._store = store
        self._meter = meter
        self._masking = masking
        self._left = left

    async def finish_job(self, job: Job, state: JobState, turn: Turn | None = None) -> bool:
        """End a job; `turn` is its answer. False where it is not open any more as we know it. Raises StorageError."""
        self._left.forget_job(job)
        self._masking.forget_text(job.message.key)
        if not await self._store.finish_job(job, state):
            return False
        decision = turn.decision.value if turn else ""
        self._meter.count_outcome(job.message.place.platform, state.value, decision, age_of(job))
        return True

    def count_claim(self, job: Job) -> None:
        """A message was claimed."""
        self._meter.count_claim(job.message.place.platform, job.judgement.value)

    def count_fault(self, platform: str, kind: str) -> None:
        """Something had to be given up or refused there."""
        self._meter.count_fault(platform, kind)

    def log_fault(self, job: Job, error: BaseException) -> str:
        """Log a fault under an id that a customer can quote; its text stays in the log of an operator."""
        self._meter.count_fault(job.message.place.platform, type(error).__name__)
        return log_fault(error, item=job.id)
