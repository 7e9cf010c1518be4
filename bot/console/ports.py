"""What signing in needs kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.console.models import Ticket, TicketKind


class TicketStore(Protocol):
    """Tickets by their digests. Every method raises StorageError."""

    async def add(self, ticket: Ticket) -> None: ...

    async def find(self, digest: str, kind: TicketKind, now: datetime) -> Ticket | None:
        """One that has not expired."""

    async def take(self, digest: str, kind: TicketKind, now: datetime) -> Ticket | None:
        """The same, which is gone then: of two who take it, one gets it."""

    async def remove_expired(self, now: datetime) -> None: ...
