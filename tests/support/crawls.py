"""Helpers for tests that crawl a real loopback site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retrieval.crawling import CrawlSettings, ScrapyCrawler
from retrieval.documents import Source, SourceKind
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage

LOOPBACK = ("127.0.0.1/32",)


def crawl(
    location: str,
    known: Mapping[str, KnownPage] | None = None,
    *,
    kind: SourceKind = SourceKind.WEBSITE,
    path_prefix: str = "",
    read_noindex: bool = False,
    **settings: object,
) -> list[Fetch]:
    """Every outcome of one crawl, without a delay unless one is given; loopback is allowed."""
    bounds = {"allow": LOOPBACK, "delay": 0.0, "page_timeout": 5.0, "version": "1.2.3", **settings}
    source = Source("test", kind, location, path_prefix=path_prefix, read_noindex=read_noindex)
    return list(ScrapyCrawler(CrawlSettings(**bounds)).crawl(source, known or {}))  # type: ignore[arg-type]


def links(*paths: str) -> str:
    """Links to these paths, as a page has them."""
    return "".join(f'<a href="{path}">{path}</a> ' for path in paths)


def as_known(fetches: Iterable[Fetch]) -> dict[str, KnownPage]:
    """What a refresh would keep of a crawl for the next."""
    return {
        fetch.url: KnownPage(fetch.url, fetch.etag, fetch.last_modified, "", fetch.links)
        for fetch in fetches
        if fetch.outcome in {FetchOutcome.FETCHED, FetchOutcome.UNCHANGED}
    }


def urls(fetches: Iterable[Fetch], outcome: FetchOutcome = FetchOutcome.FETCHED) -> set[str]:
    """The URLs with this outcome."""
    return {fetch.url for fetch in fetches if fetch.outcome is outcome}


def of(fetches: Iterable[Fetch], url: str) -> Fetch:
    """The one outcome of a URL."""
    (found,) = [fetch for fetch in fetches if fetch.url == url]
    return found
