"""The store that deletes what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol


class PrivacyStore(Protocol):
    """Deletes what people said. Every method raises StorageError."""

    async def forget(self, platform: str, user: str, *, note: bool = True) -> Mapping[str, int]:
        """Delete all that this user said, and what it was answered with, in whatever workspace; -> rows by table.

        With `note` the wish is kept until it is done, so that what cuts it off leaves it `unfinished`, and what is
        being answered to them now will not be stored.
        """

    async def compact(self, *, give_way: bool = False) -> bool:
        """Remove what was deleted from the database's files too, as far as the engine lets us see to that; with
        `give_way`, leave it off where that would keep others waiting. -> whether it is done. Raises nothing."""

    async def estimate_compaction(self) -> float:
        """For how many seconds others may be kept waiting by `compact`, roughly. Raises nothing."""

    async def unfinished(self) -> Sequence[tuple[str, str]]:
        """Platform and id of those whose forgetting was begun and has not come to its end."""

    async def expire(self, before: datetime) -> Mapping[str, int]:
        """Delete conversations, claimed messages and handoffs that ended before that moment; -> rows by table."""
