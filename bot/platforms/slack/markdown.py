"""Frontdesk's Markdown -> the Markdown that Slack takes in `markdown_text` and `markdown` blocks, and its mrkdwn.

Links are made here, from the addresses that the cited passages hold; all other text is defused (see
`bot.chat.markdown`). `&`, `<` and `>` become entities, so that nothing is read as one of Slack's own control
sequences (`<!channel>`, `<@U…>`, `<url|label>`).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, Renderer, render_text
from bot.chat.markup import escape_url
from retrieval.text.cleaning import clean_text, collapse_whitespace

_LINK = re.compile(r"\[(?P<label>[^\[\]]*)\]\((?P<url>https?://[^\s()<>|]+)\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_HEADING = re.compile(r"^#{1,6} +([^*\n]+)$", re.MULTILINE)
_ANGLES = re.compile(r"(?P<quote>(?<=\n)[ >]+)|[<>&]")
_MARKS = re.compile(r"([*_~`\[\]\\])")
_ESCAPED_MARK = r"\\\1"
_LONGEST_URL = 1_000  # characters
_TABLE = re.compile(r"^ {0,3}\|?[ :]*-{2,}[-| :]*\|[-| :]*$", re.MULTILINE)


class SlackMarkdown:
    """Translates a text piece by piece: what `feed` returns is settled, whatever follows."""

    def __init__(self) -> None:
        self._renderer = Renderer(_SLACK)
        self._line = ""

    def feed(self, piece: str, links: Collection[str] = ()) -> str:
        """Take a further piece of the text; `links` are the addresses that may be linked to, as far as known."""
        text = self._line + clean_text(piece).replace("\r", "")
        end = text.rfind("\n") + 1
        out, rest = self._renderer.render(text[:end], links), text[end:]
        settled = self._renderer.settled(rest)
        self._line = rest[settled:]
        return out + self._renderer.render(rest[:settled], links)

    def finish(self, links: Collection[str] = ()) -> str:
        """The rest."""
        rest, self._line = self._line, ""
        return self._renderer.render(rest, links)


def to_slack(markdown: str, links: Collection[str] = ()) -> str:
    """A whole text; `links` are the addresses that may be linked to."""
    return render_text(markdown, _SLACK, links)


def to_mrkdwn(markdown: str) -> str:
    """A whole text, already Slack's Markdown, in the older syntax that `text` and sections take."""
    linked = _LINK.sub(lambda match: f"<{match['url']}|{match['label'].replace('|', '¦')}>", markdown)
    return _HEADING.sub(r"*\1*", _BOLD.sub(r"*\1*", linked))


def to_literal(text: str, links: Collection[str] = ()) -> str:
    """Plain text in one line as mrkdwn shows it literally."""
    return _escape_entities(defuse_text(collapse_whitespace(text), links))


def to_fallback(slack: str) -> str:
    """Slack's Markdown as the text beside blocks, which nobody sees where they are shown: without links."""
    return defuse_text(clean_text(slack).replace("\r", ""))


def to_plain_text(text: str, links: Collection[str] = ()) -> str:
    """Text for a `plain_text` object, where Slack reads no markup."""
    return defuse_text(clean_text(text).replace("\r", ""), links)


def format_link(shown: str, url: str) -> str:
    """mrkdwn that leads to a page; `shown` is literal already. As far as its address is one that Slack links to, else
    the text alone."""
    target = escape_url(url).replace("|", "%7C").replace("&", "&amp;")
    linked = url.startswith(("https://", "http://")) and len(target) < _LONGEST_URL
    return f"<{target}|{shown.replace('|', '¦')}>" if linked else shown


def has_table(markdown: str) -> bool:
    """Whether the text holds a table, which Slack draws in a `markdown` block but not in a stream."""
    return _TABLE.search(markdown) is not None


def _format_markdown_link(label: str, url: str) -> str:
    """An image too: Slack shows none in a text."""
    return f"[{label or _MARKS.sub(_ESCAPED_MARK, _escape_entities(url))}]({_escape_entities(escape_url(url))})"


def _escape_prose(text: str) -> str:
    """The marks of a quotation at a line's begin stay."""
    return _ANGLES.sub(lambda match: match["quote"] or _escape_entities(match[0]), text)


def _escape_entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_SLACK = Dialect(_format_markdown_link, _escape_prose, _escape_entities)
