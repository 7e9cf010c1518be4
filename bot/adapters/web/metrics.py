"""Prometheus metrics, on a registry of their own. Implements `bot.interfaces.DeskMeter`."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "Metrics"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)


class Metrics:
    """What operators watch. Labels hold no user, channel or text."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._claimed = Counter(
            "frontdesk_messages_claimed", "Messages that call for something", ["platform", "kind"], registry=registry
        )
        self._ended = Counter(
            "frontdesk_messages_ended",
            "Claimed messages by what became of them",
            ["platform", "state", "decision"],
            registry=registry,
        )
        self._faults = Counter("frontdesk_faults", "Faults by kind", ["platform", "kind"], registry=registry)
        self._seconds = Histogram(
            "frontdesk_answer_seconds",
            "Seconds from a message's arrival to its end",
            ["platform"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._up = Gauge("frontdesk_adapter_up", "Whether an adapter is connected", ["platform"], registry=registry)
        self._waiting = Gauge("frontdesk_queue_waiting", "Messages waiting for an answer", registry=registry)
        self._working = Gauge("frontdesk_queue_working", "Messages being answered", registry=registry)

    def claimed(self, platform: str, judgement: str) -> None:
        """A message was claimed."""
        self._claimed.labels(platform, judgement).inc()

    def ended(self, platform: str, state: str, decision: str, seconds: float) -> None:
        """A claimed message came to its end."""
        self._ended.labels(platform, state, decision).inc()
        self._seconds.labels(platform).observe(seconds)

    def fault(self, platform: str, kind: str) -> None:
        """Something went wrong."""
        self._faults.labels(platform, kind).inc()

    def watch_queue(self, waiting: Callable[[], int], working: Callable[[], int]) -> None:
        """Read the queue's lengths whenever metrics are asked for."""
        self._waiting.set_function(waiting)
        self._working.set_function(working)

    def watch_adapter(self, platform: str, connected: Callable[[], bool]) -> None:
        """Read whether an adapter is connected whenever metrics are asked for."""
        self._up.labels(platform).set_function(connected)

    def render(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
