"""Markdown cut into pieces that a platform takes, at paragraphs, sentences or lines; an open code block is closed and
reopened. Joined, the pieces say all that the text said."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,}|~{3,})(?P<info>[^`\n]*)$")
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
_LEAST = 0.5  # of a piece: a seam before it would leave the piece too empty


def split(markdown: str, limit: int) -> list[str]:
    """Pieces of at most `limit` characters, none empty; [""] for an empty text."""
    pieces: list[str] = []
    rest, opening = markdown, ""
    while len(opening) + len(rest) > limit:
        room = limit - len(opening)
        cut = _cut(rest, room)
        head, fence = rest[:cut], _open_fence(opening + rest[:cut])
        if fence:
            closing = "\n" + fence[0]
            if len(opening) + len(head) + len(closing) > limit:
                cut = _cut(rest, room - len(closing))
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


def _cut(text: str, room: int) -> int:
    """Where to cut `text`: at the best seam in the later part of `room` characters, else at its end."""
    window = text[:room]
    for seam in _SEAMS:
        ends = [match.end() for match in seam.finditer(window) if match.end() >= room * _LEAST]
        if ends:
            return ends[-1]
    return max(1, room)


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
