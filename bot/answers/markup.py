"""Markdown cut into the tokens that need care before it goes to a customer: links, [n] markers, raw HTML, mentions.

Text quoted from a page or written by a model is data. Nothing in it may ring a bell, run as HTML or pose as a citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<code>(?P<ticks>`+)(?!`)[^\n]*?[^`\n](?P=ticks)(?!`))
    | (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<link>!?\[(?P<label>(?:\\.|[^\[\]\\\n]|!?\[[^\[\]\n]*\](?:\([^()\n]*\))?)*)\]
        \(\s*<?(?P<target>(?:[^\s()<>]|\([^\s()<>]*\))*)>?(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\))
    | (?P<marker>[ \t]*\[(?P<numbers>\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\](?!\())
    | (?P<bracket>\[[^\[\]\n]*\])
    | (?P<url><?(?P<bare>https?://(?:(?![<>()\[\]"'`\\])[!-~])+)>?)
    | (?P<comment><!--.*?-->)
    | (?P<break><br[ ]*/?>)
    | (?P<tag><(?=[A-Za-z/!?@\#:]))
    | (?P<mention>@(?=(?:everyone|here|channel)\b))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FENCE = re.compile(r"[ >]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<fence>`{3,}(?!.*`)|~{3,})")
# In code `<` stays `<`, but for what Slack or Discord would still read as a mention.
_MENTION_IN_CODE = re.compile(
    r"@(?=(?:everyone|here|channel)\b)|<(?=!(?:channel|here|everyone|subteam)\b|[@#][!&]?\w{6,}>)"
)
_OPENED = re.compile(r"`|!?\[|<!--|<br[ ]*/?$", re.IGNORECASE)
_LAST_WORD = re.compile(r"[!-~]*\Z")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")
_ZERO_WIDTH_SPACE = "\u200b"  # breaks a mention without showing, as discord.utils.escape_mentions does


@dataclass(frozen=True, slots=True)
class Token:
    """A slice of Markdown; `kind` is "text", "fenced" (a line of or around a code block) or a group of the pattern.

    `label` and `target` are a link's text and URL (a bare URL's target is itself); `numbers` a marker's.
    """

    kind: str
    text: str
    label: str = ""
    target: str = ""
    numbers: tuple[int, ...] = ()


class Scanner:
    """Cuts Markdown into tokens, piece by piece; it remembers whether the text so far left a code block open."""

    def __init__(self) -> None:
        self._fence = ""
        self._mid_line = False

    def scan(self, text: str) -> Iterator[Token]:
        """The tokens of `text`, which together are `text`."""
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            fence = None if self._mid_line else _FENCE.match(line)
            self._mid_line = not line.endswith("\n")
            if self._fence:
                yield Token("fenced", line)
                if fence and fence["fence"].startswith(self._fence) and not line[fence.end() :].strip():
                    self._fence = ""
            elif fence:
                self._fence = fence["fence"]
                yield Token("fenced", line)
            else:
                yield from _inline(line)

    def settled(self, line: str) -> int:
        """Up to where a line that is still being written can be scanned, whatever follows: no token ends there open."""
        start = line.lstrip(" >")
        if self._fence or (not self._mid_line and (not start or start[0] in "`~")):
            return 0
        end = len(line) if line[-1:].isspace() else _LAST_WORD.search(line).start()  # type: ignore[union-attr]
        position = 0
        for token in _inline(line):
            opened = _OPENED.search(line, position) if token.kind in {"text", "tag"} else None
            if opened and opened.start() < position + len(token.text):
                end = min(end, opened.start())
                break
            if position < end < position + len(token.text) and token.kind != "text":
                end = position
            position += len(token.text)
        return len(line[:end].rstrip())


def _inline(line: str) -> Iterator[Token]:
    position = 0
    for match in _TOKEN.finditer(line):
        if match.start() > position:
            yield Token("text", line[position : match.start()])
        yield _token(match)
        position = match.end()
    if position < len(line):
        yield Token("text", line[position:])


def _token(match: re.Match[str]) -> Token:
    kind = next(name for name in _KINDS if match[name] is not None)
    if kind == "link":
        return Token(kind, match.group(), match["label"], match["target"])
    if kind == "url":
        return Token(kind, match.group(), match["bare"], match["bare"])
    if kind == "marker":
        return Token(kind, match.group(), numbers=tuple(int(n) for n in re.findall(r"\d+", match["numbers"])))
    return Token(kind, match.group())


_KINDS = ("code", "escape", "link", "marker", "bracket", "url", "comment", "break", "tag", "mention")


def break_up_mentions(text: str) -> str:
    """`text` with a character of no width in each mention that a platform would ring a bell for."""
    return _MENTION_IN_CODE.sub(lambda match: match.group() + _ZERO_WIDTH_SPACE, text)


def neutral(token: Token) -> str:
    """The token's text without what a platform would read as a mention or a renderer as HTML."""
    if token.kind in {"code", "fenced"}:
        return break_up_mentions(token.text)
    if token.kind == "comment":
        return ""
    if token.kind == "break":
        return " "
    if token.kind == "tag":
        return "&lt;"
    if token.kind == "mention":
        return token.text + _ZERO_WIDTH_SPACE
    return token.text


def quoted(markdown: str) -> str:
    """`markdown` from a page with its own [n] escaped, so that they do not pose as citations."""

    def of(token: Token) -> str:
        return token.text.replace("[", r"\[").replace("]", r"\]") if token.kind == "marker" else token.text

    return "".join(of(token) for token in Scanner().scan(markdown))


def plain(text: str) -> str:
    """A page's title or heading as one line of Markdown that shows it literally."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))


def titled_link(title: str, url: str) -> str:
    """A link to `url` that shows `title` literally; without a URL, the title alone."""
    return f"[{plain(title)}]({href(url)})" if url else plain(title)


def href(url: str) -> str:
    """`url` as a Markdown link can hold it."""
    return re.sub(r"[\s()<>]", lambda match: f"%{ord(match.group()):02X}", url)


def in_one_line(markdown: str) -> str:
    """Markdown's words alone: no markup, no [n], no line break."""
    from markdown_it import MarkdownIt

    words = []
    for block in MarkdownIt("commonmark").enable("table").parse(markdown):
        if block.type in ("fence", "code_block"):
            words.append(block.content)
        elif block.type == "inline":
            parts = block.children or ()
            words.append("".join(" " if p.type in ("softbreak", "hardbreak") else p.content for p in parts))
    return re.sub(r"\s+", " ", re.sub(r"\s*\[\d{1,3}\]", "", " ".join(words))).strip()
