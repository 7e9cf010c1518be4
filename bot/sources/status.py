"""How Frontdesk is doing: what it knows, since when, what it is busy with, what is wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.refusal_notes import Refused
from bot.sources.catalogue import Knowledge
from bot.sources.health import SourceTrouble, troubles
from bot.sources.models import RefreshRun, Schedule
from bot.sources.ports import AudienceStore, RefreshLog, ScheduleStore, SourceStore
from retrieval.audiences import EVERYBODY, Audience
from retrieval.coverage import CoverageSummary
from retrieval.documents import Source
from retrieval.errors import RetrievalError


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """Of a generation server: where it is, what it serves, how fast (or ""), and what is wrong with it (or "").
    `too_slow`: no customer waits for what it writes."""

    url: str
    serves: str = ""
    speed: str = ""
    fault: str = ""
    too_slow: bool = False

    @property
    def finding(self) -> str:
        """How it is, in a line, without its address."""
        if self.fault or not self.speed:
            return self.fault or self.serves
        if self.too_slow:
            return f"{self.serves}; too slow to write answers, which are quoted at once: {self.speed}"
        return f"{self.serves}; {self.speed}"


Health = Callable[[], Awaitable[Sequence[ServerHealth]]]
"""How each generation server is."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as it stands; `documents` of it, in so many `passages`, are in the active version, which knows of its
    pages' text what `coverage` says. `audience` are the groups that it is for alone, if any."""

    source: Source
    schedule: Schedule
    documents: int
    passages: int
    trouble: SourceTrouble | None = None
    coverage: CoverageSummary = field(default_factory=CoverageSummary)
    audience: Audience = EVERYBODY

    @property
    def state(self) -> str:
        """How it is doing, in one word."""
        if self.schedule.paused:
            return "paused"
        if self.trouble is None:
            return "ok"
        if self.trouble.needs_browser:
            return "needs a browser"
        return "empty" if self.trouble.empty else "failing"


@dataclass(frozen=True, slots=True)
class Status:
    """`version` is "" while nothing is indexed. `queue` is (waiting, being answered), None outside of `serve`."""

    version: str
    created_at: datetime | None
    pages: int
    passages: int
    sources: tuple[SourceStatus, ...]
    last: RefreshRun | None
    queue: tuple[int, int] | None
    generators: tuple[ServerHealth, ...]
    refused: tuple[Refused, ...] = ()
    coverage: CoverageSummary = field(default_factory=CoverageSummary)


class StatusReport:
    """`active` reads the active index and `coverage` its figures (in a thread), `health` asks the generation servers;
    `refused` is what processes that run have said of platforms that refuse them."""

    def __init__(
        self,
        sources: SourceStore,
        schedules: ScheduleStore,
        runs: RefreshLog,
        active: Callable[[], Knowledge],
        coverage: Callable[[], CoverageSummary],
        health: Health,
        refused: Callable[[], Awaitable[Sequence[Refused]]],
        audiences: AudienceStore,
    ) -> None:
        self._sources = sources
        self._schedules = schedules
        self._runs = runs
        self._active = active
        self._coverage = coverage
        self._health = health
        self._queue: Callable[[], tuple[int, int]] | None = None
        self._refused = refused
        self._audiences = audiences

    def watch_queue(self, queue: Callable[[], tuple[int, int]]) -> None:
        """Read (waiting, being answered) whenever the status is asked for."""
        self._queue = queue

    async def sources(self) -> tuple[SourceStatus, ...]:
        """Every source with its schedule, size and trouble. Raises StorageError."""
        documents: Mapping[str, int] = {}
        passages: Mapping[str, int] = {}
        try:
            known = await asyncio.to_thread(self._active)
            documents = Counter(document.source for document in known.documents)
            passages = Counter(part.document.source for part in known.parts)
        except RetrievalError:
            pass
        sources = await self._sources.list()
        schedules = {schedule.source: schedule for schedule in await self._schedules.schedules()}
        coverage = await self.coverage()
        limited = await self._audiences.list_limited()
        ill = {name: trouble for trouble in troubles(sources, await self._runs.list(200)) for name in trouble.sources}
        return tuple(
            SourceStatus(
                source,
                schedules.get(source.name, Schedule(source.name)),
                documents.get(source.name, 0),
                passages.get(source.name, 0),
                ill.get(source.name),
                coverage.select_source(source.name),
                limited.get(source.name, EVERYBODY),
            )
            for source in sources
        )

    async def coverage(self) -> CoverageSummary:
        """How much of each page's text is known."""
        return await asyncio.to_thread(self._coverage)

    async def status(self) -> Status:
        """All of it. Raises StorageError."""
        try:
            known = await asyncio.to_thread(self._active)
        except RetrievalError:
            known = None
        runs = await self._runs.list(1)
        return Status(
            version=known.version if known else "",
            created_at=known.created_at if known else None,
            pages=known.pages if known else 0,
            passages=known.passages if known else 0,
            sources=await self.sources(),
            last=runs[0] if runs else None,
            queue=self._queue() if self._queue else None,
            generators=tuple(await self._health()),
            refused=tuple(await self._refused()),
            coverage=await self.coverage(),
        )
