"""The refresh as a use case: which sources, logged from start to end, cancelable, off the event loop."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from bot.conversation import RefreshRun
from bot.errors import BotError
from bot.interfaces import RefreshLog, SourceStore
from retrieval.documents import Source
from retrieval.errors import RefreshRunning, RetrievalError, SourceError

if TYPE_CHECKING:  # the real ones bring FAISS along
    from retrieval.refresh import Progress, RefreshReport

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """`only` names the sources to read again (empty: all); `force` activates whatever would vanish."""

    only: tuple[str, ...] = ()
    dry_run: bool = False
    force: bool = False


class RefreshCancelled(BotError):
    """The refresh was stopped on purpose; the active version is untouched."""


class Refreshing:
    """Runs the synchronous `run(sources, request, on_progress)` in a thread and logs what came of it."""

    def __init__(
        self,
        sources: SourceStore,
        runs: RefreshLog,
        run: Callable[[Sequence[Source], RefreshRequest, Callable[[Progress], None]], RefreshReport],
    ) -> None:
        self._sources = sources
        self._runs = runs
        self._run = run

    async def refresh(
        self, request: RefreshRequest, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> RefreshReport:
        """Read the sources again and activate what came of it.

        Cancelling the task stops the crawl and leaves the active version as it was.
        Raises UnknownSource, SourceError (no source yet, nothing readable), RefreshRunning, TooMuchWouldVanish.
        """
        for name in request.only:
            await self._sources.get(name)
        sources = await self._sources.list()
        if not sources:
            raise SourceError("No source is known yet: add one with 'frontdesk sources add https://example.com/faq'.")
        names = request.only or tuple(source.name for source in sources)
        entry = RefreshRun(id=uuid.uuid4().hex, started_at=datetime.now(UTC), report={"sources": list(names)})
        await self._runs.start(entry)
        try:
            report = await self._in_thread(sources, request, on_progress)
        except asyncio.CancelledError:
            await self._fail(replace(entry, report={}), "cancelled")  # it says nothing against its sources
            raise
        except RefreshRunning as error:
            await self._fail(replace(entry, report={}), str(error))
            raise
        except (RetrievalError, BotError) as error:
            await self._fail(entry, str(error))
            raise
        except Exception as error:
            await self._fail(entry, f"internal error: {type(error).__name__}")
            raise
        await self._runs.finish(
            replace(
                entry,
                finished_at=datetime.now(UTC),
                outcome=report.outcome,
                version=report.version,
                report=report.as_dict(),
            )
        )
        await self._close_dead_runs(entry)
        return report

    async def _fail(self, entry: RefreshRun, error: str) -> None:
        await self._runs.finish(replace(entry, finished_at=datetime.now(UTC), outcome="failed", error=error))

    async def _close_dead_runs(self, ours: RefreshRun) -> None:
        """One refresh runs at a time and ours has had its turn: what began earlier and still "runs" was killed."""
        for run in await self._runs.list():
            if run.outcome == "running" and run.started_at < ours.started_at:
                await self._fail(run, "its process died")

    async def _in_thread(
        self, sources: Sequence[Source], request: RefreshRequest, on_progress: Callable[[Progress], None]
    ) -> RefreshReport:
        stopped = threading.Event()

        def relay(progress: Progress) -> None:
            if stopped.is_set():
                raise RefreshCancelled("The refresh was cancelled; the active version still answers.")
            on_progress(progress)

        work = asyncio.create_task(asyncio.to_thread(self._run, sources, request, relay))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stopped.set()  # the thread ends at its next report of progress, which closes the crawl
            await asyncio.wait([work])
            raise
