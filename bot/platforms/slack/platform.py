"""Slack, as Frontdesk knows it before anything is connected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.platform import Finding
from bot.errors import SettingsError
from bot.platforms.slack.settings import SlackSettings

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices


class SlackPlatform:
    """See `bot.platforms.registry.ServedPlatform`."""

    name = "slack"
    section = SlackSettings
    user_id = re.compile("[UW][A-Z0-9]+")
    channel_id = re.compile("[CDG][A-Z0-9]+")
    workspace_id = re.compile("T[A-Z0-9]+")
    role_id = re.compile("(?!)")  # user groups: each question would cost a call, and the bot a scope
    born_admins = "the workspace's admins and owners"
    how_to_begin = "no SLACK_BOT_TOKEN: to answer in Slack, see 'frontdesk slack manifest'"
    needs = "SLACK_BOT_TOKEN and SLACK_APP_TOKEN"

    async def check(self, settings: SlackSettings) -> Sequence[Finding]:
        from bot.platforms.slack.adapter import check_channels, check_socket, check_token
        from bot.platforms.slack.manifest import SCOPES

        bot, lacking = await check_token(settings, SCOPES)
        if settings.mode == "socket":
            await check_socket(settings)
        mend = f"{bot} lacks {', '.join(sorted(lacking))}: update its manifest and reinstall it"
        found = Finding(False, mend) if lacking else Finding(True, f"{bot}, {settings.mode} mode")
        return [found, *(Finding(False, fault) for fault in await check_channels(settings))]

    async def find_workspace(self, settings: SlackSettings, channel: str = "") -> str:
        """The token's: it belongs to one team."""
        from bot.platforms.slack.adapter import team_of

        if not settings.is_configured:
            raise SettingsError("SLACK_BOT_TOKEN is missing: set it, or name the team with --workspace.")
        return await team_of(settings)

    def connect(self, settings: SlackSettings, services: PlatformServices) -> Adapter:
        from bot.platforms.slack.adapter import SlackAdapter

        return SlackAdapter(settings, services)


PLATFORM = SlackPlatform()
