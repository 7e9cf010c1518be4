"""What a version remembers of each page: the documents that came out of it, and how to ask whether it changed.

pages.jsonl   {"source", "url", "documents"}: belongs to the version's content, never changes
crawl.jsonl   {"source", "url", "etag", "last_modified", "content_hash", "links", …, "coverage"}: replaced as a whole
              when a crawl finds new validators and the same documents; without it every page is simply fetched again
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.coverage import Coverage, PageCoverage
from retrieval.documents import Document, DocumentKind, to_json_values
from retrieval.errors import CorruptVersion
from retrieval.files import write_atomically
from retrieval.interfaces import KnownPage

PAGES, CRAWL = "pages.jsonl", "crawl.jsonl"

PageKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CrawlState:
    """What the last fetch of a page told. `rules` names the extraction rules its documents came through, `text` what
    it says (the crawl's digest), `cursor` where the list that it came from is gone on from."""

    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""
    links: tuple[str, ...] = ()
    rules: str = ""
    text: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page of a source with its documents, before any that other pages hold too are dropped, and what share of its
    text they are (None for a page that was read before there were such figures)."""

    source: str
    url: str
    documents: tuple[Document, ...] = ()
    state: CrawlState = CrawlState()
    coverage: Coverage | None = None

    @property
    def key(self) -> PageKey:
        """(source, URL): two sources may hold the same page."""
        return self.source, self.url

    def to_known_page(self, rules: str) -> KnownPage:
        """The page for a conditional request; with other extraction `rules` it must come again in full."""
        if self.state.rules != rules:
            return KnownPage(self.url, links=self.state.links, text=self.state.text)
        state = self.state
        return KnownPage(
            self.url, state.etag, state.last_modified, state.content_hash, state.links, state.text, state.cursor
        )


def write_pages(folder: Path, records: Iterable[PageRecord]) -> None:
    """Write pages.jsonl and crawl.jsonl into `folder`."""
    records = list(records)
    lines = ({"source": r.source, "url": r.url, "documents": [to_json_values(d) for d in r.documents]} for r in records)
    (folder / PAGES).write_text(_json_lines(lines), encoding="utf-8")
    write_crawl(folder, records)


def write_crawl(folder: Path, records: Iterable[PageRecord]) -> None:
    """Replace crawl.jsonl in `folder` by one step."""
    lines = (
        {"source": r.source, "url": r.url, **asdict(r.state), "coverage": r.coverage and r.coverage.to_row()}
        for r in records
    )
    write_atomically(folder / CRAWL, _json_lines(lines))


def read_pages(folder: Path) -> dict[PageKey, PageRecord]:
    """Every page of a version. Raises CorruptVersion when pages.jsonl cannot be read."""
    records = {}
    try:
        for row in _read_rows(folder / PAGES):
            record = PageRecord(
                row["source"], row["url"], tuple(_parse_document(values) for values in row["documents"])
            )
            records[record.key] = record
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorruptVersion(
            f"{folder / PAGES} cannot be read: run 'frontdesk refresh' to read every page anew, or 'frontdesk "
            "rollback'."
        ) from error
    for key, (state, coverage) in _read_crawl(folder).items():
        record = records.get(key) or PageRecord(*key)
        records[key] = replace(record, state=state, coverage=coverage)
    return records


def read_coverage(folder: Path) -> tuple[PageCoverage, ...]:
    """The figure of every page of a version; none where crawl.jsonl is not there or cannot be read."""
    return tuple(PageCoverage(*key, coverage) for key, (_, coverage) in _read_crawl(folder).items())


def _read_crawl(folder: Path) -> Mapping[PageKey, tuple[CrawlState, Coverage | None]]:
    try:
        states = {}
        for row in _read_rows(folder / CRAWL):
            key = (str(row.pop("source")), str(row.pop("url")))
            coverage = Coverage.from_row(kept) if (kept := row.pop("coverage", None)) else None
            states[key] = CrawlState(**{**row, "links": tuple(row["links"])}), coverage
        return states
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _parse_document(values: dict[str, Any]) -> Document:
    return Document(
        **{
            **values,
            "kind": DocumentKind(values["kind"]),
            "heading_path": tuple(values["heading_path"]),
            "alternatives": tuple(values["alternatives"]),
        }
    )


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
