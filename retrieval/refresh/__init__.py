"""The refresh: sources are crawled again, and what changed becomes a new index version."""

from __future__ import annotations

from retrieval.refresh.report import DocumentLine, PageLine, Progress, RefreshReport, SourceLine
from retrieval.refresh.service import RefreshOptions, refresh_index
from retrieval.refresh.trial import Trial, TrialReport, WorseLine

__all__ = [
    "DocumentLine",
    "PageLine",
    "Progress",
    "RefreshOptions",
    "RefreshReport",
    "SourceLine",
    "Trial",
    "TrialReport",
    "WorseLine",
    "refresh_index",
]
