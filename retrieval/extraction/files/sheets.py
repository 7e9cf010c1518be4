"""Workbooks (.xlsx, .xls, .ods) by calamine, and CSV -> the pairs of their sheets; a sheet without any is a table.

Numbers and days of .xlsx are as their cells show them; of the other two the formats are not known.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta

from python_calamine import CalamineError, CalamineSheet, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

from retrieval.coverage import Coverage, LeftOut, LossKind
from retrieval.documents import Document
from retrieval.errors import ExtractionError
from retrieval.extraction.decode import detect_encoding
from retrieval.extraction.files.archives import check_archive
from retrieval.extraction.files.cell_formats import CellFormats
from retrieval.extraction.files.content import FileContent, name_file
from retrieval.extraction.files.kinds import FileKind
from retrieval.extraction.files.number_formats import show_moment, show_number
from retrieval.extraction.files.pair_columns import SheetPair, find_sheet_pairs
from retrieval.extraction.parse import parse_html
from retrieval.extraction.to_markdown import to_markdown
from retrieval.text.cleaning import clean_text, collapse_whitespace, unescape_formula
from retrieval.text.languages import detect_language, script_language
from retrieval.text.separated import SeparatedError, choose_encoding, read_separated

MAX_CELLS = 1_000_000
_ZIP = b"PK"
_START = 80  # characters of a text that is in no document
_COLUMN_START = 30  # characters of a column that is left out
_MANY = 10  # cells of it, in which so many characters stand
_TELLING = 80  # characters from which on a text tells its language

Row = Sequence[str]
_FORMATTED = (int, float, date, time, timedelta)


def read_sheets(body: bytes, kind: FileKind, url: str) -> FileContent:
    """The pairs of the sheets that hold such, and the other sheets as tables. Raises ExtractionError."""
    sheets = [("", list(_read_csv(body, url)))] if kind is FileKind.CSV else list(_read_workbook(body, url))
    sheets = [(name, _trim(rows)) for name, rows in sheets]
    sheets = [(name, rows) for name, rows in sheets if rows]
    if not sheets:
        raise ExtractionError(f"{url} holds no cell with text: leave it out")
    title = name_file(url)
    documents: list[Document] = []
    tables: list[str] = []
    left_out: list[LeftOut] = []
    for name, rows in sheets:
        found = find_sheet_pairs(rows)
        path = (title, name) if len(sheets) > 1 else (title,)
        language = detect_language(" ".join(f"{pair.question} {pair.answer}" for pair in found.pairs))
        documents += [_to_document(pair, path, url, language) for pair in found.pairs]
        left_out += [LeftOut(LossKind.BESIDE, _count_letters(text), text[:_START]) for text in found.left_out]
        if found.other_columns:
            left_out.append(_name_columns(found.other_columns))
        if not found.pairs:
            tables.append(_draw_table(rows, name if len(sheets) > 1 else title))
    head = f"<html><head><title>{html.escape(title)}</title></head>"
    page = f"{head}<body>{''.join(tables)}</body></html>" if tables else ""
    kept = sum(_count_letters(f"{each.question}{each.answer}") for each in documents)
    return FileContent(page, documents=tuple(documents), coverage=Coverage(kept, tuple(left_out)))


def _name_columns(columns: Sequence[Sequence[str]]) -> LeftOut:
    """All of a sheet's other columns as one, by how each begins: with its name, and what stands below."""
    starts = (" ".join(filter(None, cells[:_MANY]))[:_COLUMN_START] for cells in columns)
    letters = sum(_count_letters(cell) for cells in columns for cell in cells)
    return LeftOut(LossKind.COLUMN, letters, "; ".join(starts)[:_START])


