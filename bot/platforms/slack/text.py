"""What a Slack message says: its text, the blocks where that is empty, what it forwards. Pure.

Slack's own encoding (`<@U1>`, `<https://…|label>`, `&amp;`) is called encoded here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TOKEN = re.compile(r"<([^<>]*)>")
_LINK = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BARE = re.compile(r"(?:mailto|tel):", re.IGNORECASE)  # what stands before an address that people know without it
_USER = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_GROUP = re.compile(r"<!subteam\^[^<>]*>")
_PERMALINK = re.compile(r"/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<ts>\d{16})(?:\?(?P<query>[^|<>]*))?")
_THREAD = re.compile(r"(?:^|&)(?:amp;)?thread_ts=(?P<ts>\d{10}\.\d{6})")
_LINKS = 3  # permalinks of a message that are looked at


def encoded_text(message: Mapping[str, Any]) -> str:
    """A message's own words; those of its blocks where it has no text."""
    return str(message.get("text") or "") or encoded_blocks(message.get("blocks") or ())


def shared_texts(message: Mapping[str, Any]) -> list[str]:
    """The encoded words of the messages that it forwards or shows a preview of."""
    found = []
    for attachment in message.get("attachments") or ():
        if attachment.get("is_share") or attachment.get("is_msg_unfurl"):
            inner = [part.get("message") or {} for part in attachment.get("message_blocks") or ()]
            words = "\n".join(encoded_blocks(part.get("blocks") or ()) for part in inner).strip()
            found.append(words or str(attachment.get("text") or attachment.get("fallback") or ""))
    return [words for words in found if words.strip()]


def encoded_blocks(blocks: Iterable[Mapping[str, Any]]) -> str:
    """The words of blocks."""
    return "\n".join(filter(None, map(_encode_block, blocks)))


def named_users(encoded: str) -> set[str]:
    """The ids of the people whom a text names."""
    return {match["id"] for match in _USER.finditer(encoded)}


def names_group(encoded: str) -> bool:
    """Whether a text names a group of people."""
    return bool(_GROUP.search(encoded))


def find_permalinks(encoded: str, workspace_url: str) -> list[str]:
    """The messages of this workspace whose addresses stand in a text, as "channel/ts" or "channel/ts/thread"."""
    found = []
    for inner in _TOKEN.findall(encoded):
        url = inner.partition("|")[0]
        match = _PERMALINK.match(url.removeprefix(workspace_url.rstrip("/")))
        if match and workspace_url and url.startswith(workspace_url):
            thread = _THREAD.search(html.unescape(match["query"] or ""))
            ts = f"{match['ts'][:10]}.{match['ts'][10:]}"
            found.append("/".join([match["channel"], ts, *([thread["ts"]] if thread else [])]))
    return list(dict.fromkeys(found))[:_LINKS]


def to_readable(encoded: str, bot_user: str) -> str:
    """An encoded text as the words that its author saw, without the bot's own name."""
    return html.unescape(_TOKEN.sub(lambda match: _format_token(match, bot_user), encoded)).strip()


def _format_token(match: re.Match[str], bot_user: str) -> str:
    target, _, label = match[1].partition("|")
    if target.startswith("@"):
        return "" if target == f"@{bot_user}" else "@…"
    if target.startswith("#"):
        return f"#{label}"
    if target.startswith("!"):
        name, _, _ = target[1:].partition("^")
        if name == "date":
            return label or "…"
        return f"@{label.lstrip('@') if name == 'subteam' else name or label.lstrip('@')}"
    if _LINK.match(target):
        return label or _BARE.sub("", target)
    return match[0]


def _encode_block(block: Mapping[str, Any]) -> str:
    kind = block.get("type")
    if kind == "rich_text":
        return "\n".join(filter(None, map(_encode_rich_text, block.get("elements") or ())))
    texts = [block.get("text"), *(block.get("fields") or ())]
    if kind == "context":
        texts += block.get("elements") or ()
    return "\n".join(filter(None, map(_encode_text, texts)))


def _encode_text(text: Any) -> str:
    """A text object of a block's, or the text of a Markdown block."""
    if isinstance(text, str):
        return _escape_text(text)
    if not isinstance(text, Mapping) or not isinstance(text.get("text"), str):
        return ""
    return text["text"] if text.get("type") == "mrkdwn" else _escape_text(text["text"])


def _encode_rich_text(part: Mapping[str, Any]) -> str:
    kind, elements = part.get("type"), part.get("elements") or ()
    if kind == "rich_text_list":
        return "\n".join(map(_encode_rich_text, elements))
    words = "".join(map(_encode_inline, elements))
    if kind == "rich_text_quote":
        return "\n".join(f"&gt; {line}" for line in words.splitlines())
    return words


def _encode_inline(element: Mapping[str, Any]) -> str:
    kind = element.get("type")
    named = {"user": ("user_id", "@"), "channel": ("channel_id", "#"), "usergroup": ("usergroup_id", "!subteam^")}
    if kind in named:
        key, sign = named[kind]
        return f"<{sign}{element.get(key)}>"
    if kind == "broadcast":
        return f"<!{element.get('range')}>"
    if kind == "link":
        label = f"|{_escape_text(str(element['text']))}" if element.get("text") else ""
        return f"<{_escape_text(str(element.get('url') or ''))}{label}>"
    if kind == "emoji":
        return f":{element.get('name')}:"
    return _escape_text(str(element.get("text") or element.get("fallback") or element.get("value") or ""))


def _escape_text(text: str) -> str:
    return html.escape(text, quote=False)


def join_texts(texts: Sequence[str]) -> str:
    """Texts below each other."""
    return "\n\n".join(filter(None, texts))
