"""The tools over standard input and output, for the program that started this process."""

from __future__ import annotations

import signal

from mcp.server.stdio import stdio_server

from bot.api.asking import ApiReplies, Asking
from bot.api.authentication import STOPPING
from bot.mcp_server.pages import KnownPages
from bot.mcp_server.server import build_server
from bot.mcp_server.tools import HelpTools
from bot.platforms.mcp.platform import NAME
from bot.platforms.services import PlatformServices


class StdioServer:
    """While it serves, what anything else prints goes to standard error."""

    def __init__(self, services: PlatformServices, pages: KnownPages) -> None:
        self._services = services
        self._replies = ApiReplies(services.inbox)
        tools = HelpTools(Asking(services.inbox, self._replies, NAME), pages, services.mask)
        self._server = build_server(tools.list_tools())

    async def run(self) -> None:
        """Answer until the input ends. An interruption ends the process at once: the thread that waits for input cannot
        be called off. What was asked is given up by the next process."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._services.add_platform(NAME, self._replies)
        try:
            async with stdio_server() as (incoming, outgoing):
                await self._server.run(incoming, outgoing, self._server.create_initialization_options())
        finally:
            await self._replies.end_all(STOPPING)
            self._services.remove_platform(NAME)
