"""The store of keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.api_keys.models import ApiKey


class KeyStore(Protocol):
    """The keys of the HTTP API. Every method raises StorageError."""

    async def add(self, key: ApiKey) -> bool:
        """False where there is one of that name."""

    async def find(self, key_id: str) -> ApiKey | None:
        """By its public part."""

    async def list(self) -> Sequence[ApiKey]:
        """Oldest first."""

    async def remove(self, name: str) -> bool:
        """False where there is none of that name."""

    async def note_use(self, key_id: str, at: datetime) -> None:
        """When it was used last; may have to wait for seconds. One that is gone stays so."""
