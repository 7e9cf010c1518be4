"""The store of questions that were not answered well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.gaps.models import Missed


class MissedStore(Protocol):
    """Where the questions that were not answered well are known."""

    async def missed(self, since: datetime, limit: int = 5000) -> Sequence[Missed]:
        """The newest `limit` of them asked since then. Raises StorageError."""
