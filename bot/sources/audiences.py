"""Whom sources are for, as questions are searched by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from bot.runtime.snapshots import keep_up
from bot.sources.ports import AudienceStore
from retrieval.audiences import Audience, Audiences, Viewer

log = structlog.get_logger(__name__)


class LiveAudiences:
    """The audiences of sources: a snapshot, brought up to date by `load`; before that nobody but an operator sees
    anything. `current` may be called from any thread. `list_taught` gives those of what people taught."""

    def __init__(self, store: AudienceStore, list_taught: Callable[[], Iterable[Audience]] = tuple) -> None:
        self._store = store
        self._list_taught = list_taught
        self._current = Audiences(known=False)

    def current(self) -> Audiences:
        """What counts at this moment."""
        return self._current

    @property
    def are_limits(self) -> bool:
        """Whether anything is not for everybody."""
        return bool(self._current.by_source or self._current.earlier) or any(self._list_taught())

    def find_granted(self, viewer: Viewer) -> Audience:
        """The groups by which a viewer sees more than everybody."""
        return self._current.select_granted(viewer, self._list_taught())

    async def load(self) -> None:
        """Take in what changed. Raises StorageError."""
        self._current = await self._store.read_audiences()

    async def run(self, seconds: float = 1.0) -> None:
        """Keep up with what this or any other process changes, until cancelled."""
        await keep_up(self.load, "audiences not read", seconds=seconds)
