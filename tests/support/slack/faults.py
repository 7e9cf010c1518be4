"""Faults that a test orders for the Web API: rate limits, errors, broken connections, slowness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Hold:
    """A call that waits until it is released; whoever made it may have gone by then."""

    def __init__(self) -> None:
        self._begun, self._released = asyncio.Event(), asyncio.Event()

    async def begun(self, timeout: float = 20.0) -> None:  # noqa: ASYNC109
        """Wait until the call has come in."""
        async with asyncio.timeout(timeout):
            await self._begun.wait()

    def release(self) -> None:
        """Let it go on."""
        self._released.set()

    async def wait(self) -> None:
        """What the call does."""
        self._begun.set()
        await self._released.wait()


RESPONSE_URL = "response_url"  # no method of the Web API: it meets what is ordered for it by name


@dataclass(eq=False)
class Fault:
    """What the next `times` calls of a method (or `*`) meet.

    `drop` cuts the connection: `before` Slack does anything, or `after` it did what was asked: a retry does it twice.
    """

    method: str
    times: int = 1
    error: str = ""
    status: int = 200
    retry_after: int = 0
    drop: str = ""
    delay: float = 0.0
    hold: Hold | None = None
    where: Callable[[Mapping[str, Any]], bool] = lambda _args: True  # which calls, by their arguments


class Faults:
    """Faults still to come, the first ordered first."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault, *, first: bool = False) -> Fault:
        """Make it happen, `first` before what was ordered already."""
        self._ordered.insert(0 if first else len(self._ordered), fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """It happens no more."""
        if fault in self._ordered:
            self._ordered.remove(fault)

    def clear(self) -> None:
        """All is well again."""
        self._ordered.clear()

    def take(self, method: str, args: Mapping[str, Any] | None = None) -> Fault | None:
        """What this call meets."""
        for fault in self._ordered:
            named = fault.method == method or (fault.method == "*" and method != RESPONSE_URL)
            if named and fault.where(args or {}):
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None
