"""What an outgoing text does in Slack: whom it notifies and where its links lead."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_MENTION = re.compile(r"<(?:![^<>\s|]+|@[UWB][^<>\s|]*|!subteam\^[^<>\s|]+)(?:\|[^<>]*)?>")
_TYPED = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b")
_HARMLESS = ("<!date^",)
_MRKDWN_LINK = re.compile(r"<([a-zA-Z][\w+.-]*:[^<>|\s]+)(?:\|[^<>]*)?>")
_MARKDOWN_LINK = re.compile(r"\]\(\s*<?([a-zA-Z][\w+.-]*:[^\s<>]+)")
_BARE_LINK = re.compile(r"https?://(?:(?!\]\()[^\s<>|\"])+")
_URL_KEYS = frozenset({"url", "image_url", "title_link", "from_url", "thumb_url"})


class Mention(NamedTuple):
    """A mention that would notify people."""

    text: str
    channel: str
    ts: str


@dataclass
class Outgoing:
    """A text that the app sent, as it stood after the call; a stream's grows."""

    channel: str
    ts: str
    text: str = ""
    markdown: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    names_linked: bool = False

    def mentions(self) -> Iterator[Mention]:
        """Mentions in text, mrkdwn and Markdown: raw `<!here>` counts in all three, escaped `&lt;!here&gt;` in none.

        Whether Slack notifies for a mention inside `code` is not documented; here it counts.
        """
        for kind, text in self._texts():
            if kind == "plain":
                continue
            found = [match.group() for match in _MENTION.finditer(text)]
            if kind == "text" and self.names_linked:
                found += _TYPED.findall(text)
            for mention in found:
                if not mention.startswith(_HARMLESS):
                    yield Mention(mention, self.channel, self.ts)
        for item in _rich(self.blocks):
            yield Mention(f"<{item['type']}>", self.channel, self.ts)

    def links(self) -> Iterator[str]:
        """Each link's target, in order, with repetitions."""
        for _, text in self._texts():
            yield from links_in(text)
        yield from _urls([self.blocks, self.attachments])

    def _texts(self) -> Iterator[tuple[str, str]]:
        yield "text", "" if self.text == self.markdown else self.text
        yield "markdown", self.markdown
        yield from _block_texts(self.blocks)
        for attachment in self.attachments:
            for name in ("text", "pretext", "fallback", "title", "footer"):
                yield "mrkdwn", str(attachment.get(name) or "")
            yield from _block_texts(attachment.get("blocks") or [])


def links_in(text: str) -> Iterator[str]:
    """The targets of `<url|label>`, `[label](url)` and bare URLs in a text, whatever their scheme in the first two."""
    found: dict[int, str] = {}
    for pattern in (_MRKDWN_LINK, _MARKDOWN_LINK):
        for match in pattern.finditer(text):
            if not match.group(1).startswith(("mailto:", "tel:")):
                found[match.start(1)] = match.group(1)
    for match in _BARE_LINK.finditer(text):
        found.setdefault(match.start(), match.group())
    for start in sorted(found):
        yield html.unescape(_balanced(found[start]))


def _balanced(url: str) -> str:
    """Cut at the bracket that closes more than was opened, and drop the sentence's punctuation."""
    depth = 0
    for place, character in enumerate(url):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            url = url[:place]
            break
    return url.rstrip(".,;:!?*_`'")


def _block_texts(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        text = value.get("text")
        if isinstance(text, str):
            kind = value.get("type")
            yield ("mrkdwn" if kind in {"mrkdwn", "markdown"} else "plain"), text
        for item in value.values():
            yield from _block_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _block_texts(item)


def _rich(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if value.get("type") in {"user", "usergroup", "broadcast"}:
            yield value
        for item in value.values():
            yield from _rich(item)
    elif isinstance(value, list):
        for item in value:
            yield from _rich(item)


def _urls(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in _URL_KEYS and isinstance(item, str):
                yield item
            else:
                yield from _urls(item)
    elif isinstance(value, list):
        for item in value:
            yield from _urls(item)
