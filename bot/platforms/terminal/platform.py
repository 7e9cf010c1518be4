"""The terminal, as a chat platform: its chat is begun by `frontdesk chat`, never served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic_settings import PydanticBaseSettingsSource

from bot.chat.platform import Finding
from bot.sections import PlatformSettings

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices


class TerminalSettings(PlatformSettings):
    """There is nothing to set."""

    @classmethod
    def settings_customise_sources(cls, *_: Any, **__: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """None."""
        return ()

    @classmethod
    def environment_variables(cls) -> tuple[str, ...]:
        """None."""
        return ()


class TerminalPlatform:
    """See `bot.platforms.registry.ServedPlatform`."""

    name = "terminal"
    title = "Terminal"
    section = TerminalSettings
    user_id = re.compile("terminal")
    channel_id = re.compile("(?!)")  # it has none
    born_admins = ""
    tokens = ""
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
