"""The HTTP API, as a chat platform: a workspace is a key's name, a user whoever that calls one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.api_keys.service import NAME as KEY_NAME
from bot.chat.platform import Finding
from bot.sections import PlatformSettings

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices

NAME = "api"
SEPARATOR = ":"  # between a key's name, which has none, and what it calls its customer


class ApiPlatform:
    """See `bot.platforms.registry.ServedPlatform`."""

    name = NAME
    section = PlatformSettings
    user_id = re.compile(rf"{KEY_NAME.pattern}{SEPARATOR}\S+")
    workspace_id = KEY_NAME
    channel_id = role_id = re.compile("(?!)")  # it has none
    born_admins = ""
    needs = ""
    how_to_begin = ""

    async def check(self, settings: Any) -> Sequence[Finding]:
        return ()

    async def find_workspace(self, settings: Any, channel: str = "") -> str:
        """None: nobody steers Frontdesk there but by a key."""
        return ""

    def connect(self, settings: Any, services: PlatformServices) -> Adapter:
        """The application does that, with more than `services`: see `bot.app.serve`."""
        raise NotImplementedError


PLATFORM = ApiPlatform()
