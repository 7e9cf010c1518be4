"""Prometheus metrics, on a registry of their own. Implements `InboxMeter`, `GenerationMeter` and
`RequestMeter`."""

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
        self._generated = Counter(
            "frontdesk_generations", "Answers asked of a language model, by outcome", ["outcome"], registry=registry
        )
        self._generating = Histogram(
            "frontdesk_generation_seconds", "Seconds a model's answer took", registry=registry, buckets=_SECONDS
        )
        self._shown = Histogram(
            "frontdesk_generation_first_seconds",
            "Seconds until the first sentence was let out",
            registry=registry,
            buckets=_SECONDS,
        )
        self._withheld = Counter(
            "frontdesk_sentences_withheld", "Sentences that were not let out, by why", ["fault"], registry=registry
        )
        self._generator_faults = Counter(
            "frontdesk_generator_faults", "Faults of vLLM servers, by kind", ["kind"], registry=registry
        )
        self._requests = Counter(
            "frontdesk_api_requests", "Requests to the API by status", ["operation", "status"], registry=registry
        )
        self._up = Gauge("frontdesk_adapter_up", "Whether an adapter is connected", ["platform"], registry=registry)
        self._waiting = Gauge("frontdesk_queue_waiting", "Messages waiting for an answer", registry=registry)
        self._working = Gauge("frontdesk_queue_working", "Messages being answered", registry=registry)

    def count_claim(self, platform: str, judgement: str) -> None:
        """A message was claimed."""
        self._claimed.labels(platform, judgement).inc()

    def count_outcome(self, platform: str, state: str, decision: str, seconds: float) -> None:
        """A claimed message came to its end."""
        self._ended.labels(platform, state, decision).inc()
        self._seconds.labels(platform).observe(seconds)

    def count_fault(self, platform: str, kind: str) -> None:
        """Something went wrong."""
        self._faults.labels(platform, kind).inc()

    def generated(self, outcome: str, seconds: float) -> None:
        """A model's answer came to its end."""
        self._generated.labels(outcome).inc()
        self._generating.observe(seconds)

    def shown(self, seconds: float) -> None:
        """The first sentence of an answer was let out."""
        self._shown.observe(seconds)

    def withheld(self, fault: str) -> None:
        """A sentence was not let out."""
        self._withheld.labels(fault).inc()

    def generator_fault(self, kind: str) -> None:
        """A vLLM server failed."""
        self._generator_faults.labels(kind).inc()

    def count_request(self, operation: str, status: int) -> None:
        """A request to the API was answered."""
        self._requests.labels(operation, str(status)).inc()

    def watch_queue(self, waiting: Callable[[], int], working: Callable[[], int]) -> None:
        """Read the queue's lengths whenever metrics are asked for."""
        self._waiting.set_function(waiting)
        self._working.set_function(working)

    def watch_adapter(self, platform: str, connected: Callable[[], bool]) -> None:
        """Read whether an adapter is connected whenever metrics are asked for."""
        self._up.labels(platform).set_function(connected)

    def render_metrics(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
