"""How much of a Discord message a text takes. Pure.

A message's body may be 10,170 bytes long, as JSON, in which discord.py writes each character that is not ASCII as
`\\uXXXX`: 4,000 characters of English fit, and some 1,500 of Chinese.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

CHARACTERS = 4_000  # of all texts of a message
BODY = 10_170  # bytes
_FRAME = 1_400  # bytes of a body that are no text: containers, separators, buttons with their ids
_BYTES = BODY - _FRAME  # for all texts


def size(text: str) -> int:
    """A text in characters, or, where its bytes weigh more, in the share of `CHARACTERS` that they take."""
    return max(len(text), -(-weight(text) * CHARACTERS // _BYTES))


def weight(text: str) -> int:
    """The bytes of a text in a body."""
    return len(json.dumps(text)) - 2


def fitting(text: str, limit: int) -> int:
    """How many characters of a text, from its begin, have at most this size."""
    if size(text[:limit]) <= limit:
        return min(len(text), limit)
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low


def within(lines: Sequence[str], limit: int) -> list[str]:
    """Lines of at most this size together, the longest ones cut short; none where there is no room."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _total(lines, middle) <= limit else (low, middle - 1)
    return [_shortened(line, low) for line in lines] if _total(lines, low) <= limit else []


def _total(lines: Sequence[str], longest: int) -> int:
    return sum(size(_shortened(line, longest)) + 1 for line in lines)


def _shortened(line: str, longest: int) -> str:
    if size(line) <= longest:
        return line
    return line[: fitting(line, max(0, longest - size("…")))].rstrip("\\ ") + "…"
