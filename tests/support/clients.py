"""What chat clients make links of, read more generously than any of them does: by itself, of nothing in `bot`.

A client that nobody could look into is taken for the one that links most: whatever one of several readings of a text
would link counts. Characters that show nothing are taken for part of an address with "://", as browsers drop them from
a host, but no name without a scheme goes on across one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)
_WITH_SCHEME = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9+.-]{0,19}:[/\\]{2}[^\s<>]+|(?<![a-z0-9])https?:/[^\s<>]+", re.I)
_WITHOUT_SLASHES = re.compile(
    r"(?<![a-z0-9])(?:mailto|tel|javascript|data|vbscript|skype|sms|xmpp|file):[\w+(/@&%\\][^\s<>]*", re.I
)
_NAME = re.compile(r"(?:[\w.+-]+@)?(?:[\w-]+[.])+(?:[^\W\d_]{2,}|xn--\w+)(?:[:/?#][^\s<>]*)?")
_LINK = re.compile(r"!?\[((?:\\.|\[[^\[\]]*\]|[^\[\]\\])*)\]\(\s*<?([^()\s>]*(?:\([^()\s]*\)[^()\s>]*)*)>?[^()]*\)")
_REFERENCE = re.compile(r"(?m)^[ >*\-\d.]*\[[^\]]+\]:\s*<?(\S+)")
_ANGLES = re.compile(
    r"(?<!\\)<([a-z][a-z0-9+.-]*:[/\\][^<>|\s]*|(?:mailto|tel):[^<>|\s]*|[^<>|\s@]+@[^<>|\s]+)(?:\|[^<>]*)?>", re.I
)
_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|www\.|[\w-]+\.[a-z]{2})[^\u2060]", re.I)
_CODE = re.compile(r"(?ms)^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)|(?<![`\\])(`+)(?!`).*?(?<!`)\2(?!`)")
_HREF = re.compile(r"<[a-z][^<>]*?(?:href|src)\s*=\s*[\"']?([^\"'\s>]+)", re.I)
_EDGES = ".,;:!?'\"`)]}*_~>»”’。，；：！？、）】」』…|\\"
_LITTLE_MARKS = re.compile(r"[*~]+|(?<![^\W_])_+|_+(?![^\W_])")
_RINGS = re.compile(
    r"@(?:everyone|here|channel)\b|<!(?:channel|here|everyone|subteam)|<@[!&]?[\dUW]\w{5,}|<#[\dC]\w{5,}", re.I
)
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def slack_links(text: str) -> set[str]:
    """Where a text leads in a `markdown` block of Slack's, or in a stream."""
    return _by_commonmark(text) | _by_patterns(text, entities=True) | _by_patterns(text, entities=False)


def commonmark_links(text: str) -> set[str]:
    """Where a text leads in a client that reads CommonMark, and makes links of addresses besides."""
    return _by_commonmark(text) | _by_patterns(text, entities=False)


def mrkdwn_links(text: str) -> set[str]:
    """Where a text leads in Slack's own markup."""
    return _by_patterns(text, entities=True) | _by_patterns(text, entities=False)


def discord_links(text: str) -> set[str]:
    """Where a text leads in Discord: names without a scheme lead nowhere there but as invitations, which count."""
    return _by_patterns(text, entities=False)


def plain_links(text: str) -> set[str]:
    """Where a text leads in which a client reads no markup: in a button, a dialogue, a table's cell."""
    return _autolinked(text)


def terminal_links(output: str) -> set[str]:
    """Where a terminal's output leads: its hyperlinks, and what a terminal finds by itself."""
    linked = set(re.findall(r"\x1b\]8;[^;]*;([^\x1b\x07]+)", output))
    shown = re.sub(r"\x1b\]8;[^\x1b\x07]*(?:\x1b\\|\x07)|\x1b\[[0-9;]*m", "", output)
    return linked | _autolinked(shown)


def not_held(found: Iterable[str], held: Collection[str]) -> set[str]:
    """Those of the targets that are none of the addresses that a page holds."""
    known = {_same(address) for address in held}
    known |= {f"{scheme}{address}" for address in known for scheme in ("http://", "https://", "mailto:")}
    return {target for target in found if _same(target) not in known}


def rings(text: str) -> list[str]:
    """What would ring a bell, or name somebody, on either platform."""
    return _RINGS.findall(text)


def steers(text: str) -> list[str]:
    """Characters that steer a terminal, or turn the direction of a text."""
    return _STEERS.findall(text)


def _by_commonmark(text: str) -> set[str]:
    found: set[str] = set()
    for token in _commonmark().parse(text):
        if token.type == "inline":
            found |= _of_inline(token.children or [])
        elif token.type in {"fence", "code_block", "html_block"}:
            found |= _autolinked(token.content) | set(_HREF.findall(token.content))
    return found


def _of_inline(parts: list[Token]) -> set[str]:
    """Links, and what the text between them shows, marks and all other things taken away."""
    found, shown, inside = set(), "", 0
    for part in parts:
        if part.type == "link_open":
            found |= {target for target in [str(part.attrs["href"])] if _ABSOLUTE.match(target)}
            inside += 1
            shown += " "
        elif part.type == "link_close":
            inside -= 1
            shown += " "
        elif part.type == "image":
            found.add(str(part.attrs["src"]))
        elif part.type == "html_inline":
            found |= set(_HREF.findall(part.content))
        elif not inside:
            marks = "`" if part.type == "code_inline" else ""
            shown += "\n" if part.type in {"softbreak", "hardbreak"} else f"{marks}{part.content}{marks}"
    return found | _autolinked(shown)


@cache
def _commonmark() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


def _by_patterns(text: str, *, entities: bool) -> set[str]:
    """As a client of few patterns reads: links first, then what is left. One that decodes entities and drops comments
    knows code; of one that does neither, code counts as text, for who knows where it takes code to end."""
    found: set[str] = set()
    for pattern in (_ANGLES, _CODE, _COMMENT, _LINK) if entities else (_LINK, _ANGLES):
        for match in pattern.finditer(text) if pattern in {_LINK, _ANGLES} else ():
            target = match[match.lastindex or 1]
            if entities or _ABSOLUTE.match(target):
                found.add(target)
        text = pattern.sub(" ", text)
    found |= {match[1] for match in _REFERENCE.finditer(text) if _ABSOLUTE.match(html.unescape(match[1]))}
    if entities:
        found = {target for each in found if _ABSOLUTE.match(target := html.unescape(each))}
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    plain = re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", text)
    return found | _autolinked(text) | _autolinked(plain) | _autolinked(_LITTLE_MARKS.sub("", plain))


def _autolinked(text: str) -> set[str]:
    found = set()
    for form in {text, unicodedata.normalize("NFKC", text)}:
        for pattern in (_WITH_SCHEME, _WITHOUT_SLASHES):
            found |= {match[0] for match in pattern.finditer(form)}
            form = pattern.sub(" ", form)
        found |= {match[0] for match in _NAME.finditer(form) if not form[match.start() - 1 : match.start()].isalnum()}
    return {target.partition("](")[0].rstrip(_EDGES).lstrip("_*~") for target in found}  # a link's end, in code


def _same(url: str) -> str:
    return unquote(html.unescape(url)).rstrip(_EDGES)
