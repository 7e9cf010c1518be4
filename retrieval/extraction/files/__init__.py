"""Documents (PDF, Word, spreadsheets) -> HTML that the extraction reads as it reads pages, or their pairs as such."""

from __future__ import annotations

from retrieval.extraction.files.content import FileContent
from retrieval.extraction.files.kinds import FileKind, detect_file_kind

__all__ = ["FileContent", "FileKind", "detect_file_kind", "read_document"]


def read_document(body: bytes, kind: FileKind, url: str) -> FileContent:
    """What the file holds; the library that reads its kind is loaded here, on the first call.

    Raises ExtractionError for one that is encrypted, broken, too large, or holds no text.
    """
    if kind is FileKind.PDF:
        from retrieval.extraction.files.pdf import read_pdf

        return read_pdf(body, url)
    if kind is FileKind.WORD:
        from retrieval.extraction.files.word import read_word

        return read_word(body, url)
    from retrieval.extraction.files.sheets import read_sheets

    return read_sheets(body, kind, url)
