"""How the sources are doing, by the log of the refreshes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from bot.sources.models import RefreshRun
from retrieval.documents import Source, SourceKind


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """Why the last refresh of these sources failed, and when; `empty`: it went well, and found nothing on them;
    `needs_browser`: what it missed of them without one."""

    sources: tuple[str, ...]
    reason: str
    at: datetime
    empty: bool = False
    needs_browser: bool = False


def troubles(sources: Iterable[Source], runs: Iterable[RefreshRun]) -> list[SourceTrouble]:
    """Of each source, what its last refresh could not do; `runs` are newest first.

    A run tells in its report which sources it was to read; one that was cancelled, or found another at work, tells of
    none. One that failed tells which of them it failed by. It is passed over for all others, and for those that are
    read in a browser since, or no more.
    """
    known = {source.name: source for source in sources}
    unsettled = set(known)
    found = []
    for run in runs:
        read = unsettled & set(cast(Sequence[str], run.report.get("sources", ())))
        if "blamed" in run.report:
            read &= set(cast(Sequence[str], run.report["blamed"]))
        if run.outcome == "running" or not read:
            continue
        unsettled -= read
        if "rendered" in run.report:  # what it met otherwise says nothing of how a source is read now
            rendered = set(cast(Sequence[str], run.report["rendered"]))
            read = {name for name in read if known[name].render is (name in rendered)}
        if run.outcome == "failed" and read:
            found.append(SourceTrouble(tuple(sorted(read)), run.error, run.started_at))
        for kind in ("sources_failed", "sources_empty"):
            lines = cast(Sequence[Mapping[str, str]], run.report.get(kind, ()))
            found += [
                SourceTrouble((line["source"],), line["reason"], run.started_at, empty=kind == "sources_empty")
                for line in lines
                if line["source"] in read
            ]
        shells = cast(Sequence[Mapping[str, str]], run.report.get("scripted", ()))
        found += [
            SourceTrouble((line["source"],), f"{line['url']}: {line['reason']}", run.started_at, needs_browser=True)
            for line in shells
            if line["source"] in read and not known[line["source"]].render
        ]
    return found


def missing_folders(sources: Iterable[Source]) -> list[Source]:
    """The folder sources whose folder is not there."""
    return [source for source in sources if source.kind is SourceKind.FOLDER and not Path(source.location).is_dir()]
