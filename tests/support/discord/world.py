"""SimCord's world without a bot in the process: builders and actors change it, and the gateway tells the bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.cdn import CDN_BASE, CdnStore
from simcord.env import Env

import discord


class RealClock(Clock):
    """The time of day; `advance` runs ahead of it."""

    def now(self) -> datetime:
        """-> aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


class Cdn(CdnStore):
    """Files at addresses that can be reached: `base` is the stand-in's."""

    base = CDN_BASE

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """See the library."""
        told = super().store_attachment(attachment_id, channel_id, filename, data, description)
        url = told["url"].replace(CDN_BASE, self.base)
        self._blobs[url] = data
        return told | {"url": url, "proxy_url": url}


class World(Env):
    """Actors' verbs return at once: what the bot does about them happens in another process."""

    def __init__(self) -> None:
        client = discord.Client(intents=discord.Intents.all())
        super().__init__(client)
        self.backend = Backend(clock=RealClock())
        self.backend.cdn = Cdn()
        self._message_states.add(client._connection)

    def me(self) -> discord.User:
        """The bot, as a channel's overwrites take it."""
        return discord.User(state=self.bot._connection, data=serializers.user_payload(self.backend.bot_user))

    async def _settle_internal(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to wait for."""

    def _begin_operation(self, label: str) -> None:
        """Any number of people act at once."""

    def _end_operation(self) -> None:
        """See above."""
