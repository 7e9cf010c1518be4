"""Markdown cut into pieces that a platform takes, at paragraphs, sentences or lines; an open code block is closed and
reopened. Joined, the pieces say all that the text said."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable

from bot.chat.links import defuse_text
from retrieval.text.scripts import WIDE

_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,20}|~{3,20})(?P<info>[^`~\n][^`\n]{0,40}|)$")
# Where a text may be cut, the best first; a cut comes after the match.
_SEAMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t]*\n",
        r"\n(?=\s*(?:[-*+]|\d+[.)])\s)",
        r"\n",
        r"[.!?…][\"'”’)\]]*\s+|[。！？…][”’」』）]*",
        r"\s+|[，、；：]",
    )
)
# Half a link would be another one, and half of what is code is none: a cut comes before it. An address is a word.
_LINK = re.compile(r"(?<![`\\])(?:`[^`\n]++`|``[^`\n]++``)(?!`)|\[(?:\\.|\[[^\[\]\n]*+\]|[^\[\]\\\n])*+\]\([^()\s]*+\)")
_WORD = re.compile(f"[^\\s{WIDE}]+")
_LONGEST_LINK = 1_600  # characters
_LEAST = 0.5  # of a piece: a seam before it would leave the piece too empty


def split_markdown(markdown: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """Pieces of at most `limit` characters, none empty; [""] for an empty text. With another measure than `len`,
    which has to grow with the text and be no less than that, `limit` is in that."""
    pieces: list[str] = []
    rest, opening = markdown, ""
    while size(opening) + size(rest) > limit:
        rest = _without_longest(rest, _measure_fitting(rest, limit - size(opening), size))
        room = _measure_fitting(rest, limit - size(opening), size)
        cut = _find_cut(rest, room)
        head, fence = rest[:cut], _open_fence(opening + rest[:cut])
        if fence:
            closing = "\n" + fence[0]
            if size(opening) + size(head) + size(closing) > limit:
                cut = _find_cut(rest, _measure_fitting(rest, limit - size(opening) - size(closing), size))
                head = rest[:cut]
                fence = _open_fence(opening + head)
                closing = "\n" + fence[0] if fence else ""
            pieces.append(opening + head.rstrip("\n") + closing)
        else:
            pieces.append((opening + head).rstrip())
        opening = f"{fence[0]}{fence[1]}\n" if fence else ""
        rest = rest[cut:] if fence else rest[cut:].lstrip("\n")
    pieces.append(opening + rest)
    return [piece for piece in pieces if piece.strip()] or [""]


def _measure_fitting(text: str, limit: int, size: Callable[[str], int]) -> int:
    """How many characters of a text, from its begin, measure at most `limit`."""
    low, high = 1, max(1, min(len(text), limit))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low


def _find_cut(text: str, room: int) -> int:
    """Where to cut `text`: at the best seam in the later part of `room` characters, else at its end."""
    window = text[:room]
    whole = _find_spans(_LINK, text, room)
    for seam in _SEAMS:
        ends = [match.end() for match in seam.finditer(window) if match.end() >= room * _LEAST]
        while ends and _is_inside(ends[-1], whole):
            ends.pop()
        if ends:
            return ends[-1]
    cut = _before_words(text, room) or max(1, room)
    return cut - 1 if cut > 1 and text[cut - 1] == "\\" else cut  # what it escapes goes with it


def _before_words(text: str, room: int) -> int:
    """The last place in `room` characters that is inside no link, code and word; 0 where there is none."""
    spans, place = _find_spans(_LINK, text, room) + _find_spans(_WORD, text, room), room
    while (begin := min((start for start, end in spans if start < place < end), default=place)) < place:
        place = begin
    return place


def _without_longest(text: str, room: int) -> str:
    """A text, of which what would have to be cut in two is text from there on."""
    if _before_words(text, room):
        return text
    end = max(end for _, end in _find_spans(_LINK, text, room) + _find_spans(_WORD, text, room))
    return defuse_text(text[:end]) + text[end:]


def _find_spans(pattern: re.Pattern[str], text: str, room: int) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(text, 0, room + _LONGEST_LINK) if match.start() < room]


def _is_inside(place: int, spans: list[tuple[int, int]]) -> bool:
    position = bisect(spans, (place,))
    return position > 0 and place < spans[position - 1][1]


def _open_fence(text: str) -> tuple[str, str] | None:
    """The fence that `text` leaves open and its info string."""
    fence: tuple[str, str] | None = None
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and fence is None:
            fence = match["ticks"], match["info"]
        elif match and fence and match["ticks"].startswith(fence[0]) and not match["info"].strip():
            fence = None
    return fence
