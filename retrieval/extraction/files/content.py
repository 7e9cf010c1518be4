"""What a document's reader hands to the extraction."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from retrieval.coverage import Coverage
from retrieval.documents import Document


@dataclass(frozen=True, slots=True)
class FileContent:
    """`html` is read as a page is ("" for nothing); `documents` are questions and answers that need no more reading.

    `paged_html`, where it is not "", says the same with a heading on every page of the file: for text without
    questions, so that what stands on a page is cited with that page. `coverage` is that of what is not in the HTML.
    """

    html: str = ""
    paged_html: str = ""
    documents: tuple[Document, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)


def name_file(url: str) -> str:
    """ "https://example.com/files/Returns%20policy.pdf" -> "Returns policy"."""
    return PurePosixPath(unquote(urlsplit(url).path)).stem
