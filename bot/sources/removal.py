"""Taking a source out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.sources.ports import SourceStore

if TYPE_CHECKING:
    from retrieval.index.versions import VersionStore


class SourceRemoval:
    """With the last source what is known goes at once: there is nothing left to read that would make a new version."""

    def __init__(self, sources: SourceStore, versions: VersionStore) -> None:
        self._sources = sources
        self._versions = versions

    async def remove(self, name: str) -> str:
        """Forget a source; -> what becomes of its pages. Raises UnknownSource, RefreshRunning, StorageError."""
        await self._sources.remove(name)
        if await self._sources.list():
            return f"Removed {name}. Its pages leave the index at the next 'frontdesk refresh'."
        before = self._versions.active_id()
        if before is None:
            return f"Removed {name}."
        await asyncio.to_thread(self._versions.deactivate_current)
        return (
            f"Removed {name}, the last source: its pages are answered from no more. "
            f"'frontdesk rollback {before}' brings them back."
        )
