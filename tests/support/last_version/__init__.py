"""What the last version wrote: its data folder, its settings, and what its commands printed. See README.md."""

from __future__ import annotations

import json
import re
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(\+00:00|Z)?)?")


@dataclass(frozen=True)
class LastVersion:
    """Its data folder, unpacked for one test, and its commands' JSON output by command."""

    data: Path
    printed: Mapping[str, Any]


def unpack(folder: Path) -> LastVersion:
    """The data as if it had been written an hour ago: what people said fades, and gaps are those of some days."""
    with tarfile.open(FOLDER / "last_version.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    data = folder / "data"
    _move_to_now(data / "frontdesk.db")
    return LastVersion(data, json.loads((folder / "printed.json").read_text(encoding="utf-8")))


def settings() -> Mapping[str, str]:
    """Each variable that it read, set to something else than its default."""
    lines = (FOLDER / "settings.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def differences(last: Any, now: Any, path: str = "") -> list[str]:
    """What was printed then and is not now, whatever the time; that something is told besides is no difference."""
    if isinstance(last, dict) and isinstance(now, dict):
        gone = [f"{path}.{key}: gone" for key in last if key not in now]
        pairs = [(last[key], now[key], f"{path}.{key}") for key in last if key in now]
        return gone + [each for pair in pairs for each in differences(*pair)]
    if isinstance(last, list) and isinstance(now, list) and len(last) == len(now):
        both = enumerate(zip(last, now, strict=True))
        return [each for place, pair in both for each in differences(*pair, f"{path}[{place}]")]
    same = _without_times(last) == _without_times(now)
    return [] if same else [f"{path}: was {last!r}, is {now!r}"]


def _without_times(value: Any) -> Any:
    return "<time>" if isinstance(value, str) and _TIME.fullmatch(value) else value


def _move_to_now(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        last = "(SELECT max(created_at) FROM turns)"
        (seconds,) = connection.execute(f"SELECT strftime('%s', 'now') - strftime('%s', {last}) - 3600").fetchone()
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if kind == "DATETIME":
                    moved = f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '{seconds} seconds')"
                    connection.execute(f"UPDATE {table} SET {column} = {moved} WHERE {column} IS NOT NULL")
