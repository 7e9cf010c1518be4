"""A source's schedule and what its refreshes did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

RUNNING, FAILED = "running", "failed"
CANCELLED = "cancelled"  # the error of a run that was stopped on purpose
DIED = "its process died; see status for the version that answers"  # its own may: the log does not tell


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a source is read by itself: every so many hours (None: never), next at `next_at`. `failures` counts those in
    a row. A paused source is left out, and what it holds stays."""

    source: str
    paused: bool = False
    every_hours: float | None = None
    next_at: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class RefreshRun:
    """A refresh as it was logged. `report` is the refresh's own report as JSON-ready data; `error` is one line;
    `asked_by` is who called for it; `progress` is how far it is, as of `beat_at`; `cancelled`: somebody asked to stop
    it; `watchers` are the messages that show it, as `MessageRef`'s fields."""

    id: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = "running"  # running | activated | unchanged | dry_run | failed
    version: str = ""
    report: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    asked_by: str = ""
    progress: Mapping[str, object] = field(default_factory=dict)
    beat_at: datetime | None = None
    cancelled: bool = False
    watchers: tuple[Mapping[str, str], ...] = ()
