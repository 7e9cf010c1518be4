"""The crawl: from a source to its pages, politely, behind an address guard, with nothing fetched twice in vain."""

from retrieval.crawling.folder import FolderReader, read_file
from retrieval.crawling.process import ScrapyCrawler
from retrieval.crawling.settings import CrawlSettings
from retrieval.crawling.sources import CrawlerBySource, crawler_for

__all__ = ["CrawlSettings", "CrawlerBySource", "FolderReader", "ScrapyCrawler", "crawler_for", "read_file"]
