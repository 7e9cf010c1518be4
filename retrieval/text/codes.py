"""Codes of letters and digits, whichever way they are written: E1043, E-1043, KX 220."""

from __future__ import annotations

import re
from collections.abc import Iterator

# "KX-220", "kx220", "E-1043-B"; in a folded text. "top-10" becomes "top10" beside "top" and "10", which costs nothing.
_RUN = re.compile(r"(?<![^\W_])[a-z\d]++(?:-[a-z\d]++)*+(?![^\W_])", re.ASCII)
_MIXED = re.compile(r"[^\d]*\d.*[a-z]|[^a-z]*[a-z].*\d", re.ASCII)
_PART = re.compile(r"[a-z]+|\d+")
LONGEST = 24  # characters; what is longer is a hash, and nobody writes it in two ways


def find_codes(folded: str) -> Iterator[tuple[str, list[str]]]:
    """The codes of a folded text as one word without hyphens, each with its runs of letters and of digits."""
    for match in _RUN.finditer(folded):
        if len(match.group()) <= LONGEST and _MIXED.match(match.group()):
            yield match.group().replace("-", ""), _PART.findall(match.group())
