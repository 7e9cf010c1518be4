"""A stream whose next item may be waited for in vain, and is not lost by that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Lookahead(Generic[Item]):
    """Reads `items`, which hold no None, in order. Raises what they raise, when it is read."""

    def __init__(self, items: AsyncGenerator[Item, None]) -> None:
        self._items = items
        self._next: asyncio.Task[Item | None] | None = None

    async def arrives_within(self, seconds: float) -> bool:
        """Whether the next item, or the end, is there by then."""
        self._next = self._next or asyncio.create_task(self._fetch_next())
        done, _ = await asyncio.wait({self._next}, timeout=max(0.0, seconds))
        return bool(done)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while (item := await self._take_next()) is not None:
            yield item

    async def aclose(self) -> None:
        """Give up what is still to come: its maker's work has ended after this."""
        if self._next:
            self._next.cancel()
            await asyncio.wait({self._next})
            if not self._next.cancelled():
                self._next.exception()  # nobody reads it any more
        await self._items.aclose()

    async def _take_next(self) -> Item | None:
        fetching, self._next = self._next, None
        return await (fetching or self._fetch_next())

    async def _fetch_next(self) -> Item | None:
        return await anext(self._items, None)
