"""The worker's way out: bodies into the spool folder, lines to standard output, neither ahead of the reader too far."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from retrieval.crawling.wire import Verdict, fetch_to_json, verdict_to_json
from retrieval.interfaces import Fetch

MAX_UNREAD = 64 * 1024 * 1024  # bytes of bodies in the spool


class Outbox:
    """`send_fetch` never waits, so a slow reader stalls no network; in `wait_for_room` the crawl waits for it."""

    def __init__(self, spool: Path, descriptor: int) -> None:
        self._spool = spool
        self._descriptor = descriptor
        self._numbers = count()
        self._unread: deque[tuple[Path, int]] = deque()
        self._unread_bytes = 0
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._thread = Thread(target=self._write_lines, daemon=True)
        self._thread.start()

    def send_fetch(self, fetch: Fetch) -> None:
        """Spool the body, queue the line."""
        name = ""
        if fetch.body:
            name = str(next(self._numbers))
            path = self._spool / name
            path.write_bytes(fetch.body)
            self._unread.append((path, len(fetch.body)))
            self._unread_bytes += len(fetch.body)
        self._lines.put(fetch_to_json(fetch, name))

    async def wait_for_room(self) -> None:
        """Wait until the reader has taken enough of what lies in the spool (it deletes what it has read)."""
        while self._unread_bytes > MAX_UNREAD:
            while self._unread and not self._unread[0][0].exists():
                self._unread_bytes -= self._unread.popleft()[1]
            if self._unread_bytes > MAX_UNREAD:
                await asyncio.sleep(0.05)

    def close(self, verdict: Verdict) -> None:
        """Send the verdict and wait until everything is written."""
        self._lines.put(verdict_to_json(verdict))
        self._lines.put(None)
        self._thread.join()

    def _write_lines(self) -> None:
        with os.fdopen(self._descriptor, "w", encoding="utf-8", closefd=False) as out:
            while (line := self._lines.get()) is not None:
                out.write(line + "\n")
                if self._lines.empty():
                    out.flush()
