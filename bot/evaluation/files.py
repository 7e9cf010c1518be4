"""A table that a person keeps in a file -> its rows: CSV as spreadsheet programs write it, or JSON lines."""

from __future__ import annotations

import csv
import io
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import InputError
from bot.evaluation.json_lines import read_objects
from retrieval.extraction.decode import detect_encoding
from retrieval.text.cleaning import escape_formula, unescape_formula
from retrieval.text.separated import SeparatedError, choose_encoding, read_separated

_JSON = {".jsonl", ".ndjson", ".json"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its columns' names, and the line it begins on. A list comes from JSON alone."""

    line: int
    cells: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`columns` are the names in a CSV's header (of JSON lines, all keys); `encoding` is what it was read as."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file with a header, or JSON lines. Raises InputError naming the file, and the line where one is
    wrong."""
    try:
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: name a CSV file with the columns question and expected.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): see that this user may read it.") from error
    if body.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"{path} is a workbook: save it as 'CSV UTF-8' in your spreadsheet program.")
    encoding = choose_encoding(body, detect_encoding(body))
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}:{line} is no {encoding.upper()}, as the rest seems to be: save it as 'CSV UTF-8'."
        ) from error
    if "\0" in text:
        raise InputError(f"{path} is no text: save it as 'CSV UTF-8'.")
    if path.suffix.lower() in _JSON or (path.suffix.lower() != ".csv" and text.lstrip().startswith("{")):
        return _parse_json_lines(path, text, encoding)
    return _parse_csv(path, text, encoding)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a new file that spreadsheet programs open: a byte order mark, no cell they would run. Raises InputError,
    also where the file exists: it may hold a person's corrections."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(escape_formula, row) for row in rows)
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(out.getvalue())
    except FileExistsError as error:
        raise InputError(f"{path} exists already, maybe with your corrections: name another file.") from error
    except OSError as error:
        raise InputError(
            f"Cannot write {path} ({error.strerror}): name a file in a folder you may write to."
        ) from error


def _parse_csv(path: Path, text: str, encoding: str) -> Sheet:
    lines = _read_csv_rows(path, text)
    _, header = next(lines, (0, []))
    columns = tuple(cell.strip() for cell in header)
    if not any(columns):
        raise InputError(f"{path} is empty: its first line names the columns, such as question,expected.")
    rows = []
    for line, cells in lines:
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise InputError(
                f"{path}:{line} has {len(cells)} cells, the header {len(columns)}: put a cell that holds the separator "
                "in double quotes."
            )
        if any(cell.strip() for cell in cells):
            rows.append(
                Row(line, {name: unescape_formula(cell) for name, cell in zip(columns, cells, strict=False) if name})
            )
    return Sheet(columns, tuple(rows), encoding)


def _read_csv_rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's cells, and the line it begins on; lines without any are passed over."""
    try:
        yield from read_separated(text)
    except SeparatedError as error:
        raise InputError(f"{path}:{error.line} is no CSV ({error}): {error.mend}.") from error


def _parse_json_lines(path: Path, text: str, encoding: str) -> Sheet:
    rows = []
    for number, row in read_objects(path, text):
        rows.append(Row(number, {key: _to_cell(value) for key, value in row.items()}))
    return Sheet(tuple(dict.fromkeys(key for row in rows for key in row.cells)), tuple(rows), encoding)


def _to_cell(value: object) -> str | tuple[str, ...]:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return reprlib.repr(value)  # a column that is not read may hold anything; no text is empty by being odd
