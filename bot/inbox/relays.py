"""What is passed on between customers and people: a handoff's messages, and the calls for people themselves."""

from __future__ import annotations

import structlog

from bot.chat.conversation import Decision, Turn
from bot.chat.message import Job, Party
from bot.errors import DeliveryError
from bot.handoff.models import HandoffReason
from bot.handoff.service import HandoffService
from bot.inbox.limits import InboxLimits
from bot.inbox.masking import MessageMasking
from bot.runtime.retries import FailedTry, retry_with_backoff

log = structlog.get_logger(__name__)


class HandoffRelays:
    """Without `handoffs` nothing is passed on. `on_abstention`: people are called, too, where a help channel's question
    found no answer. Every method raises StorageError."""

    def __init__(
        self,
        handoffs: HandoffService | None,
        masking: MessageMasking,
        limits: InboxLimits,
        *,
        on_abstention: bool = False,
    ) -> None:
        self._handoffs = handoffs
        self._masking = masking
        self._limits = limits
        self._on_abstention = on_abstention

    async def relay_message(self, job: Job) -> bool:
        """Pass a handoff's message on, trying as often as for an answer; False where the other side was not reached."""
        if self._handoffs is None:
            return True

        def log_failure(failed: FailedTry) -> None:
            log.warning("relay failed", item=job.id, cause=str(failed.error), attempt=failed.number)

        limits = self._limits
        try:
            async for attempt in retry_with_backoff(
                on=DeliveryError, pause=limits.pause, tries=limits.tries, on_failure=log_failure
            ):
                with attempt:
                    await self._handoffs.relay_message(job, self._masking.text_of(job))
        except DeliveryError:
            return False
        return True

    async def read_along(self, job: Job) -> None:
        """Show people a customer's message that is answered as well; where that cannot be, its author hears so."""
        if job.message.side is Party.CUSTOMER and not await self.relay_message(job):
            await self.give_up(job)

    async def forget_message(self, job: Job) -> None:
        """A message that may have been passed on was deleted."""
        if self._handoffs and job.message.handoff_id:
            await self._handoffs.forget_message(job)

    async def give_up(self, job: Job) -> None:
        """Tell the author of a message that the other side did not get it."""
        if self._handoffs:
            await self._handoffs.give_up(job)

    async def call_people(self, job: Job, turn: Turn | None) -> str:
        """Call people where they were asked for, or where an answer is owed that the pages do not hold; -> what the
        customer is still to be told, where people could not be reached, else "".

        Before the job ends: cut off, it is done again, and one that is with people already stays with them.
        """
        message = job.message
        if turn is None or self._handoffs is None or not self._handoffs.can_hand_over(message.place):
            return ""
        owed = self._on_abstention and turn.decision is Decision.ABSTAIN and message.in_help_channel
        if turn.decision is Decision.HUMAN:
            return await self._handoffs.open_for(job, turn, HandoffReason.WORDS)
        if owed:  # whoever asked for nobody misses nobody
            await self._handoffs.open_for(job, turn, HandoffReason.ABSTENTION)
        return ""
