"""What a list of articles, the last changed first, tells of those that are known. Pure.

A page's etag holds its article's id and moment, its cursor the list's latest moment and number of items. Where nothing
is later and the number is the same, one answer says that all is as it was. What is later is read until what was known
begins; where the numbers then do not add up, something was taken away, and the whole list is read to find out what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from retrieval.crawling.help_centres.articles import Article, ListPage
from retrieval.crawling.urls import to_canonical_url
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage

Next = Literal["page", "confirm", "done"]
GONE = "it is no longer among the help centre's public articles"
UNSTEADY = "the help centre changed while it was read"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list stood: its language, the latest moment in it, and how many items it had."""

    language: str
    latest: str
    total: int

    def to_text(self) -> str:
        """The inverse of `read_cursor`."""
        return f"{self.language} {self.latest} {self.total}"


def read_cursor(text: str) -> Cursor | None:
    """None for what is no cursor."""
    parts = text.split(" ")
    return Cursor(parts[0], parts[1], int(parts[2])) if len(parts) == 3 and parts[2].isdigit() else None


def group_by_language(known: Mapping[str, KnownPage]) -> dict[str | None, dict[str, KnownPage]]:
    """The known pages of each list, by their cursors; under None those of which it is not known."""
    groups: dict[str | None, dict[str, KnownPage]] = {}
    for url, page in known.items():
        cursor = read_cursor(page.cursor)
        groups.setdefault(cursor.language if cursor else None, {})[url] = page
    return groups


class ListReading:
    """One list, read answer by answer. `known` are the pages that it had, `unplaced` those of which it is not known
    what list had them: while there are any, lists are read whole. `limit` is how many articles are taken."""

    def __init__(
        self, language: str, known: Mapping[str, KnownPage], unplaced: Mapping[str, KnownPage], limit: int
    ) -> None:
        self.language = language
        self.pages_read = 0
        self.is_steady = True  # it stood still while it was read
        self._known = known
        self._unplaced = unplaced
        self._known_items = {page.etag.partition(" ")[0] for page in known.values()}
        self._limit = limit
        cursors = {page.cursor for page in known.values()}
        self._cursor = read_cursor(cursors.pop()) if len(cursors) == 1 and not unplaced else None
        self._first: ListPage | None = None
        self._public: dict[str, Article] = {}  # by canonical URL
        self._moments: dict[str, str] = {}  # of every item
        self._is_whole = False  # the list was read to its end
        self._is_cut = False

    def take_answer(self, page: ListPage) -> Next:
        """What to ask next: the list's next page, its first one again to confirm that it stood still, or nothing."""
        if self._is_whole:
            self.is_steady = page == self._first
            return "done"
        self._first = self._first or page
        self.pages_read += 1
        for article in page.articles:
            self._moments.setdefault(article.item, article.updated)
            if article.is_public and (url := to_canonical_url(article.url)):
                self._public.setdefault(url, article)
        if self._has_caught_up(page):
            return "done"
        self._is_cut = len(self._public) >= self._limit and page.has_more
        if page.has_more and page.articles and not self._is_cut:
            return "page"
        self._is_whole = True
        has_lost = any(url not in self._public for url in (*self._known, *self._unplaced))
        return "confirm" if has_lost and not self._is_cut else "done"

    def settle(self) -> Iterator[Fetch]:
        """The outcome of every article that was read, and of every known page."""
        cursor = self._build_cursor()
        taken = dict(list(self._public.items())[: self._limit])
        total = len(taken) if self._is_whole else len(taken | dict(self._known))
        for url, article in taken.items():
            known = self._known.get(url) or self._unplaced.get(url)
            if known and known.etag == _build_etag(article):
                yield _build_unchanged(known, cursor, total)
            else:
                yield _build_fetched(url, article, cursor, total)
        for url, known in self._known.items():
            if url in taken:
                continue
            was_listed = known.etag.partition(" ")[0] in self._moments  # and is a draft, or elsewhere
            if self._is_cut:
                yield Fetch(
                    url, FetchOutcome.GONE, url, reason=f"the source's limit of {self._limit} pages was reached"
                )
            elif was_listed or (self._is_whole and self.is_steady):
                yield Fetch(url, FetchOutcome.GONE, url, reason=GONE)
            elif self._is_whole:
                yield Fetch(url, FetchOutcome.FAILED, url, reason=UNSTEADY)
            else:
                yield _build_unchanged(known, cursor, total)

    def _has_caught_up(self, page: ListPage) -> bool:
        """Whether all that changed since the cursor was read, and nothing was taken away.

        Each item that came raises the number by one at most, each that went lowers it: it is higher by all the new
        ones only if none went. A draft that changed counts as new, too; then the whole list is read in vain.
        """
        cursor, first = self._cursor, self._first
        if cursor is None or first is None:
            return False
        oldest = min((article.updated for article in page.articles), default="")
        if page.has_more and oldest >= cursor.latest and self._is_any_later(cursor):
            return False
        later = [item for item, moment in self._moments.items() if moment > cursor.latest]
        return first.total == cursor.total + sum(item not in self._known_items for item in later)

    def _is_any_later(self, cursor: Cursor) -> bool:
        return any(moment > cursor.latest for moment in self._moments.values())

    def _build_cursor(self) -> str:
        """None that could be gone on from, where the list was cut off or moved meanwhile."""
        first = self._first
        if first is None or not first.articles or self._is_cut or not self.is_steady:
            return ""
        return Cursor(self.language, max(article.updated for article in first.articles), first.total).to_text()


def _build_etag(article: Article) -> str:
    return f"{article.item} {article.updated}"


def _build_unchanged(known: KnownPage, cursor: str, total: int) -> Fetch:
    return Fetch(
        known.url,
        FetchOutcome.UNCHANGED,
        known.url,
        304,
        etag=known.etag,
        discovered=total,
        text=known.text,
        cursor=cursor,
    )


def _build_fetched(url: str, article: Article, cursor: str, total: int) -> Fetch:
    return Fetch(
        url,
        FetchOutcome.FETCHED,
        url,
        200,
        article.to_html(),
        "text/html; charset=utf-8",
        etag=_build_etag(article),
        bytes_received=len(article.body.encode("utf-8", "replace")),
        discovered=total,
        cursor=cursor,
    )
