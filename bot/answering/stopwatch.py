"""How long the stages of an answer take."""

from __future__ import annotations

import time
from collections import defaultdict


class Stopwatch:
    """Milliseconds a stage; the time a consumer holds an event counts for none."""

    def __init__(self) -> None:
        self.ms: defaultdict[str, float] = defaultdict(float)
        self._begun = time.perf_counter()
        self.mark()

    @property
    def seconds(self) -> float:
        """Since it was made, whatever the time was spent on."""
        return time.perf_counter() - self._begun

    def mark(self) -> None:
        """Start counting from now."""
        self._since = time.perf_counter()

    def record_stage(self, stage: str) -> None:
        """Count the time since the last mark or lap for `stage`."""
        self.ms[stage] += (time.perf_counter() - self._since) * 1000
        self.mark()

    def collect_timings(self) -> dict[str, float]:
        """The stages and their total."""
        return {**self.ms, "total": sum(self.ms.values())}
