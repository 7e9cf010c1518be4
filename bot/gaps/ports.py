"""The stores of questions that were not answered well, of what was drafted for them and said of them; who drafts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.gaps.models import GapDraft, GapMark, Missed
from retrieval.documents import Passage


class MissedStore(Protocol):
    """Where the questions that were not answered well are known."""

    async def missed(self, since: datetime, limit: int = 5000) -> Sequence[Missed]:
        """The newest `limit` of them asked since then. Raises StorageError."""


class DraftStore(Protocol):
    """Drafts for gaps. Methods raise StorageError."""

    async def add(self, draft: GapDraft) -> None:
        """Keep it, unless its question is gone by now, or has one."""

    async def list(self, limit: int = 1000) -> Sequence[GapDraft]:
        """The newest of them."""

    async def get(self, turn_id: str) -> GapDraft | None:
        """The one made from this question."""


class GapMarkStore(Protocol):
    """What admins said of gaps. Methods raise StorageError."""

    async def list_marks(self, limit: int = 1000) -> Sequence[GapMark]:
        """Those said last, first, with `limit` questions in all; none that has no question any more."""

    async def record_mark(
        self, ids: Sequence[str], by: str, *, dismissed: bool | None = None, assignee: str | None = None
    ) -> GapMark:
        """Say something of the gap that these are questions of, by their turns' ids, the mark's own, or the first
        digits of either; what is None stays as it was. Raises UnknownGap."""


class Drafter(Protocol):
    """Drafts an entry."""

    async def draft_entry(self, turn_id: str, title: str, language: str, passages: Sequence[Passage]) -> GapDraft:
        """Of a gap's title and what the pages say next to it. Raises GeneratorError."""