def _count_letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _read_workbook(body: bytes, url: str) -> Iterator[tuple[str, list[Row]]]:
    """The sheets that are shown, with what their cells show."""
    if body.startswith(_ZIP):
        check_archive(body, url)
    cells, formats = 0, CellFormats(body)
    try:
        with load_workbook(io.BytesIO(body)) as workbook:
            for sheet in workbook.sheets_metadata:
                if sheet.typ is not SheetTypeEnum.WorkSheet or sheet.visible is not SheetVisibleEnum.Visible:
                    continue
                rows = workbook.get_sheet_by_name(sheet.name)
                cells += rows.height * rows.width
                if cells > MAX_CELLS:
                    raise ExtractionError(f"{url} has over {MAX_CELLS:,} cells: leave it out, or split it")
                yield sheet.name, _show_cells(rows, formats)
    except PasswordError as error:
        raise ExtractionError(f"{url} is encrypted: save it without a password") from error
    except (CalamineError, OSError) as error:
        raise ExtractionError(f"{url} is no workbook that can be read: open it, and save it anew") from error


def _show_cells(sheet: CalamineSheet, formats: CellFormats) -> list[Row]:
    """What the cells of a sheet show, in the language that its texts are in."""
    rows = sheet.to_python()
    language = detect_language(" ".join(cell for row in rows for cell in row if isinstance(cell, str)))
    formatted = any(isinstance(cell, _FORMATTED) for row in rows for cell in row)
    codes = formats.of_sheet(sheet.name) if formatted else {}
    top, left = sheet.start or (0, 0)
    return [
        [_show_cell(cell, codes.get((number, column), ""), language) for column, cell in enumerate(row, left)]
        for number, row in enumerate(rows, top)
    ]


def _show_cell(cell: object, code: str, language: str) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return show_number(cell, code, language)
    if isinstance(cell, date | time | timedelta):  # a datetime is a date
        return show_moment(cell, code, language)
    return str(cell)


def _read_csv(body: bytes, url: str) -> Iterator[Row]:
    encoding = choose_encoding(body, detect_encoding(body))
    text = body.decode(encoding, "replace")
    if text.count("\0") > len(text) // 100:
        raise ExtractionError(f"{url} is binary although it is called CSV: save it as 'CSV UTF-8'")
    cells = 0
    try:
        for _, row in read_separated(text):
            cells += len(row)
            if cells > MAX_CELLS:
                raise ExtractionError(f"{url} has over {MAX_CELLS:,} cells: leave it out, or split it")
            yield [unescape_formula(cell) for cell in row]
    except SeparatedError as error:
        raise ExtractionError(f"{url} is no CSV (line {error.line}: {error}): {error.mend}") from error


def _trim(rows: Sequence[Row]) -> list[Row]:
    """The rows and columns with text, all rows as long."""
    tidy = [[clean_text(cell).replace("\r\n", "\n").strip() for cell in row] for row in rows]
    width = max(map(len, tidy), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in tidy if any(row)]
    filled = [index for index in range(width) if any(row[index] for row in padded)]
    return [[row[index] for index in filled] for row in padded]


def _to_document(pair: SheetPair, path: tuple[str, ...], url: str, language: str) -> Document:
    """`language` is the sheet's, for what is too short to tell its own."""
    text = f"{pair.question} {pair.answer}"
    return Document(
        url=url.partition("#")[0],
        question=collapse_whitespace(pair.question),
        answer=_to_answer(pair.answer, url),
        heading_path=(*path, pair.group) if pair.group else path,
        language=script_language(text, "") or (detect_language(text) if len(text) >= _TELLING else language),
        alternatives=tuple(map(collapse_whitespace, pair.wordings)),
    )


def _to_answer(text: str, url: str) -> str:
    """A cell's text as Markdown: nothing in it is markup, its lines stay."""
    drawn = "".join(f"<p>{_draw_lines(part)}</p>" for part in text.split("\n\n"))
    body = parse_html(f"<body>{drawn}</body>", url).body
    return to_markdown(list(body.contents), url) if body is not None else ""


def _draw_lines(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.split("\n"))


def _draw_table(rows: Sequence[Row], title: str) -> str:
    drawn = [
        f"<tr>{''.join(f'<{tag}>{_draw_lines(cell)}</{tag}>' for cell in row)}</tr>"
        for row, tag in zip(rows, ["th", *["td"] * len(rows)], strict=False)
    ]
    return f"<h2>{html.escape(title)}</h2><table>{''.join(drawn)}</table>"
