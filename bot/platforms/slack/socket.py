"""Socket Mode, with a short way for what comes most: messages. Whatever else comes is Bolt's to dispatch.

To find a listener takes Bolt as long as the claim of a message takes us, and a burst's last acknowledgement waits for
all of it. What Bolt would see to for a message is seen to elsewhere: whose it is (`read_event`), and that nothing is
acknowledged which could not be claimed, by raising.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

MESSAGES = ("message", "app_mention")  # types of events
_PING_SECONDS = 5.0  # a socket that dropped is noticed within this


class SocketHandler(AsyncSocketModeHandler):
    """`receive` is awaited with an event's payload before it is acknowledged."""

    def __init__(self, app: AsyncApp, app_token: str, receive: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        super().__init__(app, app_token, ping_interval=_PING_SECONDS)
        self._receive = receive

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """See the module."""
        if req.type != "events_api" or (req.payload.get("event") or {}).get("type") not in MESSAGES:
            await super().handle(client, req)
            return
        await self._receive(req.payload)
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
