"""One crawl of every source, merged with what the active version remembers of their pages."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from retrieval.coverage import Coverage
from retrieval.crawling.urls import to_canonical_url
from retrieval.documents import Document, Selectors, Source, SourceKind, content_id
from retrieval.errors import ExtractionError, SourceError
from retrieval.extraction import EXTRACTOR_VERSION, ExtractedPage
from retrieval.index.page_records import CrawlState, PageKey, PageRecord
from retrieval.interfaces import Crawler, Fetch, FetchOutcome
from retrieval.refresh.false_pages import ProbedPage, ReadPage, find_false_pages
from retrieval.refresh.report import OnProgress, PageLine, Progress, SourceLine
from retrieval.text.cleaning import collapse_whitespace

_SCRIPTED = (
    "{reason}. To read the source in a browser: 'frontdesk sources render {name}', or --render where it is added"
)


@dataclass(slots=True)
class CollectedPages:
    """Every page that the sources hold now, and what the crawl met."""

    records: dict[PageKey, PageRecord] = field(default_factory=dict)
    fetched: int = 0
    unchanged: int = 0
    unseen: int = 0
    gone: list[PageLine] = field(default_factory=list)
    failed: list[PageLine] = field(default_factory=list)
    skipped: list[PageLine] = field(default_factory=list)
    scripted: list[PageLine] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)  # of the sources that were read
    sources_failed: list[SourceLine] = field(default_factory=list)
    refused: list[SourceError] = field(default_factory=list)
    bytes_received: int = 0
    seen: int = 0
    documents: int = 0


class Extractor(Protocol):
    """Turns a page's bytes into its documents."""

    def extract_page(self, body: bytes, url: str, content_type: str, selectors: Selectors | None) -> ExtractedPage:
        """Raises ExtractionError."""


def hash_extraction_rules(source: Source) -> str:
    """Names what turns a page of `source` into documents: while it stays, an unchanged page need not come again."""
    selectors = source.selectors
    chosen = (selectors.item, selectors.question, selectors.answer) if selectors else ()
    return content_id(EXTRACTOR_VERSION, *chosen, *(["rendered"] if source.render else []), *_name_interface(source))


def _name_interface(source: Source) -> list[str]:
    """A page that is read through an interface is another than the one that is crawled."""
    return [source.kind] if source.kind in (SourceKind.ZENDESK, SourceKind.INTERCOM) else []


def collect_pages(
    sources: Sequence[Source],
    remembered: Mapping[PageKey, PageRecord],
    crawler: Crawler,
    extractor: Extractor,
    only: frozenset[str],
    on_progress: OnProgress,
) -> CollectedPages:
    """Crawl `sources` (those named in `only`, if any) and carry over what did not change.

    Pages of sources that are no longer named are left out. A source that cannot be read keeps its pages and is
    listed as failed; its error, if it is one, is in `refused`.
    """
    collected = CollectedPages()
    for source in sources:
        mine = {record.url: record for record in remembered.values() if record.source == source.name}
        if not only or source.name in only:
            collected.locations[source.name] = source.location
            _SourceCrawl(source, mine, collected, extractor, on_progress).run_crawl(crawler)
        else:
            collected.records |= {record.key: record for record in mine.values()}
    return collected


def name_untitled_page(url: str) -> str:
    """What to call a page that has no title: its file's name, or its site's."""
    parts = urlsplit(url)
    return collapse_whitespace(unquote(parts.path.rstrip("/").rpartition("/")[2])) or parts.hostname or url


