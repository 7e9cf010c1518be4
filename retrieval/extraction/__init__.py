"""Pages -> Documents: the questions and answers on a page, or its sections where it is no FAQ."""

from __future__ import annotations

from retrieval.documents import Document, Selectors

EXTRACTOR_VERSION = "4"
"""Bumped whenever the same page would give other documents, so that cached pages are read again."""

__all__ = ["EXTRACTOR_VERSION", "extract_documents"]


def extract_documents(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> list[Document]:
    """See `retrieval.extraction.extract.extract_documents`; the parser is only loaded here, on the first call."""
    from retrieval.extraction.extract import extract_documents as run

    return run(body, url, content_type, selectors)
