"""The entries of real sites that lie in folders of pages, as a refresh would know them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.documents import Document
from retrieval.errors import ExtractionError
from retrieval.extraction.process import ExtractionProcess
from retrieval.index.page_records import PageRecord
from retrieval.refresh.repeated_text import leave_out_repeated

PAGES = {".html", ".htm", ".md"}
NOTE = "NOTE.md"  # tells where a site's pages come from


def list_sites(folders: Sequence[Path]) -> list[Path]:
    """The sites in these folders: for each, the folder that holds its pages."""
    return [home for folder in folders for home in sorted(folder.iterdir()) if home.is_dir() and _list_pages(home)]


def read_site(home: Path) -> list[Document]:
    """The entries of a site's pages; those that cannot be read are named and left out."""
    records = []
    with ExtractionProcess() as process:
        for path in _list_pages(home):
            url = f"https://{home.name}.example/{path.relative_to(home)}"
            try:
                found = process.extract_page(path.read_bytes(), url)
            except ExtractionError as error:
                print(f"{path}: {error}")
                continue
            records.append(PageRecord(home.name, url, found.documents, coverage=found.coverage))
    return list(leave_out_repeated(records).documents)


def _list_pages(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.suffix in PAGES and path.name != NOTE)
