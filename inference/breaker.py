"""A circuit breaker: a server that fails is left alone until it has had time, and is then probed."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` in a row; `pause` seconds later one probe may ask whether the server is well, each failed
    probe doubling the pause up to `longest`."""

    def __init__(
        self,
        failures: int = 3,
        pause: float = 2.0,
        longest: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._first_pause = pause
        self._longest = longest
        self._clock = clock
        self._failures = 0
        self._pause = pause
        self._closed_at = 0.0  # when a probe may be made

    @property
    def open(self) -> bool:
        """Whether the server is left alone."""
        return self._failures >= self._most

    def may_probe(self) -> bool:
        """Whether it is time to ask; true once a pause."""
        if not self.open or self._clock() < self._closed_at:
            return False
        self._closed_at = self._clock() + self._pause  # nobody else asks meanwhile
        return True

    def record_failure(self) -> None:
        """A request or a probe failed."""
        self._failures += 1
        if self._failures == self._most:
            self._closed_at = self._clock() + self._pause
        elif self.open:
            self._pause = min(self._pause * 2, self._longest)
            self._closed_at = self._clock() + self._pause

    def record_success(self) -> None:
        """A request or a probe succeeded."""
        self._failures, self._pause = 0, self._first_pause
