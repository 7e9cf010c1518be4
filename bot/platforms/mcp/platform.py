"""The MCP server, as a chat platform: its users are conversations of a key, or of the program that started it."""

from __future__ import annotations

import re

from bot.api_keys.service import NAME as KEY_NAME
from bot.platforms.api.platform import SEPARATOR, ApiPlatform

NAME = "mcp"
LOCAL = "_local"  # in place of a key's name, which none has: whoever is served over standard input and output


class McpPlatform(ApiPlatform):
    """See `bot.platforms.registry.ServedPlatform`. Nothing is limited to anybody there: an assistant tells on what it
    was told."""

    name = NAME
    user_id = re.compile(rf"(?:{KEY_NAME.pattern}|{LOCAL}){SEPARATOR}\S+")
    workspace_id = re.compile("(?!)")


PLATFORM = McpPlatform()
