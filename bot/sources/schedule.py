"""Sources that are read by themselves: every so many hours, with jitter; one that fails is asked less and less often,
and the admins hear of it once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.errors import InputError, StorageError, UnknownSource
from bot.sources.models import Schedule
from bot.sources.ports import ScheduleStore
from bot.sources.refresh import RefreshCancelled, RefreshRequest, RefreshService, blamed, cause_of
from retrieval.errors import RefreshRunning

log = structlog.get_logger(__name__)

SHORTEST, LONGEST = 0.25, 24 * 90.0  # hours
ASKED_BY = "schedule"
_JITTER = 0.1  # of the interval, either way: sites that are read at the same hour every day notice
_BACK_OFF = timedelta(days=7)  # the longest pause of a source that fails
_LEASE = timedelta(minutes=30)  # a process that dies in mid-refresh leaves its sources to others after this
_LOOK_SECONDS = 20.0
_SOON = timedelta(minutes=5)  # after which it is tried again where another refresh was at work

_STAYS = " What it held stays."

Tell = Callable[[str], Awaitable[None]]
_Trouble = tuple[str, str]
"""What a source did, told behind its name, and what that means."""


class ScheduledRefreshes:
    """`tell` sends a line to the admins."""

    def __init__(
        self, store: ScheduleStore, refreshing: RefreshService, tell: Tell, look: float = _LOOK_SECONDS
    ) -> None:
        self._store = store
        self._refreshing = refreshing
        self._tell = tell
        self._look = look
        self._stopped: dict[str, str] = {}  # by source, why its refresh was stopped last: admins hear of it once

    async def set_interval(self, source: str, hours: float | None) -> Schedule:
        """Read a source every so many hours, or by hand alone (None). Raises UnknownSource, InputError."""
        if hours is not None and not SHORTEST <= hours <= LONGEST:
            raise InputError(f"A source can be read every {SHORTEST:g} to {LONGEST:g} hours, not every {hours:g}.")
        schedule = await self._store.schedule(source)
        when = datetime.now(UTC) + _pause(hours, 0) if hours else None
        changed = replace(schedule, every_hours=hours, next_at=when, failures=0)
        await self._store.put(changed)
        return changed

    async def pause(self, source: str, paused: bool) -> Schedule:
        """Leave a source out, or no more. Raises UnknownSource."""
        schedule = replace(await self._store.schedule(source), paused=paused)
        await self._store.put(schedule)
        return schedule

    async def paused(self) -> frozenset[str]:
        """The sources that are left out."""
        return frozenset(schedule.source for schedule in await self._store.schedules() if schedule.paused)

    async def run(self) -> None:
        """Read what is due, until cancelled."""
        while True:
            await asyncio.sleep(self._look)
            try:
                await self.run_due()
            except StorageError as error:
                log.warning("schedules not read", cause=str(error))

    async def run_due(self) -> None:
        """Read what is due now, if nothing else is being read. Raises StorageError."""
        if await self._refreshing.running():
            return
        now = datetime.now(UTC)
        due = await self._store.due(now, now + _LEASE)
        if not due:
            return
        names = tuple(schedule.source for schedule in due)
        troubles, soon = await self._read(names)
        for name in names:
            try:
                await (self._put_off(name, soon) if troubles is None else self._settle(name, troubles))
            except UnknownSource:  # removed meanwhile
                continue

    async def _read(self, names: Sequence[str]) -> tuple[Mapping[str, _Trouble] | None, timedelta | None]:
        """Refresh them; -> what each that went wrong did, told behind its name, None where it says nothing of them; and
        the pause after which they are tried again, None for their next regular time. Raises StorageError."""
        try:
            report = await self._refreshing.refresh(RefreshRequest(only=tuple(names), asked_by=ASKED_BY))
        except (RefreshRunning, UnknownSource):  # the last: one was removed just now
            return None, _SOON
        except RefreshCancelled:  # somebody did not want it now
            return None, None
        except StorageError:  # nothing is wrong with the sources
            raise
        except Exception as error:  # a full disk as well: or it would be tried again and again, and nobody told
            cause = cause_of(error)
            log.warning("scheduled refresh failed", sources=list(names), cause=cause)
            if at_fault := blamed(error, names):
                return dict.fromkeys(at_fault, (_describe_unread(cause), _STAYS)), None
            await self._tell_of_stop(names, cause)
            return None, None
        for name in names:
            self._stopped.pop(name, None)
        unread = {line.source: (_describe_unread(line.reason), _STAYS) for line in report.sources_failed}
        empty = {line.source: (f"gave nothing to answer from: {line.reason}.", "") for line in report.sources_empty}
        return empty | unread, None

    async def _tell_of_stop(self, names: Sequence[str], cause: str) -> None:
        if any(self._stopped.get(name) != cause for name in names):
            await self._tell(f"The refresh of {', '.join(names)} failed: {cause.rstrip(' .')}. What was known stays.")
        self._stopped |= dict.fromkeys(names, cause)

    async def _put_off(self, source: str, pause: timedelta | None) -> None:
        """Nothing was learned of a source: it is read after a pause, or (None) at its next regular time."""
        schedule = await self._store.schedule(source)
        hours = schedule.every_hours
        when = datetime.now(UTC) + (pause or _pause(hours, schedule.failures)) if hours else None
        await self._store.put(replace(schedule, next_at=when))

    async def _settle(self, source: str, troubles: Mapping[str, _Trouble]) -> None:
        """When a source is read next, and who hears of its trouble."""
        schedule = await self._store.schedule(source)  # as it is now: an admin may have changed it meanwhile
        failures = schedule.failures + 1 if source in troubles else 0
        hours = schedule.every_hours
        when = datetime.now(UTC) + _pause(hours, failures) if hours else None
        await self._store.put(replace(schedule, failures=failures, next_at=when))
        if failures == 1:
            again = f" It is read again at {when:%Y-%m-%d %H:%M} UTC." if when else ""
            what, rest = troubles[source]
            await self._tell(f"Source {source} {what}{again}{rest}")
        elif not failures and schedule.failures:
            await self._tell(f"Source {source} can be read again.")


def _describe_unread(reason: str) -> str:
    """What a source did, behind its name, that could not be read."""
    return f"could not be read: {reason.rstrip(' .')}."


def _pause(hours: float, failures: int) -> timedelta:
    """Until the next reading: the interval give or take a little, twice as long for each failure in a row."""
    interval = timedelta(hours=hours)
    pause = min(interval * 2.0 ** min(failures, 20), max(_BACK_OFF, interval))
    return pause * random.uniform(1 - _JITTER, 1 + _JITTER)
