"""Markdown cut into the tokens that need care before it goes to a customer: links, [n] markers, raw HTML, mentions.

Text quoted from a page or written by a model is data. Nothing in it may ring a bell, run as HTML or pose as a citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from bot.chat.links import BELL, break_up_mentions

_TOKEN = re.compile(
    r"""
      (?P<code>(?<!`)(?P<ticks>`++)[^\n]*?[^`\n](?P=ticks)(?!`))
    | (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<link>!?\[(?P<label>(?:\\.|[^\[\]\\\n]|!?\[[^\[\]\n]*+\](?:\([^()\n]*+\))?)*+)\]
        \(\s*+<?(?P<target>(?:[^\s()<>]|\([^\s()<>]*+\))*+)>?(?:\s++(?:"[^"\n]*+"|'[^'\n]*+')\s*+|\s*+)\))
    | (?P<marker>(?:(?<![ \t])[ \t]++)?\[(?P<numbers>\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\](?!\())
    | (?P<bracket>\[(?:(?!https?://)[^\[\]`<\\\n])*+\])
    | (?P<url><?(?P<bare>https?://(?:(?![<>()\[\]"'`\\|])[!-~])+)>?)
    | (?P<comment><!--(?:(?!<!--|-->).)*+-->)
    | (?P<break><br[ ]*/?>)
    | (?P<tag><(?=[A-Za-z/!?@\#:]))
    | (?P<mention>@(?=(?:everyone|here|channel)\b))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FENCE = re.compile(r"[ >]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<fence>`{3,}(?!.*`)|~{3,})")
_OPENED = re.compile(r"`|!?\[|<!--")
_OPEN_BREAK = re.compile(r"<br[ ]*/?$", re.IGNORECASE)
_OPEN_FENCE = re.compile(r"[ >]*(?:(?:[-*+]|\d+[.)]?)\s*)?[`~]*")
_NOT_IN_TARGET = re.compile(r"[\s()<>\\`\"]")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


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
        self._quoted = False
        self._mid_line = False

    def scan(self, text: str) -> Iterator[Token]:
        """The tokens of `text`, which together are `text`."""
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            fence = None if self._mid_line else _FENCE.match(line)
            if self._quoted and not self._mid_line and not line.lstrip(" ").startswith(">"):
                self._fence, self._quoted = "", False  # a quotation's code ends with the quotation
            self._mid_line = not line.endswith("\n")
            if self._fence:
                yield Token("fenced", line)
                if fence and fence["fence"].startswith(self._fence) and not line[fence.end() :].strip():
                    self._fence, self._quoted = "", False
            elif fence:
                self._fence, self._quoted = fence["fence"], ">" in fence[0]
                yield Token("fenced", line)
            else:
                yield from tokens_of_line(line)

    def settled(self, line: str) -> int:
        """Up to where a line that is still being written can be scanned, whatever follows: no token ends there open."""
        if self._fence or (not self._mid_line and (_OPEN_FENCE.fullmatch(line) or _FENCE.match(line))):
            return 0
        end = len(line) if line[-1:].isspace() else len(line) - _measure_tail(line)
        broken_off = _OPEN_BREAK.search(line)
        position = 0
        for token in tokens_of_line(line):
            after = position + len(token.text)
            if token.kind in {"text", "tag"}:
                opened = _OPENED.search(line, position, after + 3)
                starts = [match.start() for match in (opened, broken_off) if match]
                if begin := [start for start in starts if position <= start < after]:
                    end = min(end, *begin)
                    break
            if token.kind == "bracket" and line[after : after + 1] == "(":  # a link, when its end is there
                end = min(end, position)
                break
            if position < end < after and token.kind != "text":
                end = position
            position = after
        return len(line[:end].rstrip())


def _measure_tail(line: str) -> int:
    """How many characters of ASCII, none of them white space, a line ends in: a token may go on there."""
    count = 0
    while count < len(line) and "!" <= line[-1 - count] <= "~":
        count += 1
    return count


def tokens_of_line(line: str) -> Iterator[Token]:
    """The tokens of a line that belongs to no code block."""
    position = 0
    for match in _TOKEN.finditer(line):
        if match.start() > position:
            yield Token("text", line[position : match.start()])
        yield _build_token(match)
        position = match.end()
    if position < len(line):
        yield Token("text", line[position:])


def _build_token(match: re.Match[str]) -> Token:
    kind = next(name for name in _KINDS if match[name] is not None)
    if kind == "link":
        return Token(kind, match.group(), match["label"], match["target"])
    if kind == "url":
        return Token(kind, match.group(), match["bare"], match["bare"])
    if kind == "marker":
        return Token(kind, match.group(), numbers=tuple(int(n) for n in re.findall(r"\d+", match["numbers"])))
    return Token(kind, match.group())


_KINDS = ("code", "escape", "link", "marker", "bracket", "url", "comment", "break", "tag", "mention")


def neutralise_token(token: Token) -> str:
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
        return token.text + BELL
    return token.text


def escape_markers(markdown: str) -> str:
    """`markdown` from a page with its own [n] escaped, so that they do not pose as citations."""

    def escape_marker(token: Token) -> str:
        return token.text.replace("[", r"\[").replace("]", r"\]") if token.kind == "marker" else token.text

    return "".join(escape_marker(token) for token in Scanner().scan(markdown))


def escape_markdown(text: str) -> str:
    """A page's title or heading as one line of Markdown that shows it literally."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))


def titled_link(title: str, url: str) -> str:
    """A link to `url` that shows `title` literally; without a URL, the title alone."""
    return f"[{escape_markdown(title)}]({escape_url(url)})" if url else escape_markdown(title)


def escape_url(url: str) -> str:
    """`url` as a Markdown link can hold it."""
    return _NOT_IN_TARGET.sub(lambda match: quote(match.group()), url)


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
