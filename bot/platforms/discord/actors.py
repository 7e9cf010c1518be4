"""Who somebody is, as Discord tells of them at this very call, and which channels are the team's: nothing of it is
remembered but that a channel which only the API tells of was public."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping
from typing import Any

import discord

from bot.chat.people import Actor, Role
from bot.errors import DeliveryError, Refusal
from bot.platforms.discord.api_errors import translate_delivery_errors
from bot.platforms.discord.events import NAME, PRIVATE
from bot.platforms.discord.locales import language_of

_PRIVACY_SECONDS = 60.0  # for which what the API says of a channel is believed


class Team:
    """Whoever manages the team's server is an admin there; whoever sees one of the `channels` is a teammate, as far as
    not everybody sees it: in one that everybody sees nothing is posted.

    The team's server is that of the `channels`; without any, the only one that the bot is in. Everywhere else, and as
    long as that is not known, nobody is more than a customer: a stranger may invite the bot to a server of their own.
    """

    def __init__(self, client: discord.Client, channels: Collection[str]) -> None:
        self._client = client
        self._channels = [int(channel) for channel in channels if channel.isdecimal()]
        self._public: dict[int, tuple[float, bool]] = {}  # channels that the gateway does not tell of

    def build_actor(self, interaction: discord.Interaction[Any]) -> Actor:
        """Who calls."""
        user = interaction.user
        return Actor(
            NAME,
            str(interaction.guild_id or PRIVATE),
            str(user.id),
            user.display_name,
            self.find_role(user),
            language_of(interaction),
        )

    def find_role(self, member: discord.Member | discord.User) -> Role:
        """What somebody may in the server that the member is of."""
        if not isinstance(member, discord.Member):
            return Role.CUSTOMER  # in private nobody is more
        may = member.guild_permissions
        if member.guild.id in self._find_servers() and (may.manage_guild or may.administrator):
            return Role.ADMIN
        for channel_id in self._channels:
            channel = member.guild.get_channel(channel_id)
            if channel is None or is_public(channel):
                continue
            if channel.permissions_for(member).view_channel:
                return Role.TEAMMATE
        return Role.CUSTOMER

    async def refuse_if_public(self, channel: int) -> None:
        """Raises DeliveryError for a channel of the team's that everybody sees, and where that cannot be told."""
        if channel in self._channels and await self._is_public(channel):
            raise DeliveryError(describe_public_channel(channel), Refusal.PLACE)

    async def find_faults(self) -> Mapping[str, str]:
        """What is wrong with the team's channels, by their ids."""
        found: dict[str, str] = {}
        for channel in dict.fromkeys(self._channels):
            try:
                if await self._is_public(channel):
                    found[str(channel)] = describe_public_channel(channel)
                elif missing := self._find_missing_permissions(channel):
                    found[str(channel)] = (
                        f"the bot may not post in the channel {channel}: give it {missing} there, or name another."
                    )
            except DeliveryError as error:
                found[str(channel)] = f"the channel {channel} cannot be looked at: {error}."
        return found

    def _find_missing_permissions(self, channel_id: int) -> str:
        """Those without which nothing can be posted, as far as the gateway told of the channel."""
        channel: Any = self._client.get_channel(channel_id)
        if channel is None or isinstance(channel, discord.abc.PrivateChannel):
            return ""
        held = channel.permissions_for(channel.guild.me)
        speaking = ("Send Messages in Threads", held.send_messages_in_threads)
        if not isinstance(channel, discord.Thread):
            speaking = ("Send Messages", held.send_messages)
        needed = (("View Channel", held.view_channel), speaking)
        return " and ".join(f'"{name}"' for name, given in needed if not given)

    async def _is_public(self, channel_id: int) -> bool:
        """As the gateway told last, or else the API; of a thread, whether its channel is. Raises DeliveryError."""
        known: Any = self._client.get_channel(channel_id)
        home = known.parent if isinstance(known, discord.Thread) else known
        if isinstance(home, discord.abc.GuildChannel) and home.guild.default_role:
            return is_public(home)
        asked, public = self._public.get(channel_id, (-math.inf, True))
        if time.monotonic() - asked >= _PRIVACY_SECONDS:
            with translate_delivery_errors():
                public = await self._fetch_publicity(channel_id)
            self._public[channel_id] = time.monotonic(), public
        return public

    async def _fetch_publicity(self, channel_id: int) -> bool:
        """Raises what the library raises."""
        channel: Any = await self._client.fetch_channel(channel_id)
        if isinstance(channel, discord.abc.PrivateChannel):
            return False
        server = await self._client.fetch_guild(channel.guild.id, with_counts=False)
        home = channel.parent_id if isinstance(channel, discord.Thread) else channel_id
        return is_public(await server.fetch_channel(home))

    def _find_servers(self) -> set[int]:
        """Those whose managers are admins."""
        if self._channels:
            found = [self._client.get_channel(channel) for channel in self._channels]
            return {channel.guild.id for channel in found if isinstance(channel, discord.abc.GuildChannel)}
        known = {guild.id for guild in self._client.guilds}
        return known if len(known) == 1 and self._client.is_ready() else set()


def is_public(channel: Any) -> bool:
    """Whether everybody in its server sees a channel of which the server's roles are known."""
    return bool(channel.permissions_for(channel.guild.default_role).view_channel)


def describe_public_channel(channel: int) -> str:
    """What is wrong with a team's channel that everybody sees, and the mend."""
    return (
        f"the channel {channel} is seen by @everyone: whoever joins the server would read customers' questions. Take "
        '"View Channel" from @everyone there and give it to the team and the bot, or name another.'
    )
