"""Who somebody is, as Discord tells of them at this very call: nothing of it is remembered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import discord

from bot.chat.people import Actor, Role
from bot.platforms.discord.events import NAME, PRIVATE


class Team:
    """Whoever manages the team's server is an admin there; whoever sees one of the `channels` is a teammate, as far as
    not everybody sees it.

    The team's server is that of the `channels`; without any, the only one that the bot is in. Everywhere else, and as
    long as that is not known, nobody is more than a customer: a stranger may invite the bot to a server of their own.
    """

    def __init__(self, client: discord.Client, channels: Collection[str]) -> None:
        self._client = client
        self._channels = [int(channel) for channel in channels if channel.isdecimal()]

    def build_actor(self, interaction: discord.Interaction[Any]) -> Actor:
        """Who calls."""
        user = interaction.user
        return Actor(
            NAME,
            str(interaction.guild_id or PRIVATE),
            str(user.id),
            user.display_name,
            self.find_role(user),
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
            if channel is None or channel.permissions_for(member.guild.default_role).view_channel:
                continue
            if channel.permissions_for(member).view_channel:
                return Role.TEAMMATE
        return Role.CUSTOMER

    def _find_servers(self) -> set[int]:
        """Those whose managers are admins."""
        if self._channels:
            found = [self._client.get_channel(channel) for channel in self._channels]
            return {channel.guild.id for channel in found if isinstance(channel, discord.abc.GuildChannel)}
        known = {guild.id for guild in self._client.guilds}
        return known if len(known) == 1 and self._client.is_ready() else set()
