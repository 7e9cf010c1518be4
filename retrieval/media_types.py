"""What servers and folders call the documents that people keep beside their pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

DOCUMENT_TYPES: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroenabled.12",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
"""By a file's ending, the media type of what is read as a document."""

UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/download"})
"""What a server says that does not know."""

SEPARATED_TYPES = frozenset(
    {"text/csv", "text/tab-separated-values", "application/csv", "text/x-csv", "text/comma-separated-values"}
)
"""Tables as plain text."""

_DOCUMENTS = frozenset({*DOCUMENT_TYPES.values(), *SEPARATED_TYPES, "application/x-pdf"})


def media_type(content_type: str) -> str:
    """ "Text/HTML; charset=gbk" -> "text/html"."""
    return content_type.partition(";")[0].strip().lower()


def ending_of(path: str) -> str:
    """ "/files/Returns.PDF" -> ".pdf", "" without one."""
    return PurePosixPath(path).suffix.lower()


def is_document(content_type: str, path: str) -> bool:
    """Whether it is a document by its media type; where the server does not say, by the path's ending."""
    kind = media_type(content_type)
    return ending_of(path) in DOCUMENT_TYPES if kind in UNTYPED else kind in _DOCUMENTS
