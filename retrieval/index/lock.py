"""One refresh at a time: a lock that the kernel frees when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from retrieval.errors import RefreshRunning


class RefreshLock:
    """A context manager over `flock` on `path`. Entering raises RefreshRunning, naming who holds it since when."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _describe_holder(file)
            file.close()
            raise RefreshRunning(
                f"Another refresh is running ({holder}): wait for it, or stop that process and try again."
            ) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}, file)
        file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()  # frees the lock; the file stays, for unlinking it would let two holders in
            self._file = None


def _describe_holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        entry = json.loads(file.read())
        return f"process {entry['pid']}, started {entry['since']}"
    except (ValueError, KeyError, TypeError):  # it holds the lock but has not signed yet
        return "process unknown"
