"""Documents as people's programs make them: PDF by ReportLab, Word by python-docx, workbooks by openpyxl."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import docx
import openpyxl
from PIL import Image as Picture
from PIL import ImageDraw
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Image, ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FONTS = {"en": ("Helvetica", "Helvetica-Bold"), "zh": ("STSong-Light", "STSong-Light")}
Part = tuple[str, Any]


def make_pdf(
    *parts: Part,
    title: str = "",
    language: str = "en",
    footer: str = "",
    password: str | None = None,
    ruled: bool = True,
) -> bytes:
    """Parts are ("title" | "heading" | "question" | "text" | "list" | "table" | "cells" | "picture" | "page", content).

    Cells are a table as narrow as its words. A question is bold and as large as the text; `footer` stands on every
    page with its number."""
    plain, bold = _FONTS[language]
    if language != "en":
        pdfmetrics.registerFont(UnicodeCIDFont(plain))
    wrap = {"wordWrap": "CJK"} if language != "en" else {}
    styles = {
        "title": ParagraphStyle("title", fontName=bold, fontSize=22, leading=27, spaceAfter=10, **wrap),
        "heading": ParagraphStyle("heading", fontName=bold, fontSize=15, leading=19, spaceBefore=10, **wrap),
        "question": ParagraphStyle("question", fontName=bold, fontSize=10, leading=13, spaceBefore=8, **wrap),
        "text": ParagraphStyle("text", fontName=plain, fontSize=10, leading=13, spaceAfter=6, **wrap),
    }
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else [])
    story: list[Any] = []
    for kind, content in parts:
        if kind in styles:
            story.append(Paragraph(content, styles[kind]))
        elif kind == "list":
            items = [Paragraph(item, styles["text"]) for item in content]
            story.append(ListFlowable(items, bulletType="bullet", start="•"))
        elif kind == "table":
            cells = [[Paragraph(cell, styles["text"]) for cell in row] for row in content]
            story += [Table(cells, style=grid), Spacer(1, 10)]
        elif kind == "cells":
            story += [Table(content, style=grid), Spacer(1, 10)]
        elif kind == "picture":
            story.append(Image(io.BytesIO(make_picture(content)), width=400, height=200))
        else:
            story.append(PageBreak())

    def draw_footer(canvas: Canvas, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 30, f"{footer} {document.page}" if footer else "")

    out = io.BytesIO()
    template = SimpleDocTemplate(out, pagesize=A4, title=title, encrypt=password)
    template.build(story, onFirstPage=draw_footer, onLaterPages=draw_footer)
    return out.getvalue()


def make_scan(*texts: str) -> bytes:
    """A PDF whose pages are pictures of these texts."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for text in texts:
        canvas.drawImage(ImageReader(io.BytesIO(make_picture(text))), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def make_columns(left: Sequence[str], right: Sequence[str]) -> bytes:
    """A page of prose in two columns."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFont("Helvetica", 10)
    for x, lines in ((50, left), (310, right)):
        for row, line in enumerate(lines):
            canvas.drawString(x, 780 - 13 * row, line)
    canvas.save()
    return out.getvalue()


def make_picture(text: str) -> bytes:
    picture = Picture.new("RGB", (600, 300), "white")
    ImageDraw.Draw(picture).text((40, 40), text, fill="black")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def make_docx(*parts: Part, title: str = "") -> bytes:
    """Parts are ("title" | "heading" | "bold" | "text" | "list" | "table" | "picture", content)."""
    document = docx.Document()
    document.core_properties.title = title
    for kind, content in parts:
        match kind:
            case "title":
                document.add_heading(content, 0)
            case "heading":
                document.add_heading(content, 1)
            case "bold":
                document.add_paragraph().add_run(content).bold = True
            case "list":
                for item in content:
                    document.add_paragraph(item, style="List Bullet")
            case "table":
                table = document.add_table(len(content), len(content[0]))
                for row, cells in zip(table.rows, content, strict=True):
                    for cell, text in zip(row.cells, cells, strict=True):
                        cell.text = text
            case "picture":
                document.add_picture(io.BytesIO(make_picture(content)))
            case _:
                document.add_paragraph(content)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def make_xlsx(sheets: Mapping[str, Sequence[Sequence[object]]], hidden: frozenset[str] = frozenset()) -> bytes:
    """A workbook of these sheets' rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def swap_member(body: bytes, name: str, content: bytes) -> bytes:
    """The archive with other content in one of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.namelist():
            after.writestr(member, content if member == name else before.read(member))
    return out.getvalue()
