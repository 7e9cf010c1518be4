"""Work that a cancellation must not cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def shield_to_completion(work: Coroutine[Any, Any, T]) -> T:
    """Await what cancellations let finish first, however many: a message that the platform has and we do not know of
    cannot be mended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
