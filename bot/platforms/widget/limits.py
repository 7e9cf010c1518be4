"""How often somebody may call. In memory, of this process alone: what it keeps out is floods."""

from __future__ import annotations

import time
from collections import OrderedDict

_REMEMBERED = 20_000  # callers
_MINUTE = 60.0


class CallLimit:
    """`most` calls a minute, of which as many may come at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # calls, and when that was so

    def take_call(self, caller: str) -> float:
        """-> 0.0 where it may be done, else in how many seconds."""
        now = time.monotonic()
        left, since = self._left.pop(caller, (float(self._most), now))
        left = min(float(self._most), left + (now - since) * self._most / _MINUTE)
        wait = 0.0 if left >= 1 else (1 - left) * _MINUTE / self._most
        self._left[caller] = (left - (0 if wait else 1), now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return wait
