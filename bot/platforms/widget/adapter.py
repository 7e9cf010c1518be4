"""The widget, served: the web server's requests are the platform's events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.platforms.services import PlatformServices
from bot.platforms.widget.calls import VisitorCalls
from bot.platforms.widget.channels import WidgetChannels
from bot.platforms.widget.replies import WidgetReplies
from bot.platforms.widget.routes import WidgetRoutes
from bot.platforms.widget.settings import WidgetSettings
from bot.platforms.widget.streams import Streams
from bot.platforms.widget.visits import NAME

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


class WidgetAdapter:
    """See `bot.platforms.registry.Adapter`. What comes before `run` and after it is turned away: pages try again."""

    platform = NAME

    def __init__(self, settings: WidgetSettings, services: PlatformServices) -> None:
        self._services = services
        self._streams = Streams(services.posted_messages)
        self._channels = WidgetChannels(services.posted_messages, self._streams)
        calls = VisitorCalls(services, self._streams, self._channels)
        self._routes = WidgetRoutes(settings, calls, self._streams, lambda: self.connected)
        self._replies = WidgetReplies(services.posted_messages, self._streams, services.handoffs.can_hand_over)
        self.connected = False

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Where pages call."""
        return self._routes.list_routes()

    async def run(self) -> None:
        """Take what comes, until cancelled."""
        self._services.add_platform(NAME, self._replies, self._channels)
        self._streams.reopen()
        self.connected = True
        try:
            await asyncio.Event().wait()
        finally:
            self.connected = False

    async def close(self) -> None:
        """Deliver nothing more."""
        self.connected = False
        self._services.remove_platform(NAME)
        self._streams.close()
