"""The refresh as a use case: which sources, logged from start to end, watched and cancelled from any process, off the
event loop."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.errors import BotError, StorageError
from bot.sources.models import CANCELLED, DIED, FAILED, RUNNING, RefreshRun
from bot.sources.ports import RefreshLog, SourceStore
from retrieval.documents import Source
from retrieval.errors import (
    AnswersWorse,
    IndexUnavailable,
    ModelError,
    RefreshRunning,
    RetrievalError,
    SourceError,
    TooMuchWouldVanish,
)

if TYPE_CHECKING:  # the real ones bring FAISS along
    from retrieval.refresh import Progress, RefreshReport

log = structlog.get_logger(__name__)

_BEAT_SECONDS = 1.0
_DEAD = timedelta(seconds=30)  # without a beat: its process died
_PATIENCE = 60.0  # seconds for which a run's end is held while the database is away


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """`only` names the sources to read again (empty: all that are not paused); `force` activates whatever would
    vanish; `asked_by` is who called for it."""

    only: tuple[str, ...] = ()
    dry_run: bool = False
    force: bool = False
    asked_by: str = ""


class RefreshCancelled(BotError):
    """The refresh was stopped on purpose; the active version is untouched."""


class RefreshService:
    """Runs the synchronous `run(sources, request, on_progress)` in a thread and logs what came of it. `paused` tells
    the sources that are left out unless they are asked for by name; `prepare` is awaited before each run. `conclude`
    tells what else there is to say of its report (JSON by name): a refresh is no less done if that fails."""

    def __init__(
        self,
        sources: SourceStore,
        runs: RefreshLog,
        run: Callable[[Sequence[Source], RefreshRequest, Callable[[Progress], None]], RefreshReport],
        paused: Callable[[], Coroutine[Any, Any, frozenset[str]]] | None = None,
        prepare: Callable[[], Coroutine[Any, Any, None]] | None = None,
        conclude: Callable[[RefreshReport], Coroutine[Any, Any, Mapping[str, object]]] | None = None,
    ) -> None:
        self._sources = sources
        self._runs = runs
        self._run = run
        self._paused = paused
        self._prepare = prepare
        self._conclude = conclude
        self._beginning = asyncio.Lock()
        self._tasks: set[asyncio.Task[RefreshReport]] = set()

    async def refresh(
        self, request: RefreshRequest, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> RefreshReport:
        """Read the sources again and activate what came of it.

        Cancelling the task stops the crawl and leaves the active version as it was; once the new one is being
        activated it comes too late, and the log tells what was done.
        Raises UnknownSource, SourceError (no source yet, nothing readable), RefreshRunning, TooMuchWouldVanish,
        AnswersWorse, InputError (the golden questions cannot be read), RefreshCancelled (by another process).
        """
        entry, sources, request = await self._enter(request)
        return await self._go(entry, sources, request, on_progress)

    async def begin(self, request: RefreshRequest) -> tuple[RefreshRun, bool]:
        """Start a refresh beside whatever else is done; -> its entry and True, or the one that runs already and False.

        Raises UnknownSource, SourceError; what goes wrong later stands in the log (see `follow`).
        """
        async with self._beginning:  # of two that ask here at once, the second joins the first
            if running := await self.running():
                return running, False
            entry, sources, request = await self._enter(request)
        task = asyncio.create_task(self._go(entry, sources, request, lambda _: None))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return entry, True

    async def running(self) -> RefreshRun | None:
        """The refresh that runs now, in whatever process."""
        for run in await self._runs.list():
            if run.outcome == RUNNING and not _dead(run):
                return run
        return None

    async def get(self, run_id: str) -> RefreshRun | None:
        """A refresh by its id."""
        return await self._runs.get(run_id)

    async def cancel(self, run_id: str) -> None:
        """Stop a refresh, in whatever process it runs. The active version stays as it is."""
        await self._runs.cancel(run_id)

    async def follow(self, run_id: str) -> AsyncIterator[RefreshRun]:
        """How a refresh goes on, about every second, to its end, whichever process it runs in."""
        while run := await self._runs.get(run_id):
            if run.outcome == RUNNING and _dead(run):
                await self._fail(run, DIED)
                continue
            yield run
            if run.outcome != RUNNING:
                return
            await asyncio.sleep(_BEAT_SECONDS)

    async def close(self) -> None:
        """Stop what `begin` started."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _enter(self, request: RefreshRequest) -> tuple[RefreshRun, Sequence[Source], RefreshRequest]:
        for name in request.only:
            await self._sources.get(name)
        sources = await self._sources.list()
        if not sources:
            raise SourceError("No source is known yet: add one with 'frontdesk sources add https://example.com/faq'.")
        names = request.only or await self._awake(sources)
        if not names:
            raise SourceError("Every source is paused: name one, or take one up again with 'frontdesk sources resume'.")
        if len(names) < len(sources):
            request = replace(request, only=names)
        if self._prepare:
            await self._prepare()
        now = datetime.now(UTC)
        rendered = [source.name for source in sources if source.render]
        entry = RefreshRun(
            id=uuid.uuid4().hex,
            started_at=now,
            report={
                "sources": list(names),
                "rendered": rendered,
                "dry_run": request.dry_run,
                "force": request.force,
            },
            asked_by=request.asked_by,
            beat_at=now,
        )
        await self._runs.start(entry)
        return entry, sources, request

    async def _awake(self, sources: Sequence[Source]) -> tuple[str, ...]:
        paused = await self._paused() if self._paused else frozenset()
        return tuple(source.name for source in sources if source.name not in paused)

    async def _go(
        self,
        entry: RefreshRun,
        sources: Sequence[Source],
        request: RefreshRequest,
        on_progress: Callable[[Progress], None],
    ) -> RefreshReport:
        latest: list[Progress] = []
        stopped = threading.Event()
        beating = asyncio.create_task(self._beat(entry.id, latest, stopped))
        try:
            report, interrupted = await self._in_thread(sources, request, on_progress, latest, stopped)
            if self._conclude and not interrupted:
                report, interrupted = await self._add_conclusion(report, self._conclude(report), stopped)
            told = {**report.as_dict(), "rendered": entry.report["rendered"]}
            await self._finish(replace(entry, outcome=report.outcome, version=report.version, report=told), _PATIENCE)
            await self._close_dead_runs(entry)
        except asyncio.CancelledError:
            with suppress(StorageError):
                await self._fail(replace(entry, report={}), CANCELLED)  # it says nothing against its sources
            raise
        except RefreshCancelled:
            await self._fail(replace(entry, report={}), CANCELLED, _PATIENCE)
            raise
        except RefreshRunning as error:
            await self._fail(replace(entry, report={}), str(error), _PATIENCE)
            raise
        except StorageError:
            raise
        except Exception as error:
            known = {**entry.report, "blamed": blamed(error, [source.name for source in sources])}
            if isinstance(error, AnswersWorse):
                known["golden"] = error.trial.as_dict()
            await self._fail(replace(entry, report=known), cause_of(error), _PATIENCE)
            raise
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        if interrupted:
            raise interrupted
        return report

    async def _fail(self, entry: RefreshRun, error: str, patience: float = 0.0) -> None:
        await self._finish(replace(entry, outcome=FAILED, error=error), patience)

    async def _finish(self, run: RefreshRun, patience: float) -> None:
        """Log how a run ended, for so many seconds again while the database is away. Raises StorageError."""
        run = replace(run, finished_at=datetime.now(UTC))
        until = time.monotonic() + patience
        while True:
            try:
                return await self._runs.finish(run)
            except StorageError:
                if time.monotonic() >= until:
                    raise
            await asyncio.sleep(_BEAT_SECONDS)

    async def _close_dead_runs(self, ours: RefreshRun) -> None:
        """One refresh runs at a time and ours has had its turn: what began earlier and still "runs" was killed."""
        for run in await self._runs.list():
            if run.outcome == RUNNING and run.started_at < ours.started_at:
                await self._fail(run, DIED)

    async def _in_thread(
        self,
        sources: Sequence[Source],
        request: RefreshRequest,
        on_progress: Callable[[Progress], None],
        latest: list[Progress],
        stopped: threading.Event,
    ) -> tuple[RefreshReport, asyncio.CancelledError | None]:
        """-> the report, and the cancellation that came too late for it."""

        def relay(progress: Progress) -> None:
            if stopped.is_set() and progress.stage != "activate":  # from there on the new version may answer already
                raise RefreshCancelled("The refresh was cancelled; the active version still answers.")
            latest[:] = [progress]
            on_progress(progress)

        work = asyncio.create_task(asyncio.to_thread(self._run, sources, request, relay))
        try:
            return await asyncio.shield(work), None
        except asyncio.CancelledError as interrupted:
            stopped.set()  # the thread ends at its next report of progress, which closes the crawl
            await asyncio.wait([work])
            if work.cancelled() or work.exception():  # retrieved: it says that it was cancelled
                raise
            return work.result(), interrupted

    async def _add_conclusion(
        self,
        report: RefreshReport,
        conclusion: Coroutine[Any, Any, Mapping[str, object]],
        stopped: threading.Event,
    ) -> tuple[RefreshReport, asyncio.CancelledError | None]:
        """-> the report with what there is to say besides, and the cancellation that ended that: the new version
        answers by now. Whoever stops the refresh from another process ends it, too."""
        work = asyncio.create_task(conclusion)
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_BEAT_SECONDS)
                if stopped.is_set():
                    work.cancel()
            return (report if work.cancelled() else replace(report, beside=work.result())), None
        except asyncio.CancelledError as interrupted:
            work.cancel()
            await asyncio.wait({work})
            return report, interrupted
        except Exception as error:
            log.warning("a refresh was not looked at", cause=cause_of(error))
            log.debug("fault's traceback", exc_info=error)
            return report, None

    async def _beat(self, run_id: str, latest: Sequence[Progress], stopped: threading.Event) -> None:
        """Tell the log how far the work is, and hear from it whether to stop."""
        while True:
            progress: Mapping[str, object] = latest[-1].as_dict() if latest else {}
            with suppress(StorageError):  # a crawl need not end because the database is away for a moment
                if await self._runs.beat(run_id, progress):
                    stopped.set()
            await asyncio.sleep(_BEAT_SECONDS)

    def _ended(self, task: asyncio.Task[RefreshReport]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            known = isinstance(error, (RetrievalError, BotError))
            log.warning("refresh failed", kind=type(error).__name__, cause=str(error) if known else "")


def cause_of(error: Exception) -> str:
    """Why a refresh failed, in one line for operators; what an unexpected error says may be anybody's text, and is
    left out."""
    if isinstance(error, RetrievalError | BotError):
        return str(error)
    if not isinstance(error, OSError) or error.errno is None:
        return f"internal error: {type(error).__name__}"
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    mend = "free some room in" if full else "see that I may read and write"
    return f"{os.strerror(error.errno)}: {mend} FRONTDESK_DATA_DIR, then call it again."


def blamed(error: Exception, sources: Sequence[str]) -> list[str]:
    """Which of `sources` a refresh failed by; a model, a version, a setting or the golden questions say nothing
    against them."""
    if isinstance(error, TooMuchWouldVanish) and error.sources:
        return [name for name in sources if name in error.sources]
    return [] if isinstance(error, AnswersWorse | ModelError | IndexUnavailable | BotError) else list(sources)


def _dead(run: RefreshRun) -> bool:
    return datetime.now(UTC) - (run.beat_at or run.started_at) > _DEAD
