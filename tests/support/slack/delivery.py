"""Getting events to the app, whatever the transport: acknowledged within 3 s or delivered again, as Slack does.

Only events are delivered again; a command, a click or a form that is not answered in time fails in front of the person.
An event that occurs while nothing is connected counts as a failed first delivery: what arrives later is a retry.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tests.support.slack.errors import AppFailure

EVENTS, COMMANDS, INTERACTIVE = "events_api", "slash_commands", "interactive"


class Ack(NamedTuple):
    """An acknowledgement. `late` ones came after the deadline: Slack delivers again nevertheless."""

    envelope_id: str
    seconds: float
    payload: Any
    kind: str
    event_id: str
    attempt: int
    late: bool


class Delivered(NamedTuple):
    """One attempt, as it was written to the wire. `connection` is the socket's number, 0 for HTTP."""

    envelope_id: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    reason: str
    connection: int
    at: float


@dataclass(eq=False)
class Delivery:
    """Something to deliver. `answer` is awaited by the person who clicked; events have none."""

    kind: str
    payload: dict[str, Any]
    answer: asyncio.Future[Any] | None = None
    attempt: int = 0
    reason: str = ""
    envelope_id: str = ""
    sent: float = 0.0
    done: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def event_id(self) -> str:
        """The same for each attempt."""
        return str(self.payload.get("event_id", ""))


class Transport(Protocol):
    """How deliveries leave."""

    def send(self, delivery: Delivery) -> bool:
        """Take it, calling `Outbox.sent` once it is on the wire; False when nobody is connected."""


class Outbox:
    """Deliveries under way: `ack_deadline` seconds for each, `retry_schedule` the seconds before each retry."""

    def __init__(self) -> None:
        self.ack_deadline = 3.0
        self.retry_schedule: Sequence[float] = (0, 60, 300)
        self.transport: Transport | None = None
        self.acks: list[Ack] = []
        self.deliveries: list[Delivered] = []
        self.given_up: list[Delivery] = []
        self._waiting: deque[Delivery] = deque()
        self._in_flight: dict[str, Delivery] = {}
        self._missed: dict[str, Delivery] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._retries = 0
        self._closed = False

    @property
    def pending(self) -> int:
        """How many deliveries are waiting for a connection, an acknowledgement or their retry."""
        return len(self._waiting) + len(self._in_flight) + self._retries

    def send(self, delivery: Delivery) -> None:
        """Deliver now, or as soon as something is connected."""
        delivery.envelope_id = str(uuid.uuid4())
        self._in_flight[delivery.envelope_id] = delivery
        if self.transport is not None and self.transport.send(delivery):
            return
        del self._in_flight[delivery.envelope_id]
        if delivery.kind != EVENTS:
            self._fail(delivery, "dispatch_failed", "no connection")
            return
        if delivery.attempt == 0:
            delivery.attempt, delivery.reason = 1, "timeout"
        self._waiting.append(delivery)

    def connected(self) -> None:
        """Something can be delivered again."""
        waiting, self._waiting = self._waiting, deque()
        for delivery in waiting:
            self.send(delivery)

    def sent(self, delivery: Delivery, connection: int = 0, *, timed: bool = True) -> None:
        """It is on the wire: the app's time runs (`timed=False` where the transport itself keeps the time)."""
        delivery.sent = time.monotonic()
        self.deliveries.append(
            Delivered(
                delivery.envelope_id,
                delivery.kind,
                delivery.payload,
                delivery.attempt,
                delivery.reason,
                connection,
                delivery.sent,
            )
        )
        if timed:
            delivery.timer = self._later(self.ack_deadline, self.failed, delivery.envelope_id, "timeout")

    def acked(self, envelope_id: str, payload: Any = None) -> None:
        """The app acknowledged, on whichever connection."""
        delivery = self._in_flight.pop(envelope_id, None)
        late = delivery is None
        delivery = delivery or self._missed.get(envelope_id)
        if delivery is None:
            return  # an id that was never handed out, or a second acknowledgement
        seconds = time.monotonic() - delivery.sent
        self.acks.append(Ack(envelope_id, seconds, payload, delivery.kind, delivery.event_id, delivery.attempt, late))
        if late:
            return
        self._drop(delivery.timer)
        delivery.done = True
        if delivery.answer and not delivery.answer.done():
            delivery.answer.set_result(payload or {})

    def failed(self, envelope_id: str, reason: str, *, retry: bool = True) -> None:
        """No acknowledgement came, for this reason."""
        delivery = self._in_flight.pop(envelope_id, None)
        if delivery is None or self._closed:
            return
        self._drop(delivery.timer)
        self._missed[envelope_id] = delivery
        if delivery.kind != EVENTS:
            self._fail(delivery, "operation_timeout" if "timeout" in reason else "dispatch_failed", reason)
        elif not retry or delivery.attempt >= len(self.retry_schedule):
            self.given_up.append(delivery)
        else:
            # A copy: the acknowledgement of the missed attempt may still come in, late.
            again = Delivery(delivery.kind, delivery.payload, attempt=delivery.attempt + 1, reason=reason)
            self._retries += 1
            self._later(self.retry_schedule[delivery.attempt], self._retry, again)

    def close(self) -> None:
        """Deliver nothing more."""
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for delivery in [*self._in_flight.values(), *self._waiting]:
            if delivery.answer and not delivery.answer.done():
                delivery.answer.cancel()

    def _retry(self, delivery: Delivery) -> None:
        self._retries -= 1
        self.send(delivery)

    def _fail(self, delivery: Delivery, error: str, detail: str) -> None:
        if delivery.answer and not delivery.answer.done():
            delivery.answer.set_exception(AppFailure(error, detail))

    def _later(self, seconds: float, call: Any, *args: Any) -> asyncio.TimerHandle:
        def run() -> None:
            self._timers.discard(timer)
            call(*args)

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)
        return timer

    def _drop(self, timer: asyncio.TimerHandle | None) -> None:
        if timer:
            timer.cancel()
            self._timers.discard(timer)
