"""discord.py's connection to the gateway, which one bad frame does not end."""

from __future__ import annotations

import json
import zlib
from typing import Any

import structlog
from discord.gateway import DiscordWebSocket, WebSocketClosure

log = structlog.get_logger(__name__)

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)  # what the library raises over a frame's content
_NEEDED = frozenset({"READY", "RESUMED"})  # without which a session does not begin


class FrontdeskWebSocket(DiscordWebSocket):
    """Skips what cannot be read, with one line in the log. The library would end the client over it, and the next one
    has to begin a new session, of which there are few a day."""

    from_client = vars(DiscordWebSocket)["from_client"]  # the library's own, whatever stands in its place there

    async def received_message(self, msg: Any, /) -> None:
        """See the library. Raises WebSocketClosure, after which it connects anew and goes on with its session, where
        the connection itself is of no use any more."""
        if isinstance(msg, bytes):
            try:
                msg = self._decompressor.decompress(msg)
            except (zlib.error, ValueError) as error:  # so is all that comes behind it
                raise WebSocketClosure from error
            if msg is None:
                return  # not yet all of it
        try:
            await super().received_message(msg)
        except _UNREADABLE as error:
            name = _read_name(msg)
            log.warning("discord frame skipped", name=name, shard=self.shard_id, cause=type(error).__name__)
            if self._keep_alive is None or name in _NEEDED:
                raise WebSocketClosure from error


def _read_name(frame: str) -> str:
    """What a frame tells of, as far as that can be read."""
    try:
        name = json.loads(frame)["t"]
    except _UNREADABLE:
        return ""
    return name if isinstance(name, str) else ""
