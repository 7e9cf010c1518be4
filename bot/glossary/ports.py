"""The store of glossary entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from retrieval.documents import Source
from retrieval.search.synonyms import Entry


class GlossaryStore(Protocol):
    """Terms that mean the same, by group. Every method raises StorageError."""

    async def list(self) -> Sequence[Entry]:
        """Those in use: for all sources first, then by source, oldest first."""

    async def put(self, entries: Sequence[Entry], replacing: Sequence[str] = (), *, since: str) -> bool:
        """Keep entries, in place of those with the ids `replacing`; False, and nothing done, where what is in use was
        changed after the revision `since`."""

    async def remove(self, entry_id: str) -> bool:
        """False for one that is not in use."""

    async def dismiss(self, entry: Entry) -> None:
        """Keep that a suggestion is not wanted."""

    async def dismissed(self) -> frozenset[str]:
        """The ids of suggestions that are not wanted."""

    async def revision(self) -> str:
        """Another one whenever `list` gives something else; cheap enough to ask every second."""


class SourceNames(Protocol):
    """The sources that entries may be for. Raises StorageError, and UnknownSource for a name that is none."""

    async def get(self, name: str) -> Source: ...

    async def list(self) -> Sequence[Source]: ...
