"""Signing in and out: one-time links, and the sessions of browsers."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.chat.people import Actor
from bot.console.models import Session, Ticket, TicketKind
from bot.console.ports import TicketStore

LINK_MINUTES = 10


class Sessions:
    """Secrets are 256 random bits, so that a plain hash of them is enough: nothing can be guessed from it. `hours` is
    how long a session lasts."""

    def __init__(
        self, store: TicketStore, hours: float = 12, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._lasts = timedelta(hours=hours)
        self._now = now

    async def make_link_secret(self, actor: Actor) -> str:
        """What signs `actor` in once, within ten minutes. Raises StorageError."""
        return await self._issue(TicketKind.LINK, actor, timedelta(minutes=LINK_MINUTES))

    async def sign_in(self, actor: Actor) -> str:
        """-> the session's secret, for the browser's cookie. Raises StorageError."""
        await self._store.remove_expired(self._now())
        return await self._issue(TicketKind.SESSION, actor, self._lasts)

    async def redeem_link(self, secret: str) -> str | None:
        """The secret of a session for a link's; None for one that is unknown, expired or used. Raises StorageError."""
        ticket = await self._store.take(_digest(secret), TicketKind.LINK, self._now())
        return await self.sign_in(ticket.actor) if ticket else None

    async def find_session(self, secret: str) -> Session | None:
        """Raises StorageError."""
        ticket = await self._store.find(_digest(secret), TicketKind.SESSION, self._now())
        return Session(ticket.actor, _digest(f"form:{secret}")) if ticket else None

    async def sign_out(self, secret: str) -> None:
        """Raises StorageError."""
        await self._store.take(_digest(secret), TicketKind.SESSION, self._now())

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return round(self._lasts.total_seconds())

    async def _issue(self, kind: TicketKind, actor: Actor, lasts: timedelta) -> str:
        secret, now = secrets.token_urlsafe(32), self._now()
        await self._store.add(Ticket(_digest(secret), kind, actor, now, now + lasts))
        return secret


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
