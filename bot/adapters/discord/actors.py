"""Who somebody is, as Discord tells of them at this very call: nothing of it is remembered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import discord

from bot.adapters.discord.incoming import PLATFORM, PRIVATE
from bot.people import Actor, Role


def actor_of(interaction: discord.Interaction[Any], team_channels: Collection[str]) -> Actor:
    """Whoever may manage the server is an admin there; whoever sees one of the `team_channels` is a teammate, as far
    as not everybody sees it."""
    user = interaction.user
    return Actor(
        PLATFORM,
        str(interaction.guild_id or PRIVATE),
        str(user.id),
        user.display_name,
        _role(interaction, team_channels),
    )


def _role(interaction: discord.Interaction[Any], team_channels: Collection[str]) -> Role:
    member, guild = interaction.user, interaction.guild
    if guild is None or not isinstance(member, discord.Member):
        return Role.CUSTOMER  # in private nobody is more
    if interaction.permissions.manage_guild or interaction.permissions.administrator:
        return Role.ADMIN
    for channel_id in team_channels:
        channel = guild.get_channel(int(channel_id))
        if channel is None or channel.permissions_for(guild.default_role).view_channel:
            continue
        if channel.permissions_for(member).view_channel:
            return Role.TEAMMATE
    return Role.CUSTOMER
