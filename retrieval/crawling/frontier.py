"""What a crawl still has to ask, in breadth-first order and within its limits. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.interfaces import KnownPage

MAX_SEEN = 200_000  # URLs kept in mind; a calendar without end must not eat the memory


@dataclass(frozen=True, slots=True)
class Ask:
    """One URL to ask: how many links lead to it from the start, and the redirects that led here (oldest first).

    `kept_as` is the URL whose temporary redirect leads here, "" for none: what stands here today is that page's.
    `cookies` were set by the redirects that led here, for this host.
    """

    url: str
    depth: int = 0
    chain: tuple[str, ...] = ()
    kept_as: str = ""
    cookies: tuple[tuple[str, str], ...] = ()

    @property
    def requested_url(self) -> str:
        """The URL before any redirect."""
        return self.chain[0] if self.chain else self.url

    @property
    def page_url(self) -> str:
        """The URL that the page is known by."""
        return self.kept_as or self.url


class Frontier:
    """Each URL is asked once. `max_pages` bounds the pages taken, so what is in flight counts as if it were one."""

    def __init__(self, max_pages: int, max_depth: int) -> None:
        self._max_pages = max_pages
        self._max_depth = max_depth
        self._seen: set[str] = set()
        self._queue: deque[Ask] = deque()
        self.in_flight = 0
        self.taken = 0
        self.stopped = ""  # why nothing more is asked

    def offer_url(self, url: str, depth: int, chain: tuple[str, ...] = ()) -> bool:
        """Queue a URL unless it was seen, lies too deep or is one too many to keep in mind."""
        if depth > self._max_depth or not self.claim_url(url):
            return False
        self._queue.append(Ask(url, depth, chain))
        return True

    def queue_again(self, ask: Ask) -> None:
        """Queue what a redirect leads to, though it may have been seen."""
        self._queue.append(ask)

    def has_seen(self, url: str) -> bool:
        """Whether the URL was queued or claimed."""
        return url in self._seen

    def claim_url(self, url: str) -> bool:
        """Note a URL as seen without asking it; False if it was."""
        if url in self._seen or len(self._seen) >= MAX_SEEN:
            return False
        self._seen.add(url)
        return True

    def take_next(self) -> Ask | None:
        """The next URL to ask, now in flight; None when there is none or the limits are reached."""
        if self.stopped or not self._queue or self.taken + self.in_flight >= self._max_pages:
            return None
        self.in_flight += 1
        return self._queue.popleft()

    def record_answer(self, *, taken: bool) -> None:
        """An answer came; `taken` if it is one of the pages."""
        self.in_flight -= 1
        self.taken += taken

    @property
    def is_full(self) -> bool:
        """Whether the limit of pages ended the crawl."""
        return bool(self._queue) and self.taken >= self._max_pages

    @property
    def discovered_pages(self) -> int:
        """How many pages there are as far as is known now: taken, in flight and queued, up to the limit."""
        return min(self.taken + self.in_flight + len(self._queue), self._max_pages)


def measure_depths(start: str, known: Mapping[str, KnownPage]) -> dict[str, int]:
    """How many links lead from `start` to each known page, by the links of the last crawl; 1 for those that none
    leads to (a sitemap told of them)."""
    found = {start: 0}
    queue = deque([start])
    while queue:
        url = queue.popleft()
        page = known.get(url)
        for link in page.links if page else ():
            if link not in found and link in known:
                found[link] = found[url] + 1
                queue.append(link)
    return {url: found.get(url, 1) for url in known}
