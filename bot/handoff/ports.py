"""The store of handoffs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.chat.message import Party, ThreadRef
from bot.handoff.models import Handoff, HandoffMessage, HandoffState


class HandoffStore(Protocol):
    """Handoffs and what was said in them. Every method raises StorageError."""

    async def open_handoff(self, handoff: Handoff) -> Handoff:
        """Keep a new one; where the customer's place has one that is open or claimed, or had it before that moved, that
        one is the answer."""

    async def find_handoff(self, handoff_id: str) -> Handoff | None: ...

    async def find_in_conversation(self, conversation_id: str) -> Sequence[Handoff]:
        """Those of a conversation, oldest first."""

    async def find_in_thread(self, support: ThreadRef) -> Handoff | None:
        """The one whose thread in the support channel this is."""

    async def change_handoff(self, handoff_id: str, *states: HandoffState, **values: object) -> Handoff | None:
        """Set fields (`state`, `customer`, `asked_in`, `support`, `claimed_by`, `claimed_name`, `reminders`,
        `remind_at`, `helped_asked_at`, `helped`) of one that is in one of `states` (in any, where none is given); None
        where it is in none of them, so that of two that change it at once one succeeds."""

    async def was_asked_whether_helped(self, conversation_id: str) -> bool:
        """Whether the customer of a conversation was, in any handoff of it."""

    async def lease_due_reminders(self, now: datetime, until: datetime) -> Sequence[Handoff]:
        """Open ones whose `remind_at` has come; it is `until` afterwards, and `reminders` one more."""

    async def record_message(self, message: HandoffMessage) -> bool:
        """Keep what was said, in its last wording; False where that message was kept before."""

    async def forget_message(self, handoff_id: str, side: Party, message_id: str) -> None:
        """Keep nothing of what was said and taken back."""

    async def load_messages(self, handoff_id: str) -> Sequence[HandoffMessage]:
        """Oldest first."""

    async def list_handoffs(self, *states: HandoffState, limit: int = 50) -> Sequence[Handoff]:
        """Newest first; without `states` all."""


class ThreadMarks(Protocol):
    """What is known of customers' threads. Raises StorageError."""

    async def hand_over(self, place: ThreadRef, *, human: bool = True) -> None:
        """A person takes the thread over, or gives it back."""
