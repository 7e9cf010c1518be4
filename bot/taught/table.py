"""A team's own table of questions and answers, as spreadsheet programs write CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import InputError
from retrieval.text.cleaning import collapse_whitespace, unescape_formula

COLUMNS = ("question", "answer", "language", "link", "wordings")
LARGEST = 10 * 1024 * 1024  # bytes
_MOST_ROWS = 5_000
_MOST_WORDINGS, _LONGEST = 50, 1_000
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.IGNORECASE)
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HEADINGS = "Call them question and answer, and if you like language, link and wordings"


@dataclass(frozen=True, slots=True)
class Row:
    """One question with its answer. `line` is where it ends in the file; `wordings` ask the same."""

    line: int
    question: str
    answer: str
    language: str = ""
    link: str = ""
    wordings: tuple[str, ...] = ()


def read_table(content: bytes) -> list[Row]:
    """The rows of a CSV file in UTF-8 or UTF-16, whose first line names the columns, in any order, parted by commas,
    semicolons or tabs. A cell that looks like a formula is a text like any other.

    Raises InputError, which names the line.
    """
    text = _decode(content).lstrip("\ufeff")
    if not text.strip():
        raise InputError(f"The file is empty: its first line names the columns. {_HEADINGS}.")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_find_separator(text), strict=True)
    rows: list[Row] = []
    places: Mapping[str, int] | None = None
    seen: dict[str, int] = {}
    try:
        for cells in lines:
            if not any(map(str.strip, cells)):
                continue
            if places is None:
                places = _read_heading(cells)
                continue
            row = _read_row(cells, places, lines.line_num)
            if other := seen.get(row.question.casefold()):
                raise InputError(f"it asks what line {other} asks already: keep one of them.")
            seen[row.question.casefold()] = row.line
            rows.append(row)
            if len(rows) > _MOST_ROWS:
                raise InputError(f"a table has at most {_MOST_ROWS} rows: split it.")
    except (InputError, csv.Error) as error:
        raise InputError(f"Line {lines.line_num} cannot be used: {error}") from None
    if not rows:
        raise InputError("The file holds no row below its columns' names: write a question and an answer in each.")
    return rows


def _decode(content: bytes) -> str:
    if len(content) > LARGEST:
        raise InputError(f"The file is larger than {LARGEST // 2**20} MiB: split it.")
    if content.startswith(b"PK\x03\x04"):
        raise InputError("The file is a workbook of a spreadsheet program: save its sheet as CSV (UTF-8).")
    encoding = next((name for mark, name in _ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding).replace("\0", "\ufffd")
    except UnicodeDecodeError:
        raise InputError("The file is not UTF-8: save it as CSV in UTF-8.") from None


def _find_separator(text: str) -> str:
    """What makes the most columns of the first line that are known."""
    line = next(filter(str.strip, text.splitlines()), "")[:1_000]

    def count_known(separator: str) -> int:
        cells = next(csv.reader([line], delimiter=separator), [])
        return sum(_read_name(cell) in COLUMNS for cell in cells)

    return max(",;\t", key=count_known)


def _read_name(cell: str) -> str:
    return collapse_whitespace(cell).casefold()


def _read_heading(cells: Sequence[str]) -> Mapping[str, int]:
    names = [_read_name(cell) for cell in cells]
    for place, name in enumerate(names):
        if name and name not in COLUMNS:
            raise InputError(f"no column is called {name[:40]!r}. {_HEADINGS}.")
        if name and name in names[:place]:
            raise InputError(f"two columns are called {name!r}: keep one of them.")
    for needed in COLUMNS[:2]:
        if needed not in names:
            raise InputError(f"no column is called {needed}. {_HEADINGS}.")
    return {name: place for place, name in enumerate(names) if name}


def _read_row(cells: Sequence[str], places: Mapping[str, int], line: int) -> Row:
    named = set(places.values())
    if any(cell.strip() for place, cell in enumerate(cells) if place not in named):
        raise InputError("it has a cell in a column without a name: name it, or empty the cell.")

    def read_cell(name: str) -> str:
        place = places.get(name, len(cells))
        return unescape_formula(cells[place].strip()).strip() if place < len(cells) else ""

    for needed in COLUMNS[:2]:
        if not read_cell(needed):
            raise InputError(f"its {needed} is empty.")
    language, link = read_cell("language"), read_cell("link")
    tag = _LANGUAGE.fullmatch(language)
    if language and not tag:
        raise InputError(f"{language[:40]!r} is no language: write its code, such as en or pt-BR, or nothing.")
    if link and not _is_web_address(link):
        raise InputError(f"{link[:80]!r} is no link: write https://…, or nothing.")
    wordings = tuple(dict.fromkeys(filter(None, map(collapse_whitespace, read_cell("wordings").splitlines()))))
    if len(wordings) > _MOST_WORDINGS or any(len(each) > _LONGEST for each in wordings):
        raise InputError(f"it has at most {_MOST_WORDINGS} wordings of {_LONGEST} characters: shorten them.")
    answer = read_cell("answer").replace("\r\n", "\n")
    return Row(line, collapse_whitespace(read_cell("question")), answer, tag[1].lower() if tag else "", link, wordings)


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", link)
    except ValueError:
        return False
