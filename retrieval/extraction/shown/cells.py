"""Cells of a table that stand for several: their text is repeated wherever they apply."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from bs4 import Tag

from retrieval.extraction.elements import find_ancestor, find_tags_with, get_attribute, text_of

_MOST_COPIES = 2_000  # in one page
_MOST_STEPS = 50_000  # in one table
_LONGEST_COPY = 300  # characters: what is longer is told once


@dataclass(frozen=True, slots=True)
class _Slot:
    cell: Tag
    is_copy: bool  # whether the cell itself stands elsewhere


_Row = dict[int, _Slot]  # by column


def repeat_merged_cells(root: Tag) -> None:
    """Give each row of every table all of its cells. A cell over the whole width is a title and stays one."""
    left = _MOST_COPIES
    for table in root.find_all("table"):
        rows = [row for row in table.find_all("tr") if find_ancestor(row, ("table",)) is table]
        if any(
            _read_span(cell, name) != 1 for row in rows for cell in _cells_of(row) for name in ("rowspan", "colspan")
        ):
            grid = _read_grid(rows)
            copies = sum(slot.is_copy for slots in grid for slot in slots.values())
            if copies <= left:
                left -= copies
                _write_grid(rows, grid)


def _cells_of(row: Tag) -> list[Tag]:
    return row.find_all(("td", "th"), recursive=False)


def _read_span(cell: Tag, name: str) -> int:
    """How many rows or columns the cell takes; 0 means all that are left."""
    value = get_attribute(cell, name).strip()
    return min(int(value), 1000) if value.isascii() and value.isdigit() else 1


def _is_title(row: Tag) -> bool:
    """Whether one cell is all of the row."""
    return len(_cells_of(row)) == 1 and _read_span(_cells_of(row)[0], "colspan") > 1


def _read_grid(rows: list[Tag]) -> list[_Row]:
    """Which cell applies in which row and column, by HTML's own rules; as far as a table of a sane size goes."""
    grid: list[_Row] = [{} for _ in rows]
    steps = 0
    for number, row in enumerate(rows):
        column, is_title = 0, _is_title(row) and not grid[number]
        for cell in _cells_of(row):
            while column in grid[number]:
                column += 1
            across = 1 if is_title else max(1, _read_span(cell, "colspan"))
            down = _read_span(cell, "rowspan") or len(rows)
            steps += across * down
            if steps > _MOST_STEPS:
                across = down = 1
            for lower in range(number, min(len(rows), number + down)):
                for right in range(column, column + across):
                    grid[lower].setdefault(right, _Slot(cell, is_copy=(lower, right) != (number, column)))
            column += across
    return grid


def _write_grid(rows: list[Tag], grid: list[_Row]) -> None:
    width = max(len(slots) for slots in grid)
    for row, slots in zip(rows, grid, strict=True):
        for column in sorted(slots):
            if slots[column].is_copy:
                _insert_cell(row, column, _copy_cell(slots[column].cell))
    for row in rows:
        title = _is_title(row)
        for cell in _cells_of(row):
            del cell["rowspan"], cell["colspan"]
            if title and width > 1:
                cell["colspan"] = str(width)


def _copy_cell(cell: Tag) -> Tag:
    copied = copy.copy(cell)
    for tag in (copied, *find_tags_with(copied, "id")):
        del tag["id"]
    if len(text_of(copied)) > _LONGEST_COPY:
        copied.clear()
    return copied


def _insert_cell(row: Tag, column: int, cell: Tag) -> None:
    cells = _cells_of(row)
    if column < len(cells):
        cells[column].insert_before(cell)
    else:
        row.append(cell)
