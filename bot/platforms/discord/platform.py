"""Discord, as Frontdesk knows it before anything is connected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.platform import Finding
from bot.errors import InputError
from bot.platforms.discord.settings import DiscordSettings

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices


class DiscordPlatform:
    """See `bot.platforms.registry.ServedPlatform`."""

    name = "discord"
    section = DiscordSettings
    user_id = re.compile(r"\d+", re.ASCII)
    channel_id = re.compile(r"\d+", re.ASCII)
    workspace_id = re.compile(r"\d+", re.ASCII)
    role_id = re.compile(r"\d+", re.ASCII)
    born_admins = "whoever may manage the server"
    how_to_begin = "no DISCORD_TOKEN: to answer in Discord, see docs/discord.md"
    needs = "DISCORD_TOKEN"

    async def check(self, settings: DiscordSettings) -> Sequence[Finding]:
        from bot.platforms.discord.api_errors import translate_connection_errors
        from bot.platforms.discord.connection import (
            describe_mode,
            fetch_application,
            find_channel_faults,
            sees_content,
        )

        with translate_connection_errors():
            about = await fetch_application(settings)
            faults = await find_channel_faults(settings)
        found = Finding(True, f"{about.name}: {describe_mode(content=sees_content(about))}")
        return [found, *(Finding(False, fault) for fault in faults)]

    async def find_workspace(self, settings: DiscordSettings, channel: str = "") -> str:
        """The server of the channel, or else of one of the bot's own."""
        from bot.platforms.discord.connection import guild_of

        known = channel or settings.admin_channel or settings.support_channel
        if not known:
            raise InputError("Which server? Name it with --workspace, or set FRONTDESK_DISCORD_ADMIN_CHANNEL.")
        settings.check_complete()
        return await guild_of(settings, int(known))

    def connect(self, settings: DiscordSettings, services: PlatformServices) -> Adapter:
        from bot.platforms.discord.adapter import DiscordAdapter

        return DiscordAdapter(settings, services)


PLATFORM = DiscordPlatform()
