"""The crawler for every kind of source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from retrieval.crawling.folder import FolderReader
from retrieval.crawling.process import ScrapyCrawler
from retrieval.crawling.settings import CrawlSettings
from retrieval.documents import Source, SourceKind
from retrieval.interfaces import Crawler, Fetch, KnownPage


class CrawlerBySource:
    """Implements `Crawler` by handing each source to the crawler of its kind."""

    def __init__(self, crawlers: Mapping[SourceKind, Crawler]) -> None:
        self._crawlers = crawlers

    def crawl(self, source: Source, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        """See `Crawler`."""
        return self._crawlers[source.kind].crawl(source, known)


def crawler_for(settings: CrawlSettings) -> Crawler:
    """Websites, pages and help centres over HTTP, folders from disk."""
    web = ScrapyCrawler(settings)
    over_http = (SourceKind.WEBSITE, SourceKind.PAGE, SourceKind.ZENDESK, SourceKind.INTERCOM)
    return CrawlerBySource({**dict.fromkeys(over_http, web), SourceKind.FOLDER: FolderReader(settings)})
