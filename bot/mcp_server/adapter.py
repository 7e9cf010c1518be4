"""The tools over HTTP, at `/mcp` on the web server: each request stands for itself, so that any process answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import BaseRoute, Route

from bot.api.asking import ApiReplies, Asking
from bot.api.authentication import STOPPING, Gate
from bot.api_keys.service import ApiKeys
from bot.mcp_server.callers import KeyedApp
from bot.mcp_server.pages import KnownPages
from bot.mcp_server.server import build_server
from bot.mcp_server.tools import HelpTools
from bot.platforms.mcp.platform import NAME
from bot.platforms.services import PlatformServices
from bot.platforms.web.limits import MOST_BYTES

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class McpAdapter:
    """Implements `bot.platforms.registry.Adapter`. Each key is let in `per_minute` (0: no limit); a request has to name
    this machine, or one of `hosts`, as the host that it is for."""

    platform = NAME

    def __init__(
        self, services: PlatformServices, keys: ApiKeys, pages: KnownPages, per_minute: int, hosts: Sequence[str]
    ) -> None:
        self._services = services
        self._replies = ApiReplies(services.inbox)
        self.connected = False
        tools = HelpTools(Asking(services.inbox, self._replies, NAME), pages, services.mask)
        self._sessions = StreamableHTTPSessionManager(
            build_server(tools.list_tools()),
            stateless=True,
            security_settings=allow_hosts(hosts),
            max_request_body_size=MOST_BYTES,
        )
        gate = Gate(keys, per_minute, lambda: self.connected)
        self.routes: Sequence[BaseRoute] = [Route(PATH, KeyedApp(self._sessions.asgi_app, gate))]
        self._serving: asyncio.Task[None] | None = None
        self._started, self._ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Take requests until cancelled: they come by the web server."""
        self._services.add_platform(NAME, self._replies)
        self._serving = self._serving or asyncio.create_task(self._hold_sessions())
        await self._started.wait()
        self.connected = True
        try:
            await asyncio.Event().wait()
        finally:
            self.connected = False

    async def close(self) -> None:
        """Let go whoever still waits."""
        await self._replies.end_all(STOPPING)
        self._services.remove_platform(NAME)
        self._ended.set()
        if self._serving:
            await self._serving

    async def _hold_sessions(self) -> None:
        """In a task of its own: what was asked is answered after `run` was cancelled, too."""
        async with self._sessions.run():
            self._started.set()
            await self._ended.wait()


def allow_hosts(hosts: Sequence[str]) -> TransportSecuritySettings:
    """Requests for this machine by its loopback names, at any port, and for these hosts: a page in a browser that had
    its own name resolve to this machine names another."""
    return TransportSecuritySettings(
        allowed_hosts=[*_LOOPBACK, *(f"{name}:*" for name in _LOOPBACK), *hosts],
        allowed_origins=[f"http://{name}:*" for name in _LOOPBACK] + [f"https://{host}" for host in hosts],
    )
