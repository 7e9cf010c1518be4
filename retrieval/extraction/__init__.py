"""Pages -> Documents: the questions and answers on a page, or its sections where it is no FAQ."""

from __future__ import annotations

from retrieval.documents import Document, Selectors
from retrieval.extraction.extracted_page import ExtractedPage

EXTRACTOR_VERSION = "7"
"""Bumped whenever the same page would give other documents, so that cached pages are read again."""

__all__ = ["EXTRACTOR_VERSION", "ExtractedPage", "extract_documents", "extract_page"]


def extract_documents(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> list[Document]:
    """What `extract_page` finds, alone."""
    return [*extract_page(body, url, content_type, selectors).documents]


def extract_page(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> ExtractedPage:
    """See `retrieval.extraction.extract.extract_page`; the parser is only loaded here, on the first call."""
    from retrieval.extraction.extract import extract_page as run

    return run(body, url, content_type, selectors)
