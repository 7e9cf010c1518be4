"""SimCord's world without a bot in the process: builders and actors change it, and the gateway tells the bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.env import Env

import discord


class RealClock(Clock):
    """The time of day; `advance` runs ahead of it."""

    def now(self) -> datetime:
        """-> aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


class World(Env):
    """Actors' verbs return at once: what the bot does about them happens in another process."""

    def __init__(self) -> None:
        client = discord.Client(intents=discord.Intents.all())
        super().__init__(client)
        self.backend = Backend(clock=RealClock())
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
