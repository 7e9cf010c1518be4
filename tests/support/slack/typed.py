"""What Slack makes of a text that a person types: entities escaped, addresses linked, rich text beside it."""

from __future__ import annotations

import re
from typing import Any

# What the client's own pickers put into a text (people, channels, groups, links) stays as it is.
_TOKEN = re.compile(r"<(?:@[UW]|#C|!|https?:|mailto:)[^<>\s]*(?: [^<>]*)?>")
_URL = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]")


def encoded(text: str) -> str:
    """The `text` of the message."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts += [_escaped(text[end : token.start()]), token.group()]
        end = token.end()
    return "".join([*parts, _escaped(text[end:])])


def rich_text(text: str) -> list[dict[str, Any]]:
    """The `blocks` of the message, from its encoded text."""
    elements: list[dict[str, Any]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            elements.append({"type": "text", "text": _plain(text[end : token.start()])})
        elements.append(_element(token.group()[1:-1]))
        end = token.end()
    if text[end:]:
        elements.append({"type": "text", "text": _plain(text[end:])})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}]


def _element(inner: str) -> dict[str, Any]:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    return {"type": "link", "url": _plain(target)} | ({"text": label} if label else {})


def _escaped(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _URL.sub(lambda match: f"<{match.group()}>", escaped)


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
