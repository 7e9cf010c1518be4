"""The store of taught answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.taught.models import Taught, TaughtState


class TaughtStore(Protocol):
    """Answers that people gave. Every method raises StorageError."""

    async def add(self, taught: Taught) -> None: ...

    async def get(self, taught_id: str) -> Taught:
        """By its id or an unambiguous prefix of at least 4 digits. Raises UnknownTaught."""

    async def change(self, taught_id: str, *states: TaughtState, **values: object) -> Taught | None:
        """Set fields of one that is in one of `states` (any, without them); `updated_at` becomes now. None where it is
        in none of them."""

    async def remove(self, taught_id: str) -> None: ...

    async def list(self, *states: TaughtState) -> Sequence[Taught]:
        """Newest first."""

    async def searched(self, now: datetime) -> Sequence[Taught]:
        """The approved ones that have not expired, oldest first."""

    async def revision(self, now: datetime) -> str:
        """Another one whenever `searched` gives something else; cheap enough to ask every second."""
