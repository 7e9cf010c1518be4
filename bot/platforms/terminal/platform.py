"""The terminal, as a chat platform: its chat is begun by `frontdesk chat`, never served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.chat.platform import Finding
from bot.sections import PlatformSettings

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices


class TerminalPlatform:
    """See `bot.platforms.registry.ServedPlatform`."""

    name = "terminal"
    section = PlatformSettings
    user_id = re.compile("terminal")
    channel_id = workspace_id = role_id = re.compile("(?!)")  # it has none
    born_admins = ""
    needs = ""
    how_to_begin = ""

    async def check(self, settings: Any) -> Sequence[Finding]:
        return ()

    async def find_workspace(self, settings: Any, channel: str = "") -> str:
        """It has none."""
        return ""

    def connect(self, settings: Any, services: PlatformServices) -> Adapter:
        from bot.platforms.terminal.chat import TerminalChat

        return TerminalChat(services)


PLATFORM = TerminalPlatform()
