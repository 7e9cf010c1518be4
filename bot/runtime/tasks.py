"""Work that goes on beside whatever began it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from bot.runtime.faults import log_fault


@asynccontextmanager
async def working_beside(*works: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Within it the works go on, each until it ends; then they are cancelled."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class AttendedTasks:
    """Tasks that somebody has to hold on to. A fault in one is logged, as one of `where`."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._tasks: set[asyncio.Task[Any]] = set()

    def attend_to(self, work: asyncio.Task[Any]) -> None:
        """Hold on to a task until it is done."""
        self._tasks.add(work)
        work.add_done_callback(self._note_end)

    async def await_all(self) -> None:
        """Await the end of what is not done."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel_all(self) -> None:
        """Cancel what is not done."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cancel what is not done, and await its end."""
        self.cancel_all()
        await self.await_all()

    def _note_end(self, work: asyncio.Task[Any]) -> None:
        self._tasks.discard(work)
        if not work.cancelled() and (error := work.exception()):
            log_fault(error, where=self._where)
