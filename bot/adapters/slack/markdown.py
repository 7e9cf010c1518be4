"""Frontdesk's Markdown -> the Markdown that Slack takes in `markdown_text` and `markdown` blocks, and its mrkdwn.

The core has checked the text already: no link but of a cited passage, no HTML. Here `&`, `<` and `>` become entities,
so that nothing in it is read as one of Slack's own control sequences (`<!channel>`, `<@U…>`, `<url|label>`).
"""

from __future__ import annotations

import re

from bot.answers.markup import Scanner, Token

_AMPERSAND = re.compile(r"&(?!(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_QUOTE_MARKS = re.compile(r"[ >]*")
_LINK = re.compile(r"\[(?P<label>[^\[\]]*)\]\((?P<url>https?://[^\s()<>|]+)\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_HEADING = re.compile(r"^#{1,6} +([^*\n]+)$", re.MULTILINE)
_TABLE = re.compile(r"^ {0,3}\|?[ :]*-{2,}[-| :]*\|[-| :]*$", re.MULTILINE)


class SlackMarkdown:
    """Translates a text piece by piece: what `feed` returns is settled, whatever follows."""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._line = ""
        self._line_begins = True

    def feed(self, piece: str) -> str:
        """Take a further piece of the text."""
        text = self._line + piece
        end = text.rfind("\n") + 1
        out = self._translate(text[:end])
        rest = text[end:]
        settled = self._scanner.settled(rest)
        out += self._translate(rest[:settled])
        self._line = rest[settled:]
        return out

    def finish(self) -> str:
        """The rest."""
        out, self._line = self._translate(self._line), ""
        return out

    def _translate(self, text: str) -> str:
        out = []
        for token in self._scanner.scan(text):
            out.append(self._of(token))
            self._line_begins = token.text.endswith("\n")
        return "".join(out)

    def _of(self, token: Token) -> str:
        if token.kind == "link":
            return f"[{escape(token.label)}]({escape(token.target)})"  # an image too: Slack shows none in a text
        if token.kind == "url":
            return escape(token.target)
        if token.kind in {"code", "fenced"}:
            return token.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        marks = _QUOTE_MARKS.match(token.text)
        begin = marks.end() if marks and self._line_begins and token.kind == "text" else 0
        return token.text[:begin] + escape(token.text[begin:])


def to_slack(markdown: str) -> str:
    """A whole text."""
    translation = SlackMarkdown()
    return translation.feed(markdown) + translation.finish()


def to_mrkdwn(markdown: str) -> str:
    """A whole text, already Slack's Markdown, in the older syntax that `text` and sections take."""
    linked = _LINK.sub(lambda match: f"<{match['url']}|{match['label'].replace('|', '¦')}>", markdown)
    return _HEADING.sub(r"*\1*", _BOLD.sub(r"*\1*", linked))


def escape(text: str) -> str:
    """`text` with the three characters that Slack reads as control characters as entities; entities stay."""
    return _AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def literal(text: str) -> str:
    """Plain text in one line as mrkdwn shows it literally."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def has_table(markdown: str) -> bool:
    """Whether the text holds a table, which Slack draws in a `markdown` block but not in a stream."""
    return _TABLE.search(markdown) is not None
