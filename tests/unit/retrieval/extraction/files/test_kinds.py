"""Which reader a body is given to, whatever it is called."""

from __future__ import annotations

import io
import zipfile

import pytest

from retrieval.errors import ExtractionError
from retrieval.extraction.files import FileKind, detect_file_kind
from tests.support.documents import DOCX, PDF, XLSX, make_docx, make_pdf, make_xlsx

BODIES = {
    FileKind.PDF: make_pdf(("text", "x")),
    FileKind.WORD: make_docx(("text", "x")),
    FileKind.WORKBOOK: make_xlsx({"a": [["x"]]}),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "text/html", "text/plain", PDF, DOCX, XLSX])
@pytest.mark.parametrize("name", ["a", "a.pdf", "a.docx", "a.csv", "a.html"])
def test_what_a_file_begins_with_goes_before_what_it_is_called(kind: FileKind, content_type: str, name: str) -> None:
    assert detect_file_kind(BODIES[kind], f"https://x.example/{name}", content_type) is kind


@pytest.mark.parametrize(
    ("url", "content_type", "kind"),
    [
        ("https://x.example/a.csv", "text/plain", FileKind.CSV),
        ("https://x.example/a.csv", "application/vnd.ms-excel", FileKind.CSV),
        ("https://x.example/a", "text/csv; charset=utf-8", FileKind.CSV),
        ("https://x.example/a.tsv", "", FileKind.CSV),
        ("https://x.example/a.csv", "text/html", None),
        ("https://x.example/a.txt", "text/plain", None),
        ("https://x.example/a.pdf", "text/html", None),
    ],
)
def test_of_text_the_content_type_goes_before_the_ending(url: str, content_type: str, kind: FileKind | None) -> None:
    assert detect_file_kind(b"a,b\n", url, content_type) is kind


@pytest.mark.parametrize("content_type", [PDF, DOCX, "application/octet-stream"])
def test_a_page_that_is_called_a_document_is_told_to_be_none(content_type: str) -> None:
    with pytest.raises(ExtractionError, match="and is none: open it, and save it anew"):
        detect_file_kind(b"<!doctype html><p>Sign in", "https://x.example/a.pdf", content_type)


def test_what_is_not_read_is_named_with_its_mend() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
    for stream, words in (("WordDocument", "save it as .docx or PDF"), ("EncryptedPackage", "without a password")):
        body = ole + stream.encode("utf-16-le") + b"\0\0"
        with pytest.raises(ExtractionError, match=words):
            detect_file_kind(body, "https://x.example/a.docx", DOCX)
    with pytest.raises(ExtractionError, match="is broken"):
        detect_file_kind(BODIES[FileKind.WORD][:500], "https://x.example/a.docx", DOCX)


@pytest.mark.parametrize(("name", "content_type"), [("a.pdf", ""), ("a", PDF)])
def test_a_pdf_behind_other_bytes_is_one_where_it_is_called_so(name: str, content_type: str) -> None:
    body = b"Date: Mon, 30 Nov 2026\r\n" * 3 + BODIES[FileKind.PDF]
    assert detect_file_kind(body, f"https://x.example/{name}", content_type) is FileKind.PDF
    assert detect_file_kind(body, "https://x.example/a.html", "text/html") is None


def test_another_archive_is_no_document() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert detect_file_kind(out.getvalue(), "https://x.example/a.zip", "application/zip") is None
