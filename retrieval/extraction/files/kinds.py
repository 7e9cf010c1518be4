"""Which kind of document a body is: by its first bytes, and where they say nothing by what it is called."""

from __future__ import annotations

import io
import zipfile
from enum import StrEnum
from urllib.parse import urlsplit

from retrieval.errors import ExtractionError
from retrieval.extraction.files.archives import BROKEN_ARCHIVE
from retrieval.media_types import DOCUMENT_TYPES, SEPARATED_TYPES, UNTYPED, ending_of, is_document, media_type

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEPARATED = frozenset({".csv", ".tsv"})
_SAYS_LITTLE = UNTYPED | {"text/plain", DOCUMENT_TYPES[".xls"]}  # a browser's name for CSV on Windows


class FileKind(StrEnum):
    """How a document is read."""

    PDF = "PDF"
    WORD = "Word document"
    WORKBOOK = "workbook"
    CSV = "CSV file"


def detect_file_kind(body: bytes | str, url: str, content_type: str) -> FileKind | None:
    """The kind of document, None for a page.

    Raises ExtractionError for a file that is called a document and is none, and for one of a kind that is not read.
    """
    if isinstance(body, str):
        return None
    if body[:1024].lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-"):
        return FileKind.PDF
    if body.startswith(_ZIP):
        return _detect_in_archive(body, url, content_type)
    if body.startswith(_OLE):
        return _detect_in_compound_file(body, url)
    path = urlsplit(url).path
    media = media_type(content_type)
    if media in SEPARATED_TYPES or (media in _SAYS_LITTLE and ending_of(path) in _SEPARATED):
        return FileKind.CSV
    if is_document(content_type, path):
        called = ending_of(path).lstrip(".").upper() if media in UNTYPED else media
        if (
            "pdf" in called.lower() and b"%PDF-" in body[:1024]
        ):  # behind what a program before wrote, as viewers take it
            return FileKind.PDF
        raise ExtractionError(f"{url} is called {called} and is none: open it, and save it anew")
    return None


def _detect_in_archive(body: bytes, url: str, content_type: str) -> FileKind | None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
    except BROKEN_ARCHIVE as error:
        if is_document(content_type, urlsplit(url).path):
            raise ExtractionError(f"{url} is broken ({error}): open it, and save it anew") from error
        return None
    if any(name.startswith("word/") for name in names):
        return FileKind.WORD
    if any(name.startswith("xl/") for name in names) or ("content.xml" in names and _is_sheet(body)):
        return FileKind.WORKBOOK
    return None


def _is_sheet(body: bytes) -> bool:
    """Whether an OpenDocument archive, which begins with its media type, is a spreadsheet."""
    return DOCUMENT_TYPES[".ods"].encode() in body[:200]


def _detect_in_compound_file(body: bytes, url: str) -> FileKind:
    """Of Microsoft's older container, which also holds encrypted files of the newer formats."""
    if _names_stream(body, "EncryptedPackage"):
        raise ExtractionError(f"{url} is encrypted: save it without a password")
    if _names_stream(body, "Workbook") or _names_stream(body, "Book"):
        return FileKind.WORKBOOK
    raise ExtractionError(f"{url} is a file of Word 97 or the like: save it as .docx or PDF")


def _names_stream(body: bytes, name: str) -> bool:
    return name.encode("utf-16-le") + b"\0\0" in body
