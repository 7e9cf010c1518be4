"""What a chat client would make a link of, and how text is kept from becoming one. Pure.

A client reads a text once more than its writer: it removes comments, decodes entities, takes `。` for a dot, and makes
a link of whatever then looks like an address. So nothing is looked for in what was written. In the last form of a text,
just before it goes out, each place that an address cannot do without is broken by a character of no width: the colon
before slashes, the dot before the last part of a name, the `](` of Markdown. What stays whole is an address that a
cited passage holds, letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Container, Iterator
from itertools import pairwise

from retrieval.text.scripts import DOTTED_NUMBERS, INVISIBLE, UNSPACED, WIDE

BREAK = "\u2060"  # WORD JOINER: it shows nothing, and belongs neither to a name nor to a scheme's "://"
BELL = "\u200b"  # breaks a mention without showing, as discord.utils.escape_mentions does
MADE, CODE = "\ue000", "\ue001"  # stand for a link that an adapter has made, and for code, where prose is looked at
LESS = "\ue002"  # stands there for "<" that is no markup

_COLONS, _SLASHES = ":：﹕︓", "/／⁄∕⧸"
_DOTS = f".．｡․﹒{DOTTED_NUMBERS}"  # what Unicode or a browser makes a dot of; `。` is apart: it ends sentences
_HIDDEN = INVISIBLE.replace("\u2060-", "\u2061-")
_NOISE = rf"[\\*_~`|{_HIDDEN}]*+"  # what markup takes away, or nobody sees
_SCHEME_WORD = re.compile(rf"(?<![\w\\*~`|])([\w\\*~`|]++)[{_COLONS}](?=[^\s{BREAK}])")
_SCHEMES = re.compile(  # what is followed without slashes
    r"(?:mailto|tel|sms|mms|callto|xmpp|sips?|skype|facetime|javascript|vbscript|data|file|blob|about|magnet|bitcoin|geo"
    r"|intent|market|slack|discord|tg|whatsapp|spotify|steam|source)\Z"
)
_WEAK = (  # an address breaks at the end of each match
    re.compile(rf"[{_COLONS}](?={_NOISE}[{_SLASHES}{CODE}])"),
    re.compile(rf"(?<=\S)[{_DOTS}](?={_NOISE}(?:[{UNSPACED}]|[^\W\d_]{_NOISE}(?:[^\W\d_]|{CODE})|xn--|{CODE}))"),
    re.compile(rf"(?<=[A-Za-z0-9*_~`\\])。(?={_NOISE}[A-Za-z]{_NOISE}[A-Za-z])"),
)
_BRACKET = re.compile(r"\](?=[(:])")
_DEFINITION = r"^[ >*+\-\d.]*\[[^\[\]]+"  # what a link is called that is given its target behind a colon
_TARGET = rf"<?\s*(?=[{_SLASHES}\\]{{2}}|[A-Za-z][A-Za-z0-9+.-]{{0,40}}[{_COLONS}]\S)"  # one that leads to elsewhere
_CODE_BRACKET = re.compile(rf"\](?=\(\s*{_TARGET})|{_DEFINITION}\](?=:\s*{_TARGET})")
_OPEN_IN_CODE = re.compile(rf"(?:\]\(|{_DEFINITION}\]:)\s*<?\s*\Z")
_TARGET_LINE = re.compile(rf"[ >\t]*{_TARGET}")
_ANGLE = re.compile(r"<(?=[A-Za-z])")
_RUN = re.compile(rf"[^\s{WIDE}{MADE}{CODE}]+")  # of a script that parts its words: Chinese goes on beside an address
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ENDS = frozenset("/=&#%+$@-")  # what an address may end in besides letters and digits
_MENTION = re.compile(
    r"@(?=(?:everyone|here|channel)\b)|[<\ue002](?=!(?:channel|here|everyone|subteam)\b|[@#][!&]?\w{6,})"
)
MAILBOX = r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
_MAILBOX = re.compile(MAILBOX)
_LONGEST_SCHEME = 40  # characters, with marks in it
_MARKS = re.compile(r"[\\*_~`|]")
_CLOSING = re.compile(r"[.,;:!?)\]}>\"'`*_~|\\]*")  # what no client takes for the end of an address
_NOTHING: frozenset[str] = frozenset()


def find_addresses(text: str) -> frozenset[str]:
    """What stands in a plain text that a client may make a link of, in the form in which `defuse_text` compares it."""
    found = set()
    for match in _RUN.finditer(text):
        if any(True for _ in _find_weak_places(match[0])):
            start, end = _trim_run(text, match)
            found |= {match[0], text[start:end]}
    return frozenset(found)


def find_mailboxes(text: str) -> frozenset[str]:
    """Those of them that are e-mail addresses alone: they lead nowhere, and are copied as they stand."""
    return frozenset(found for found in find_addresses(text) if _MAILBOX.fullmatch(found))


def find_address_spans(text: str) -> Iterator[tuple[int, int]]:
    """The spans of a text that may be an address, without the punctuation around them."""
    for match in _RUN.finditer(text):
        if any(True for _ in _find_weak_places(match[0])):
            yield _trim_run(text, match)


def defuse_text(text: str, held: Container[str] = _NOTHING, *, code: bool = False) -> str:
    """`text` without anything that a client makes a link or a mention of, but for the addresses in `held`.

    It reads the same: what is put in shows nothing. `code`: brackets stay where no address stands beside or in them.
    """
    weak = sorted(set(_find_weak_places(text)))
    brackets = [match.end() for match in _BRACKET.finditer(text)]
    leading = [match.end() for match in _CODE_BRACKET.finditer(text)] if code else brackets
    if not weak and not leading:
        return break_up_mentions(text)
    spared, apart = _find_spared_spans(text, held, weak)
    breaks = [at for at in weak if not _is_inside(at, spared)]
    if breaks:
        breaks += [match.end() for match in _ANGLE.finditer(text)]
    breaks += [at for at in (brackets if breaks else leading) if not _is_inside(at, spared)]
    cuts = [0, *sorted({*breaks, *apart}), len(text)]
    return break_up_mentions(BREAK.join(text[start:end] for start, end in pairwise(cuts)))


class CodeLines:
    """Keeps a link apart that goes on over lines of code, since a client may not take for code what was cut in two."""

    def __init__(self) -> None:
        self._open = False

    def break_link(self, line: str) -> str:
        """A further line, with a break where it goes on with a link that the lines before have begun."""
        target = _TARGET_LINE.match(line) if self._open else None
        self._open = bool(_OPEN_IN_CODE.search(line)) or (self._open and not line.strip(" >\t"))
        return f"{line[: target.end()]}{BREAK}{line[target.end() :]}" if target else line


def break_up_mentions(text: str) -> str:
    """`text` with a character of no width in each mention that a platform would ring a bell for."""
    return _MENTION.sub(lambda match: match.group() + BELL, text)


def _find_weak_places(text: str) -> Iterator[int]:
    """The places where an address breaks, in no order."""
    for pattern in _WEAK:
        yield from (match.end() for match in pattern.finditer(text))
    for match in _SCHEME_WORD.finditer(text):
        word = _MARKS.sub("", match[1][-_LONGEST_SCHEME:])
        if _SCHEMES.search(unicodedata.normalize("NFKC", word).lower()):
            yield match.end()


def _find_spared_spans(text: str, held: Container[str], weak: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """The spans of held addresses, in order, and those of their ends that are kept apart from what goes on there, so
    that no client takes more for the address. One with a scheme has to stand by itself."""
    spans: list[tuple[int, int]] = []
    apart: list[int] = []
    at = 0
    for match in _RUN.finditer(text):
        while at < len(weak) and weak[at] <= match.start():
            at += 1
        if at == len(weak):
            break
        if weak[at] > match.end():
            continue
        start, end = _trim_run(text, match)
        if text[start:end] not in held:
            if match[0] not in held:
                continue
            start, end = match.span()
        glued = [edge for edge, place in zip((start, end), match.span(), strict=True) if _is_glued(text, place)]
        if not _SCHEME.match(text, start):
            spans.append((start, end))
            apart += glued
        elif not glued and _CLOSING.fullmatch(text[end : match.end()]):
            spans.append((start, end))
    return spans, apart


def _trim_run(text: str, run: re.Match[str]) -> tuple[int, int]:
    """A run without the punctuation and marks around it."""
    start, end = run.span()
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in _ENDS):
        end -= 1
    return start, end


def _is_inside(at: int, spans: list[tuple[int, int]]) -> bool:
    position = bisect(spans, (at,))
    return any(start < at < end for start, end in spans[max(0, position - 1) : position + 1])


def _is_glued(text: str, at: int) -> bool:
    """Whether text of a script that does not part its words, or code, goes on across a place."""
    return (
        0 < at < len(text)
        and not (text[at - 1].isspace() or text[at].isspace())
        and (_RUN.match(text[at - 1]) is None or _RUN.match(text[at]) is None)
    )
