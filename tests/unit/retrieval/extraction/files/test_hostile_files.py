"""Documents made to harm: each costs itself alone, and says why in one line."""

from __future__ import annotations

import io
import random
import time
import zipfile
import zlib
from collections.abc import Callable

import openpyxl
import pytest

from retrieval.documents import Document
from retrieval.errors import ExtractionError
from retrieval.extraction.process import ExtractionProcess
from tests.support.documents import DOCX, PDF, XLSX, make_docx, make_pdf, make_xlsx, swap_member

URL = "https://evil.example/file"
GOOD = make_pdf(("heading", "When do you open?"), ("text", "At nine."), ("heading", "And close?"), ("text", "At six."))
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "haha">%s]><x>&z;</x>""" % b"".join(
    b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 50) for name in range(ord("b"), ord("z") + 1)
)


def add_zeros(body: bytes) -> bytes:
    """The archive with a file of 300 MiB of nothing, in a third of a MiB."""
    out = io.BytesIO(body)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media/a.png", "w") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    return out.getvalue()


def nest_tables(depth: int) -> bytes:
    name = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    inner = b"<w:tbl><w:tr><w:tc>" * depth + b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" + b"</w:tc></w:tr></w:tbl>" * depth
    document = b'<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (name, inner)
    return swap_member(make_docx(("text", "x")), "word/document.xml", document)


def make_far_cell() -> bytes:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0]["XFD1048576"] = "far"
    workbook.worksheets[0]["A1"] = "near"
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def write_pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj %s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    rows = len(objects) + 1
    start = len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        rows, table, rows, start,
    )  # fmt: skip


def make_flate_bomb(mib: int) -> bytes:
    """A page whose content unpacks to so many MiB of text."""
    packer = zlib.compressobj(9)
    text = b"(when do you open) Tj T*\n" * 42_000
    lines = b"".join(packer.compress(text) for _ in range(mib))
    stream = packer.compress(b"BT /F 9 Tf 9 TL ") + lines + packer.compress(b"ET") + packer.flush()
    return write_pdf(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>",
        b"<</Length %d /Filter /FlateDecode>> stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    )


CASES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "zeros": (lambda: add_zeros(make_docx(("text", "x"))), DOCX, "unpacks to more than 256 MiB"),
    "entities in Word": (
        lambda: swap_member(make_docx(("text", "x")), "word/document.xml", LAUGHS), DOCX, "declares XML entities"),
    "entities in a sheet": (
        lambda: swap_member(make_xlsx({"a": [["x"]]}), "xl/worksheets/sheet1.xml", LAUGHS), XLSX, "declares XML ent"),
    "no XML": (lambda: swap_member(make_docx(("text", "x")), "word/document.xml", b"<w:p"), DOCX, "is broken"),
    "tables in tables": (lambda: nest_tables(20_000), DOCX, "nest"),
    "a cell far away": (make_far_cell, XLSX, "(cells|ended the process).*leave it out, or split it"),
    "many pages": (
        lambda: write_pdf(
            b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [%s] /Count 100000>>" % (b"3 0 R " * 100_000),
            b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]>>"),
        PDF, r"has 100,000 pages \(limit 1,000\)"),
    "pages in a circle": (
        lambda: write_pdf(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [2 0 R 2 0 R] /Count 9>>"),
        PDF, "no PDF that can be read|holds no text"),
    "much text": (lambda: make_flate_bomb(60), PDF, "leave it out"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_document_made_to_harm_costs_itself_alone(name: str) -> None:
    make, content_type, words = CASES[name]
    body = make()
    with ExtractionProcess() as process:
        before = time.monotonic()
        with pytest.raises(ExtractionError, match=words) as told:
            process.extract(body, URL, content_type)
        assert time.monotonic() - before < 60
        assert str(told.value).startswith(URL)
        assert "\n" not in str(told.value)
        assert len(process.extract(GOOD, URL, PDF)) == 2


def test_a_word_file_fetches_nothing_and_runs_nothing() -> None:
    with ExtractionProcess() as process:
        body = make_docx(("text", "before"), ("picture", "x"), ("text", "after"))
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            links = archive.read("word/_rels/document.xml.rels")
        outside = links.replace(b'Target="media/image1.png"', b'Target="file:///etc/passwd" TargetMode="External"')
        assert outside != links
        [document] = process.extract(swap_member(body, "word/_rels/document.xml.rels", outside), URL, DOCX)
        assert document.answer.split() == ["before", "after"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx"])
def test_files_with_bytes_changed_anywhere_are_read_or_refused(kind: str) -> None:
    rows = [["Question", "Answer"], ["When do you open?", "At nine."], ["When do you close?", "At six."]]
    body, content_type = {
        "pdf": (GOOD, PDF),
        "docx": (make_docx(("heading", "When do you open?"), ("text", "At nine.")), DOCX),
        "xlsx": (make_xlsx({"a": rows}), XLSX),
    }[kind]
    chance = random.Random(7)
    with ExtractionProcess() as process:
        for _ in range(150):
            changed = bytearray(body)
            for _ in range(chance.randint(1, 12)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            found = read_or_refuse(process, bytes(changed), content_type)
            assert "internal error" not in found
        assert len(process.extract(GOOD, URL, PDF)) == 2


def read_or_refuse(process: ExtractionProcess, body: bytes, content_type: str) -> str:
    found: list[Document] = []
    try:
        found = process.extract(body, URL, content_type)
    except ExtractionError as error:
        return str(error)
    return " ".join(document.answer for document in found)
