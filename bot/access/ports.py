"""Stores of admins and of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.access.models import AuditEntry
from bot.chat.people import Actor


class AdminStore(Protocol):
    """Who was named an admin, by user id. Every method raises StorageError."""

    async def add(self, platform: str, workspace: str, user: str, added_by: str) -> bool:
        """False for one who was one already."""

    async def remove(self, platform: str, workspace: str, user: str) -> bool:
        """False for one who was none."""

    async def has(self, platform: str, workspace: str, user: str) -> bool: ...

    async def list(self) -> Sequence[Actor]:
        """Oldest first, each with the role of an admin."""


class AuditLog(Protocol):
    """Who did what. Every method raises StorageError."""

    async def add(self, entry: AuditEntry) -> None: ...

    async def list(self, limit: int = 50) -> Sequence[AuditEntry]:
        """Newest first."""
