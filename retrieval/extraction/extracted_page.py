"""What came out of a page. Pure data, apart from the parser."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.coverage import Coverage
from retrieval.documents import Document


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """The page's documents, and how much of its text they hold."""

    documents: tuple[Document, ...]
    coverage: Coverage
