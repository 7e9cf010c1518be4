"""Stores of sources, refreshes and schedules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.chat.message import MessageRef
from bot.sources.models import RefreshRun, Schedule
from retrieval.audiences import Audience, Audiences
from retrieval.documents import Source


class SourceStore(Protocol):
    """The sources an admin named."""

    async def add(self, source: Source, audience: Audience | None = None) -> None:
        """For `audience`, None for that of an earlier source of that name, whose pages stay for whom it was. Raises
        DuplicateSource when the name or the location is taken."""

    async def list(self) -> Sequence[Source]: ...

    async def get(self, name: str) -> Source:
        """Raises UnknownSource."""

    async def remove(self, name: str) -> None:
        """Raises UnknownSource."""

    async def set_render(self, name: str, render: bool) -> None:
        """Whether its pages are read in a browser from now on. Raises UnknownSource."""


class AudienceStore(Protocol):
    """Whom sources are for, by their names. Every method raises StorageError."""

    async def list_limited(self) -> Mapping[str, Audience]:
        """Those that are not for everybody, whether or not there is such a source."""

    async def read_audiences(self) -> Audiences:
        """The same, with those of earlier sources whose names others have."""

    async def set_audience(self, source: str, audience: Audience) -> None:
        """It outlives the source, and counts for the next one of that name."""

    async def record_read(self, sources: Collection[str], version: str) -> None:
        """From this version of the index on, what is indexed of these sources is their own."""


class RefreshLog(Protocol):
    """What refreshes did and do. Every method raises StorageError when the database fails."""

    async def start(self, run: RefreshRun) -> None: ...

    async def beat(self, run_id: str, progress: Mapping[str, object]) -> bool:
        """The run lives, and is so far; -> whether somebody has asked to stop it."""

    async def cancel(self, run_id: str) -> None:
        """Ask whichever process runs it to stop it."""

    async def watch(self, run_id: str, message: MessageRef) -> None:
        """A message that shows this run, to be brought to its end whatever becomes of the process."""

    async def unwatch(self, run_id: str, message: MessageRef) -> None:
        """A message that shows this run shows its end."""

    async def finish(self, run: RefreshRun) -> None:
        """How a run ended; its watchers stay as they are."""

    async def get(self, run_id: str) -> RefreshRun | None: ...

    async def list(self, limit: int = 20) -> Sequence[RefreshRun]:
        """Newest first."""


class ScheduleStore(Protocol):
    """When sources are read by themselves. Every method raises StorageError, and UnknownSource for no source's name."""

    async def schedules(self) -> Sequence[Schedule]:
        """One a source, in the order of the sources."""

    async def schedule(self, source: str) -> Schedule: ...

    async def put(self, schedule: Schedule) -> None: ...

    async def due(self, now: datetime, until: datetime) -> Sequence[Schedule]:
        """Those to be read now, no paused one among them; their `next_at` is `until` afterwards, so that no other
        process takes them as well."""
