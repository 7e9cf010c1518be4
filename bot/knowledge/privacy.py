"""Forgetting: what a person said, on demand; what everybody said, after a while."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from bot.errors import StorageError
from bot.interfaces import PrivacyStore

log = structlog.get_logger(__name__)

_EVERY = timedelta(hours=6)


class Privacy:
    """`days` is how long conversations are kept (0: for ever). `forgotten` is awaited after texts were deleted, so that
    what stands in memory goes too."""

    def __init__(
        self, store: PrivacyStore, days: int = 0, forgotten: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._store = store
        self._days = days
        self._forgotten = forgotten

    @property
    def days(self) -> int:
        """How long conversations are kept; 0: for ever."""
        return self._days

    async def forget(self, platform: str, user: str) -> Mapping[str, int]:
        """Delete all that a user said and was answered; -> rows by table. Raises StorageError."""
        gone = await self._store.forget(platform, user)
        if self._forgotten:
            await self._forgotten()
        return gone

    async def expire(self, now: datetime | None = None) -> Mapping[str, int]:
        """Delete what is older than is kept; -> rows by table. Raises StorageError."""
        if not self._days:
            return {}
        gone = await self._store.expire((now or datetime.now(UTC)) - timedelta(days=self._days))
        if any(gone.values()):
            log.info("retention", **gone)
        return gone

    async def run(self) -> None:
        """Delete what has grown too old, now and every few hours, until cancelled."""
        while self._days:
            try:
                await self.expire()
            except StorageError as error:
                log.warning("retention failed", cause=str(error))
            await asyncio.sleep(_EVERY.total_seconds())


def pseudonym(platform: str, user: str) -> str:
    """Names a user in the record of who did what without naming them."""
    return hashlib.sha256(f"{platform}:{user}".encode()).hexdigest()[:12]
