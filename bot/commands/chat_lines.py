"""An operator's line with its commands as they are typed in a chat."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COMMAND = re.compile(r"'frontdesk (?=(?P<name>[a-z-]+))")


def to_chat_line(text: str, commands: Iterable[str]) -> str:
    """The line for a chat that has these commands; what only the command line has stays."""
    names = {name.partition(" ")[0] for name in commands}
    for cli, chat in (("'frontdesk refresh --force'", "/faq recrawl --force"), ("'frontdesk refresh", "'/faq recrawl")):
        text = text.replace(cli, chat)
    text = text.replace("'frontdesk crawl URL'", "/faq sources add")
    return _COMMAND.sub(lambda match: "'/faq " if match["name"] in names else match[0], text)
