"""The API beside the chat platforms: a surface that is served, whose requests come by the web server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.routing import BaseRoute

from bot.api.asking import ApiReplies, Asking
from bot.api.authentication import STOPPING, Gate
from bot.api.handlers import Services, list_handlers
from bot.api.routes import RequestMeter, build_routes
from bot.api.steering import Steering
from bot.api_keys.service import ApiKeys
from bot.platforms.api.platform import NAME
from bot.platforms.services import PlatformServices
from bot.sources.ports import SourceStore
from bot.sources.refresh import RefreshService
from retrieval.interfaces import Retriever


class ApiAdapter:
    """Implements `bot.platforms.registry.Adapter`. Each key is let in `per_minute` (0: no limit)."""

    platform = NAME

    def __init__(
        self,
        services: PlatformServices,
        keys: ApiKeys,
        retriever: Retriever,
        sources: SourceStore,
        refreshes: RefreshService,
        meter: RequestMeter,
        per_minute: int,
    ) -> None:
        self._services = services
        self._replies = ApiReplies(services.inbox)
        self.connected = False
        handlers = list_handlers(
            Services(
                asking=Asking(services.inbox, self._replies),
                steering=Steering(services.console, sources, refreshes),
                conversations=services.conversations,
                voting=services.voting,
                retriever=retriever,
                mask=services.mask,
            )
        )
        gate = Gate(keys, per_minute, lambda: self.connected)
        self.routes: Sequence[BaseRoute] = [build_routes(gate, handlers, meter)]

    async def run(self) -> None:
        """Take requests until cancelled: they come by the web server."""
        self._services.add_platform(NAME, self._replies)
        self.connected = True
        try:
            await asyncio.Event().wait()
        finally:
            self.connected = False

    async def close(self) -> None:
        """Let go whoever still waits."""
        await self._replies.end_all(STOPPING)
        self._services.remove_platform(NAME)
