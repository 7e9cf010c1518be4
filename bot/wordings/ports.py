"""The store of wordings, and who writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.wordings.models import Written, WrittenWording
from retrieval.documents import Document


class WordingStore(Protocol):
    """What a model wrote, and which entries it has written for. Methods raise StorageError."""

    async def worded_entries(self) -> frozenset[str]:
        """The entries that a model has written for, whatever was kept."""

    async def record_entry(self, entry_id: str, written: Sequence[WrittenWording]) -> int:
        """Keep what was written for an entry, all at once, and that it was; but for what was removed. -> how many were
        kept."""

    async def forget_entries(self, gone: Collection[str]) -> None:
        """Forget entries that are not there any more, with their wordings; not what was removed."""

    async def used(self) -> Mapping[str, tuple[str, ...]]:
        """The wordings of each entry that has some, without what was removed; oldest first."""

    async def list(self) -> Sequence[WrittenWording]:
        """All that are not removed, newest first."""

    async def remove(self, wording_id: str) -> WrittenWording:
        """Take one out for good, by its id or the beginning of it. Raises UnknownWording."""


class Writer(Protocol):
    """Writes wordings of an entry."""

    async def write_questions(self, document: Document) -> Written | None:
        """What customers might ask that the entry answers; None where the model says nothing that can be used. Raises
        GeneratorError where no server has time for it."""
