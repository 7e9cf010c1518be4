"""Socket Mode: up to 10 WebSocket connections, each envelope to one of them in turn."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSMsgType, web

from tests.support.slack.delivery import COMMANDS, EVENTS, INTERACTIVE, Delivery, Outbox

MAX_CONNECTIONS = 10
TICKET_SECONDS = 30.0


class Connection:
    """One socket of the app. `told_to_leave` ones get nothing new."""

    def __init__(self, number: int, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.number, self.socket, self.request = number, socket, request
        self.told_to_leave = False
        self.queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self.unacked: set[str] = set()


class Sockets:
    """The Socket Mode end of the stand-in."""

    def __init__(self, outbox: Outbox, app_id: str) -> None:
        self.connections: list[Connection] = []
        self.opened = 0  # connections so far
        self._outbox, self._app_id = outbox, app_id
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self._closing: set[asyncio.Task[None]] = set()

    def ticket(self) -> str:
        """What apps.connections.open puts into its URL: good once, and for half a minute."""
        ticket = secrets.token_hex(8)
        self._tickets[ticket] = time.monotonic()
        return ticket

    def send(self, delivery: Delivery) -> bool:
        """Hand it to the next connection."""
        ready = [connection for connection in self.connections if not connection.told_to_leave]
        if not ready:
            return False
        self._turn += 1
        connection = ready[self._turn % len(ready)]
        connection.unacked.add(delivery.envelope_id)
        connection.queue.put_nowait(delivery)
        return True

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket that apps.connections.open named."""
        made = self._tickets.pop(request.query.get("ticket", ""), None)
        if made is None or time.monotonic() - made > TICKET_SECONDS:
            return web.Response(status=404, text="invalid ticket")
        socket = web.WebSocketResponse(heartbeat=30.0, max_msg_size=0)
        await socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        self.opened += 1
        connection = Connection(self.opened, socket, request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.connections) + 1,
                "connection_info": {"app_id": self._app_id},
                "debug_info": {"host": "applink-stand-in", "build_number": 1, "approximate_connection_time": 18060},
            }
        )
        self.connections.append(connection)
        writer = asyncio.create_task(self._write(connection))
        self._outbox.connected()
        try:
            await self._read(connection)
        finally:
            writer.cancel()
            self.connections.remove(connection)
            for envelope_id in list(connection.unacked):
                self._outbox.failed(envelope_id, "timeout")
        return socket

    async def disconnect(self, reason: str, after: float) -> None:
        """Tell every connection to go; close what is still there after a moment."""
        leaving = list(self.connections)
        for connection in leaving:
            connection.told_to_leave = True
            await connection.socket.send_json(_disconnect(reason))
        task = asyncio.create_task(self._close(leaving, after))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def drop(self) -> None:
        """Cut every connection without a goodbye."""
        for connection in self.connections:
            connection.told_to_leave = True
            if connection.request.transport:
                connection.request.transport.abort()

    async def close(self) -> None:
        """Close everything, at the end."""
        for task in self._closing:
            task.cancel()
        await self._close(list(self.connections), 0)

    async def _close(self, connections: list[Connection], after: float) -> None:
        await asyncio.sleep(after)
        for connection in connections:
            await connection.socket.close()

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                answer = json.loads(message.data)
            except ValueError:
                continue  # Slack too takes no notice
            envelope_id = answer.get("envelope_id", "") if isinstance(answer, dict) else ""
            for one in self.connections:  # an app that has just reconnected answers on the new socket
                one.unacked.discard(envelope_id)
            self._outbox.acked(envelope_id, answer.get("payload"))

    async def _write(self, connection: Connection) -> None:
        while True:
            delivery = await connection.queue.get()
            try:
                await connection.socket.send_str(json.dumps(envelope(delivery)))
            except ConnectionError:
                return  # the reader's end gives back what was not acknowledged
            self._outbox.sent(delivery, connection.number)


def envelope(delivery: Delivery) -> dict[str, Any]:
    """What goes over the socket."""
    body: dict[str, Any] = {
        "envelope_id": delivery.envelope_id,
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.kind in {COMMANDS, INTERACTIVE},
    }
    if delivery.kind == EVENTS:
        body |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
    return body


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-stand-in"}}
