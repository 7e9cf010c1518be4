"""How every crawl behaves: politeness, bounds, and which addresses it may reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from retrieval.media_types import DOCUMENT_TYPES, ending_of

MIB = 1024 * 1024
PAGE_BYTES = 10 * MIB
DOCUMENT_BYTES = 30 * MIB


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """`allow` lists CIDRs that the address guard lets through although they are private or loopback.

    Per host: at least `delay` seconds between requests (AutoThrottle makes it longer where a server is slow; 0 leaves
    only `concurrency` as the brake) and at most `concurrency` requests at once. Bounds of one crawl: `max_pages` pages
    taken, links followed `max_depth` deep, `max_seconds` in all. Bounds of one page: `page_timeout` seconds and
    `page_bytes` (on the wire and unpacked; `document_bytes` for a PDF, a Word file or a spreadsheet), `retries` after a
    server's fault, `max_redirects`. `memory_bytes` is the
    address space of the crawl process. `contact` (a URL or an address) goes with `version` into the user agent.
    `browser` is the program that renders pages ("": the first Chromium or Chrome on the PATH).
    `intercom_token` may read the articles of an Intercom workspace. `cache` is a folder for sitemaps, so that an
    unchanged one costs no body (None: they are read anew each time).
    """

    allow: tuple[str, ...] = ()
    delay: float = 0.25
    concurrency: int = 4
    max_pages: int = 2000
    max_depth: int = 10
    max_seconds: float = 3600
    page_timeout: float = 30
    page_bytes: int = PAGE_BYTES
    document_bytes: int = DOCUMENT_BYTES
    retries: int = 2
    max_redirects: int = 10
    memory_bytes: int = 2048 * MIB
    contact: str = ""
    version: str = "0"
    cache: Path | None = None
    browser: str = ""
    intercom_token: str = field(default="", repr=False)

    def limit_bytes(self, url: str) -> int:
        """How many bytes the file at the URL may have, by what its ending says it is."""
        return self.document_bytes if ending_of(urlsplit(url).path) in DOCUMENT_TYPES else self.page_bytes

    @property
    def user_agent(self) -> str:
        """`Frontdesk/<version> (+contact)`."""
        return f"Frontdesk/{self.version}" + (f" (+{self.contact})" if self.contact else "")
