"""Snapshots of what the database holds, which keep up with what this or any other process changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import StorageError

log = structlog.get_logger(__name__)


async def keep_up(
    load: Callable[[], Awaitable[object]],
    unread: str,
    *,
    seconds: float,
    on: tuple[type[Exception], ...] = (StorageError,),
) -> None:
    """Load again every so many seconds, until cancelled. `unread` is what the log says where that fails with one of
    `on`: the snapshot stays as it is until the next time."""
    while True:
        try:
            await load()
        except on as error:
            log.warning(unread, cause=str(error))
        await asyncio.sleep(seconds)
