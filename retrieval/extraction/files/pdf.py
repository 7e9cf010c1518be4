"""PDF -> HTML. Every block bears the id of its page, so that what is read from it is cited as `…#page=3`, which every
viewer opens there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from retrieval.coverage import Coverage, LeftOut, LossKind
from retrieval.errors import ExtractionError
from retrieval.extraction.files.content import FileContent, name_file
from retrieval.extraction.files.pdf_layout import Block, find_blocks
from retrieval.extraction.files.pdf_lines import Line, read_lines
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.scripts import PRIVATE_USE

MAX_PAGES = 1_000
MAX_CHARACTERS = 2_000_000  # of text, as of a page on the web
_UNREADABLE = 0.3  # of the characters
_UNKNOWN = re.compile(f"[\ufffd{PRIVATE_USE}]")
_RUN_OCR = "run OCR first (such as ocrmypdf), and put the new file in its place"


def read_pdf(body: bytes, url: str) -> FileContent:
    """Headings, paragraphs, lists and tables. Raises ExtractionError for a file that is encrypted or broken, has more
    than MAX_PAGES pages or MAX_CHARACTERS characters, or holds only pictures."""
    try:
        with pdfium.PdfDocument(body) as document:
            return _read_document(document, url)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
            raise ExtractionError(f"{url} is encrypted: save it without a password") from error
        raise ExtractionError(f"{url} is no PDF that can be read: open it, and save it anew") from error


def _read_document(document: pdfium.PdfDocument, url: str) -> FileContent:
    if len(document) > MAX_PAGES:
        raise ExtractionError(f"{url} has {len(document):,} pages (limit {MAX_PAGES:,}): leave it out, or split it")
    pages: list[list[Line]] = []
    pictures: list[int] = []  # pages that hold nothing else
    garbled: list[int] = []
    characters = 0
    for number in range(1, len(document) + 1):
        page = document[number - 1]
        textpage = page.get_textpage()
        characters += textpage.count_chars()
        if characters > MAX_CHARACTERS:
            raise ExtractionError(f"{url} holds over {MAX_CHARACTERS:,} characters of text: leave it out, or split it")
        lines = read_lines(textpage)
        if not _count_letters(lines) and _shows_picture(page):
            pictures.append(number)
        elif _measure_damage(lines) > _UNREADABLE:
            garbled.append(number)
            lines = []
        pages.append(lines)
        page.close()
    if not any(pages):
        raise ExtractionError(f"{url} {_explain_emptiness(pictures, garbled)}")
    unread = ((pictures, "scanned, without text"), (garbled, "in fonts that do not tell their letters"))
    letters = sum(map(_count_letters, pages)) // sum(map(bool, pages))  # of a page, as far as one can tell
    left_out = (
        LeftOut(LossKind.SCANNED, letters * len(numbers), f"{_name_pages(numbers)} {why}: {_RUN_OCR}")
        for numbers, why in unread
        if numbers
    )
    blocks = find_blocks(pages)
    title = _find_title(document, blocks) or name_file(url)
    paged = list(_repeat_headings(blocks, title))
    return FileContent(
        html=_build_html(blocks, title),
        paged_html=_build_html(paged, title) if len(paged) > len(blocks) else "",
        coverage=Coverage(0, tuple(left_out)),
    )


def _shows_picture(page: pdfium.PdfPage) -> bool:
    kinds = (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING)
    return any(True for _ in page.get_objects(filter=kinds, max_depth=4))


def _count_letters(lines: Sequence[Line]) -> int:
    return sum(sum(map(str.isalnum, line.text)) for line in lines)


def _measure_damage(lines: Sequence[Line]) -> float:
    """The share of letters that the file's fonts do not tell."""
    text = "".join(line.text for line in lines)
    return len(_UNKNOWN.findall(text)) / len(text) if text else 0.0


def _explain_emptiness(pictures: Sequence[int], garbled: Sequence[int]) -> str:
    if garbled:
        return f"is written in fonts that do not tell their letters: {_RUN_OCR}"
    return f"is scanned, without text: {_RUN_OCR}" if pictures else "holds no text: leave it out"


def _name_pages(numbers: Sequence[int]) -> str:
    """ "pages 2-4 and 7 are", "page 2 is"."""
    runs = [[number for _, number in group] for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    named = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    several = len(numbers) > 1
    listed = " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return f"{'pages' if several else 'page'} {listed} {'are' if several else 'is'}"


def _find_title(document: pdfium.PdfDocument, blocks: Sequence[Block]) -> str:
    """What stands largest on the first page; else what its properties say, if that is no name of a file and nothing in
    brackets, as programs write that were told none."""
    shown = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    said = collapse_whitespace(document.get_metadata_value("Title"))
    return shown or (said if said[:1].isalnum() and "." not in said[-6:] else "")


def _repeat_headings(blocks: Sequence[Block], title: str) -> Iterator[Block]:
    """The blocks with the heading they stand under once more, at the top of each page that has none of its own."""
    headed = {block.page for block in blocks if block.kind == "heading"}
    above = Block("heading", 1, [title], level=2)
    page = 0
    for block in blocks:
        if block.page != page and block.page not in headed and (page or not headed):
            yield Block("heading", block.page, above.lines, above.level)
        if block.kind == "heading":
            above = block
        page = block.page
        yield block


def _build_html(blocks: Sequence[Block], title: str) -> str:
    parts = [
        "".join(_draw_block(block) for block in group)
        if kind != "item"
        else f"<ul>{''.join(_draw_block(block) for block in group)}</ul>"
        for kind, group in groupby(blocks, lambda block: block.kind)
    ]
    return f"<html><head><title>{html.escape(title)}</title></head><body>{''.join(parts)}</body></html>"


def _draw_block(block: Block) -> str:
    place = f'id="page={block.page}"'
    if block.kind == "table":
        rows = [
            "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
            for row, tag in zip(block.rows, ["th", *["td"] * len(block.rows)], strict=False)
        ]
        return f"<table>{''.join(f'<tr {place}>{row}</tr>' for row in rows)}</table>"
    tag = {"heading": f"h{block.level}", "item": "li"}.get(block.kind, "p")
    return f"<{tag} {place}>{'<br>'.join(map(html.escape, block.lines))}</{tag}>"