class _SourceCrawl:
    """One source's crawl, fetch by fetch."""

    def __init__(
        self,
        source: Source,
        mine: Mapping[str, PageRecord],
        collected: CollectedPages,
        extractor: Extractor,
        on_progress: OnProgress,
    ) -> None:
        self._extractor = extractor
        self._source, self._mine, self._collected = source, mine, collected
        self._before, self._on_progress = collected.seen, on_progress
        self._rules = hash_extraction_rules(source)
        self._done: set[str] = set()  # URLs whose fate is settled
        self._read = self._gone = 0  # pages
        self._failed: list[PageLine] = []
        self._start = to_canonical_url(source.location, routes=source.render)
        self._read_pages: dict[str, ReadPage] = {}  # whose body came
        self._requested: dict[str, str] = {}
        self._probes: list[ProbedPage] = []
        self._led_to: dict[str, str] = {}  # known pages that a temporary redirect leads elsewhere, unread
        self._start_documents: tuple[Document, ...] = ()
        self._stand = 0  # pages that the server calls unchanged

    def run_crawl(self, crawler: Crawler) -> None:
        known = {url: page.to_known_page(self._rules) for url, page in self._mine.items()}
        try:
            with closing(cast("Generator[Fetch]", crawler.crawl(self._source, known))) as fetches:
                for fetch in fetches:
                    self._record_fetch(fetch)
        except SourceError as error:
            self._collected.refused.append(error)
            self._take_false_pages_back()
            self._record_refusal(error)
        else:
            self._take_false_pages_back()
            self._drop_pages_that_moved()
            if self._failed and not (self._read or self._gone):
                self._record_source_failure(self._failed[0].reason)
        self._collected.failed += self._failed
        for url in self._mine.keys() - self._done:  # a crawl that broke off: it says nothing against them
            self._collected.unseen += 1
            self._keep_page(url)

    def _record_refusal(self, error: SourceError) -> None:
        """The source's own line in place of its start page's, whose trouble the error tells."""
        told = next((line for line in self._failed if line.reason in str(error)), None)
        if told:
            self._failed.remove(told)
        self._failed.append(PageLine(self._source.name, self._source.location, str(error)))
        self._record_source_failure(str(error))

    def _record_source_failure(self, reason: str) -> None:
        line = SourceLine(self._source.name, self._source.location, reason, self._read)
        self._collected.sources_failed.append(line)

    def _record_fetch(self, fetch: Fetch) -> None:
        collected = self._collected
        if fetch.outcome is FetchOutcome.SKIPPED:
            collected.skipped.append(PageLine(self._source.name, fetch.url, fetch.reason))
            return
        if fetch.outcome is FetchOutcome.SCRIPTED:
            reason = _SCRIPTED.format(reason=fetch.reason, name=self._source.name)
            collected.scripted.append(PageLine(self._source.name, fetch.url, reason))
            return
        if fetch.outcome is FetchOutcome.PROBED:
            self._record_probe(fetch)
            return
        collected.seen += 1
        collected.bytes_received += fetch.bytes_received
        total = max(self._before + fetch.discovered, collected.seen)
        failed = len(collected.failed) + len(self._failed)
        self._on_progress(Progress("crawl", collected.seen, total, fetch.url, collected.documents, failed))
        match fetch.outcome:
            case FetchOutcome.FETCHED:
                self._record_body(fetch)
            case FetchOutcome.UNCHANGED:
                self._record_unchanged(fetch)
            case FetchOutcome.GONE:
                if fetch.url in self._read_pages:
                    self._take_back(fetch.url, fetch.reason, keep=False)
                for url in self._list_urls(fetch):
                    self._drop_page(url, fetch.reason)
            case FetchOutcome.FAILED:
                self._failed.append(PageLine(self._source.name, fetch.url, fetch.reason))
                if fetch.led_to and fetch.url in self._mine:
                    self._led_to[fetch.url] = fetch.led_to
                for url in self._list_urls(fetch):
                    self._keep_page(url)

    def _record_body(self, fetch: Fetch) -> None:
        old = self._mine.get(fetch.url)
        digest = hashlib.sha256(fetch.body).hexdigest()
        if old and (old.state.content_hash, old.state.rules) == (digest, self._rules):
            self._note_read_page(fetch, old.documents)
            self._record_page(fetch, old.documents, old.coverage, digest)
            return
        try:
            found = self._extractor.extract_page(fetch.body, fetch.url, fetch.content_type, self._source.selectors)
        except ExtractionError as error:
            self._record_failure(fetch, str(error))
        else:
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            name = name_untitled_page(fetch.url)
            stamped = (
                replace(d, question=d.question or name, source=self._source.name, crawled_at=moment)
                for d in found.documents
                if d.answer.strip()
            )
            documents_now = tuple(stamped)
            self._note_read_page(fetch, documents_now)
            self._record_page(fetch, documents_now, found.coverage, digest)

    def _note_read_page(self, fetch: Fetch, documents: tuple[Document, ...]) -> None:
        old = self._mine.get(fetch.url)
        self._collected.fetched += 1
        self._requested[fetch.url] = fetch.requested_url
        self._read_pages[fetch.url] = ReadPage(
            fetch.url,
            documents,
            old.documents if old else None,
            is_start=self._start in (fetch.url, fetch.requested_url),
            asked_directly=fetch.requested_url in ("", fetch.url) and not fetch.led_to,
            asks_to_sign_in=fetch.asks_to_sign_in,
            led_to=fetch.led_to,
        )

    def _record_probe(self, fetch: Fetch) -> None:
        """What an address that cannot exist answers; what cannot be read tells nothing."""
        try:
            found = self._extractor.extract_page(fetch.body, fetch.url, fetch.content_type, self._source.selectors)
        except ExtractionError:
            return
        documents = (
            replace(d, question=d.question or name_untitled_page(fetch.url))
            for d in found.documents
            if d.answer.strip()
        )
        self._probes.append(ProbedPage(fetch.url, fetch.requested_url, tuple(documents)))

    def _take_false_pages_back(self) -> None:
        """What turned out to be no page is none, and what was known in its place stays."""
        pages = list(self._read_pages.values())
        detours = Counter(self._led_to.values())
        start = next((page.documents for page in pages if page.is_start), self._start_documents)
        false = find_false_pages(pages, self._probes, detours, start, others_stand=self._stand > 0)
        for url, reason in false.items():
            self._take_back(url, reason, keep=not self._read_pages[url].is_as_before())

    def _take_back(self, url: str, reason: str, *, keep: bool) -> None:
        """Undo that a page was read: what was known of it stays if it is to be kept, else is gone."""
        record = self._collected.records.pop((self._source.name, url))
        self._collected.documents -= len(record.documents)
        self._collected.fetched -= 1
        self._read -= 1
        self._done.discard(url)
        del self._read_pages[url]
        if url not in self._mine:
            self._collected.skipped.append(self._to_line(url, reason))
        elif keep:
            self._failed.append(self._to_line(url, reason))
            self._keep_page(url)
        else:
            self._drop_page(url, reason)
        moved = self._requested.get(url, "")
        if keep and moved != url and moved in self._mine:
            self._bring_back(moved, reason)

    def _bring_back(self, url: str, reason: str) -> None:
        """A known page that moved, as it seemed, to where there is none."""
        told = [line for line in self._collected.gone if (line.source, line.url) == (self._source.name, url)]
        for line in told:
            self._collected.gone.remove(line)
            self._gone -= 1
            self._done.discard(url)
            self._failed.append(self._to_line(url, reason))
            self._keep_page(url)

    def _drop_pages_that_moved(self) -> None:
        """A temporary redirect keeps what was known, unless the very same stands where it leads."""
        for url, target in self._led_to.items():
            record = self._collected.records.get((self._source.name, target))
            before = self._mine[url].documents
            if record and target in self._done and ReadPage(target, record.documents, before).keeps_anything():
                self._collected.records.pop((self._source.name, url), None)
                self._failed = [line for line in self._failed if line.url != url]
                self._done.discard(url)
                self._drop_page(url, f"moved to {target}")

    def _to_line(self, url: str, reason: str) -> PageLine:
        return PageLine(self._source.name, url, reason)

    def _record_unchanged(self, fetch: Fetch) -> None:
        old = self._mine.get(fetch.url) or self._mine.get(fetch.requested_url)
        if old is None:
            self._record_failure(fetch, "the server calls it unchanged, but it was never read")
            return
        self._collected.unchanged += 1
        self._stand += 1
        if self._start in (fetch.url, fetch.requested_url):
            self._start_documents = old.documents
        self._record_page(fetch, old.documents, old.coverage, old.state.content_hash, old.state)

    def _record_page(
        self,
        fetch: Fetch,
        documents: tuple[Document, ...],
        coverage: Coverage | None,
        content_hash: str,
        old: CrawlState | None = None,
    ) -> None:
        """Keep the page under its final URL; one that redirects there now is a page no more."""
        old = old or CrawlState(rules=self._rules)
        state = CrawlState(
            etag=fetch.etag or old.etag,
            last_modified=fetch.last_modified or old.last_modified,
            content_hash=content_hash,
            links=fetch.links or old.links,
            rules=old.rules,
            text=fetch.text or old.text,
            cursor=fetch.cursor,
        )
        record = PageRecord(self._source.name, fetch.url, documents, state, coverage)
        self._collected.records[record.key] = record
        self._collected.documents += len(documents)
        self._done.add(fetch.url)
        self._read += 1
        if fetch.requested_url and fetch.requested_url != fetch.url:
            self._drop_page(fetch.requested_url, f"moved to {fetch.url}")

    def _record_failure(self, fetch: Fetch, reason: str) -> None:
        self._failed.append(PageLine(self._source.name, fetch.url, reason))
        self._keep_page(fetch.url)

    def _keep_page(self, url: str) -> None:
        if url in self._mine and url not in self._done:
            self._collected.records[self._mine[url].key] = self._mine[url]
            self._done.add(url)

    def _drop_page(self, url: str, reason: str) -> None:
        if url in self._mine and url not in self._done:
            self._collected.gone.append(PageLine(self._source.name, url, reason))
            self._done.add(url)
            self._gone += 1

    @staticmethod
    def _list_urls(fetch: Fetch) -> tuple[str, ...]:
        return tuple(dict.fromkeys(url for url in (fetch.url, fetch.requested_url) if url))
