"""Messages come before answers: a platform waits for each until it is claimed, whoever asked can wait a moment more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LONGEST = 0.5  # seconds that an answer waits, so that those in hand go on in a place where people never stop writing


class Arrivals:
    """Counts the messages that are being claimed. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting = 0
        self._all_claimed = asyncio.Event()
        self._all_claimed.set()

    @contextmanager
    def count_claim(self) -> Iterator[None]:
        """A message waits for its claim inside the block."""
        self._waiting += 1
        self._all_claimed.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._all_claimed.set()

    async def wait_until_claimed(self) -> None:
        """Wait until no message waits for its claim, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST):
                while self._waiting:
                    await self._all_claimed.wait()
