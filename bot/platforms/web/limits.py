"""What a request may cost before anybody knows who sent it: its size, and the time it takes to be sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from h11 import IDLE
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger(__name__)

# Slack's largest request is a click below a long message: 40,000 characters, said once in its text and once in its
# blocks, of up to 8 bytes each as they are sent ("%5Cu4e00"): 640 kB, and what tells of the click.
MOST_BYTES = 1_000_000
MOST_BYTES_TOGETHER = 64_000_000  # of all bodies that are being read or handled at a time
BODY_SECONDS = 10.0  # Slack gives up after 3
HEAD_SECONDS = 10.0


class Bounded:
    """Reads the body of every request before the app is asked, and turns away one that is too long or too slow: it is
    never held whole, and nothing of it is parsed."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        most: int = MOST_BYTES,
        most_together: int = MOST_BYTES_TOGETHER,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._most = most
        self._most_together = most_together
        self._seconds = seconds
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            if refused := await self._read_body(body, receive):
                log.warning("request turned away", path=scope["path"], why=refused.why)
                await refused.to_response()(scope, receive, send)
            else:
                await self._app(scope, _replay_body(bytes(body), receive), send)
        except _Gone:
            return
        finally:
            self._held -= len(body)

    async def _read_body(self, body: bytearray, receive: Receive) -> _Refusal | None:
        """Read into `body`; what is answered instead where it will not be heard to its end. Raises _Gone."""
        try:
            async with asyncio.timeout(self._seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise _Gone
                    piece = message.get("body", b"")
                    if len(body) + len(piece) > self._most:
                        return _Refusal("too large", 413)
                    if self._held + len(piece) > self._most_together:
                        return _Refusal("too much at once", 503)
                    body += piece
                    self._held += len(piece)
                    more = message.get("more_body", False)
        except TimeoutError:
            return _Refusal("too slow", 408)
        return None


class PromptProtocol(H11Protocol):
    """HTTP/1.1 whose requests begin in time: a connection that stays silent, or sends its headers in drops, is cut."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        self._stop_watching()

    def _watch_head(self) -> None:
        """The clock runs from the first byte of a request (or the connection's start) to the end of its headers."""
        if self.conn.their_state is not IDLE or self.transport.is_closing():
            self._stop_watching()
        elif self._cut is None:
            self._cut = self.loop.call_later(HEAD_SECONDS, self._cut_off)

    def _stop_watching(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    def _cut_off(self) -> None:
        self._cut = None
        if self.conn.their_state is IDLE and not self.transport.is_closing():
            log.info("connection cut", why="no request was sent in time")
            self.transport.close()


class _Gone(Exception):
    """Whoever sent the request has left."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a request is turned away."""

    why: str
    status: int

    def to_response(self) -> JSONResponse:
        """A problem of RFC 9457. The connection is closed: what is still to come of the body is not read."""
        told = {"type": "about:blank", "title": self.why, "status": self.status}
        closing = {"Connection": "close"}
        return JSONResponse(told, self.status, closing, "application/problem+json")


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """What has been read, once; then what the server tells."""
    read = False

    async def receive_again() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
