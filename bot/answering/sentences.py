"""Markdown that is still being written, cut into the units that are judged and shown as wholes.

A unit is a sentence with the markers that follow it, an item of a list, a whole table or a whole code block.
"""

from __future__ import annotations

import re

_CITES = r"\[\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\]"
_END = re.compile(
    rf"(?:[.!?…]+(?=[\"'”’)*_]*(?:\s|{_CITES}|\[\d*\Z|\Z))|[。！？]+)[\"'”’」』）)*_]*(?:[ \t]*{_CITES})*[ \t]*"
)
_NO_END = re.compile(
    r"(?:\b(?:[A-Za-z]|e\.g|i\.e|etc|vs|approx|incl|no|nr|mr|mrs|ms|dr|st|fig)|^\s*\d{1,3})\.\s*$", re.IGNORECASE
)
_OPEN_MARKER = re.compile(r"\[\d*[\d\s,，、]*\Z")
_FENCE = re.compile(r"[ \t]*(`{3,20}|~{3,20})")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]")
_MAYBE_BLOCK = re.compile(r"[ \t]*(?:[`~]{0,2}|[-*+•]|\d{1,3}[.)、]?)\Z")  # what may still become a fence or an item


class Sentences:
    """Feed it pieces; it returns the units that are complete by now. Joined, the units are the text."""

    def __init__(self) -> None:
        self._rest = ""
        self._line_begins = True

    @property
    def rest(self) -> str:
        """The unit that is still open."""
        return self._rest

    def feed(self, piece: str) -> list[str]:
        """Take a further piece."""
        self._rest += piece
        return self._cut_units(final=False)

    def finish(self) -> list[str]:
        """What is left, after the last piece."""
        return self._cut_units(final=True)

    def _cut_units(self, final: bool) -> list[str]:
        units = []
        while self._rest and (length := self._measure_unit(final)):
            unit, self._rest = self._rest[:length], self._rest[length:]
            self._line_begins = unit.endswith("\n")
            units.append(unit)
        return units

    def _measure_unit(self, final: bool) -> int:
        """Of the unit that the rest begins with; 0 while it may still go on."""
        text = self._rest
        if blank := re.match(r"\s*\n", text):
            return blank.end()
        if self._line_begins:
            if not final and _MAYBE_BLOCK.match(text):
                return 0
            if fence := _FENCE.match(text):
                return self._measure_code_block(fence[1], final)
            if text.lstrip(" \t").startswith("|"):
                return self._measure_table(final)
            if _ITEM.match(text):
                return text.find("\n") + 1 or (len(text) if final else 0)
        return self._measure_sentence(final)

    def _measure_code_block(self, fence: str, final: bool) -> int:
        close = re.compile(rf"\n[ \t]*{re.escape(fence)}[{fence[0]}]*[ \t]*(?:\n|\Z)").search(self._rest)
        if close and (final or close.group().endswith("\n")):
            return close.end()
        return len(self._rest) if final else 0

    def _measure_table(self, final: bool) -> int:
        position = 0
        for line in self._rest.splitlines(keepends=True):
            if not line.lstrip(" \t").startswith("|"):
                return position if line.strip(" \t") or final else 0
            position += len(line)
        return position if final else 0

    def _measure_sentence(self, final: bool) -> int:
        line_end = self._rest.find("\n") + 1
        line = self._rest[:line_end] if line_end else self._rest
        for end in _END.finditer(line):
            if _NO_END.search(line, max(0, end.start() - 8), end.end()):
                continue
            after = line[end.end() :]
            if after == "\n" or (not after and final):
                return end.end() + len(after)
            if not after or (_OPEN_MARKER.match(after) and not line_end and not final):
                return 0
            return end.end()
        return line_end or (len(line) if final else 0)
