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


def measure_size(text: str) -> int:
    """A text in characters, or, where its bytes weigh more, in the share of `CHARACTERS` that they take."""
    return max(len(text), -(-count_bytes(text) * CHARACTERS // _BYTES))


def count_bytes(text: str) -> int:
    """The bytes of a text in a body."""
    return len(json.dumps(text)) - 2


def count_fitting(text: str, limit: int) -> int:
    """How many characters of a text, from its begin, have at most this size."""
    if measure_size(text[:limit]) <= limit:
        return min(len(text), limit)
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure_size(text[:middle]) <= limit else (low, middle - 1)
    return low


def fit_lines(lines: Sequence[str], limit: int) -> list[str]:
    """Lines of at most this size together, the longest ones cut short; none where there is no room."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _measure_total(lines, middle) <= limit else (low, middle - 1)
    return [_shorten_line(line, low) for line in lines] if _measure_total(lines, low) <= limit else []


def _measure_total(lines: Sequence[str], longest: int) -> int:
    return sum(measure_size(_shorten_line(line, longest)) + 1 for line in lines)


def _shorten_line(line: str, longest: int) -> str:
    """By size and not by characters, as `bot.chat.text` does; no backslash is left without what it escapes."""
    if measure_size(line) <= longest:
        return line
    return line[: count_fitting(line, max(0, longest - measure_size("…")))].rstrip("\\ ") + "…"
