"""The store of learned wordings, and what learns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.learned.models import Evidence


class LearnedStore(Protocol):
    """What people showed of which entry some words mean. Every method raises StorageError."""

    async def add(self, evidence: Sequence[Evidence]) -> None:
        """Keep each in place of what the same person showed of the same wording; not of one that was removed."""

    async def list(self, least: int = 0) -> Sequence[Evidence]:
        """What has not faded, newest first: of words for which at least so many people spoke, whatever the entry."""

    async def shown_by(self, turn_id: str) -> Sequence[Evidence]:
        """What rests on an entry that this turn showed, oldest first."""

    async def remove(self, wording_id: str) -> None:
        """Forget a wording, and take no more evidence of it."""

    async def revision(self) -> str:
        """Another one whenever `list` gives something else; cheap enough to ask every second."""
