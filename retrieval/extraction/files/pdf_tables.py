"""Tables among the lines of a PDF's page: cells that stand beside one another, row below row. Pure.

A file draws a table cell by cell and columns of prose one after the other, so that a cell is told by where the next
piece of text goes on: to the right and no lower, not by ruled lines, which half of all tables lack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.extraction.files.pdf_lines import Line, Segment

_LEADING = 1.8  # sizes: lines of one cell are no farther apart
_MOST_LINES = 12  # in a cell; more is a column of prose


@dataclass(slots=True)
class _Cell:
    segments: list[Segment]

    @property
    def left(self) -> float:
        return min(segment.left for segment in self.segments)

    @property
    def right(self) -> float:
        return max(segment.right for segment in self.segments)

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    def goes_on(self, segment: Segment) -> bool:
        """Whether the segment is the cell's next line."""
        last = self.segments[-1]
        below = last.base - segment.base
        return 0.3 * last.size < below < _LEADING * last.size and (
            segment.left < self.right and segment.right > self.left and segment.left > self.left - last.size
        )


@dataclass(slots=True)
class _Row:
    """`first` and `end` count the page's lines."""

    first: int
    end: int
    cells: list[_Cell] = field(default_factory=list)

    @property
    def bottom(self) -> float:
        return min(cell.segments[-1].base for cell in self.cells)

    def takes(self, segment: Segment, ceiling: float) -> bool:
        """Whether the segment begins the row's next cell: to the right, and no lower than the row is. A cell of several
        lines may begin above the others, but below the `ceiling`, where the row above ends."""
        beside = segment.left >= max(cell.right for cell in self.cells)
        return beside and self.bottom - segment.size <= segment.base < ceiling


@dataclass(frozen=True, slots=True)
class FoundTable:
    """The lines [first, end) of a page are this table; all rows have as many cells, "" for an empty one."""

    first: int
    end: int
    rows: tuple[tuple[str, ...], ...]


def find_tables(lines: Sequence[Line]) -> list[FoundTable]:
    """The tables among a page's lines, in their order."""
    found: list[FoundTable] = []
    run: list[_Row] = []
    for row in [*_split_rows(lines), _Row(len(lines), len(lines))]:
        if len(row.cells) > 1 and all(len(cell.segments) <= _MOST_LINES for cell in row.cells):
            run.append(row)
            continue
        found += _build_table(run)
        run = []
    return found


def _split_rows(lines: Sequence[Line]) -> list[_Row]:
    rows: list[_Row] = []
    for index, line in enumerate(lines):
        beside = len(line.segments) > 1
        for place, segment in enumerate(line.segments):
            row = rows[-1] if rows else None
            if row and row.cells[-1].goes_on(segment) and not (beside and place == 0):
                row.cells[-1].segments.append(segment)
            elif row and row.takes(segment, rows[-2].bottom if len(rows) > 1 else math.inf):
                row.cells.append(_Cell([segment]))
            else:
                rows.append(row := _Row(index, index, [_Cell([segment])]))
            rows[-1].end = index + 1
    return rows


def _build_table(rows: Sequence[_Row]) -> list[FoundTable]:
    """The rows as a table, where their cells stand in common columns; a row alone is none."""
    if len(rows) < 2:
        return []
    widest = max(rows, key=lambda row: len(row.cells))
    starts = [cell.left for cell in widest.cells[1:]]
    filled = []
    for row in rows:
        texts = [""] * len(widest.cells)
        for cell in row.cells:
            middle = (cell.left + cell.right) / 2
            column = sum(start <= middle for start in starts)
            if texts[column]:
                return []
            texts[column] = cell.text
        filled.append(tuple(texts))
    return [FoundTable(rows[0].first, rows[-1].end, tuple(filled))]
