"""The widget, as Frontdesk knows it before anything is connected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.platform import Finding
from bot.platforms.widget.settings import WidgetSettings
from bot.platforms.widget.visits import VISITOR

if TYPE_CHECKING:
    from bot.platforms.registry import Adapter
    from bot.platforms.services import PlatformServices


class WidgetPlatform:
    """See `bot.platforms.registry.ServedPlatform`. Each visitor is a channel of their own; there are no workspaces."""

    name = "widget"
    section = WidgetSettings
    user_id = channel_id = VISITOR
    workspace_id = role_id = re.compile(r"(?!)")
    born_admins = ""
    how_to_begin = "no FRONTDESK_WIDGET_ORIGINS: to answer on your own site, see docs/widget.md"
    needs = "FRONTDESK_WIDGET_ORIGINS"

    async def check(self, settings: WidgetSettings) -> Sequence[Finding]:
        """Nothing is asked of anybody: pages send to us."""
        plain = [each for each in settings.allowed_origins if each.startswith("http://") and not _is_local(each)]
        found = [Finding(True, f"shown on {settings.origins.replace(',', ', ')}")]
        return [*found, *(Finding(False, f"{each} is not encrypted: use https") for each in sorted(plain))]

    async def find_workspace(self, settings: WidgetSettings, channel: str = "") -> str:
        """There is none."""
        return ""

    def connect(self, settings: WidgetSettings, services: PlatformServices) -> Adapter:
        from bot.platforms.widget.adapter import WidgetAdapter

        return WidgetAdapter(settings, services)


def _is_local(origin: str) -> bool:
    return origin.split("://")[1].rpartition(":")[0] in {"localhost", "127.0.0.1"}


PLATFORM = WidgetPlatform()
