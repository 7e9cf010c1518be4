"""A page's source -> a tree of bounded size."""

from __future__ import annotations

import warnings

from bs4 import BeautifulSoup, PageElement, Tag, XMLParsedAsHTMLWarning

from retrieval.errors import ExtractionError

warnings.filterwarnings("ignore", category=XMLParsedAsHTMLWarning)

MAX_ELEMENTS = 80_000
MAX_SIBLINGS = 12_000  # nodes in one element, text included
MAX_DEPTH = 200  # deeper than any editor makes; markdownify and CSS selectors recurse


class _SweptTag(Tag):
    """A tag that looks a child up near the last one found: pages are changed from front to back, and BeautifulSoup's
    own walk over all siblings would make that quadratic."""

    _last = 0

    def index(self, element: PageElement) -> int:
        contents, last = self.contents, self._last
        for position in range(max(0, last - 8), min(len(contents), last + 64)):
            if contents[position] is element:
                self._last = position
                return position
        self._last = super().index(element)
        return self._last


def parse_html(html: str, url: str) -> BeautifulSoup:
    """The page's tree. Raises ExtractionError for one with absurdly many or absurdly nested elements."""
    if html.count("<") > 3 * MAX_ELEMENTS:
        raise ExtractionError(f"{url} holds more than {MAX_ELEMENTS:,} elements: leave it out, or split it into pages")
    try:
        soup = BeautifulSoup(html, "lxml", element_classes={Tag: _SweptTag})
    except (RecursionError, ValueError, AssertionError) as error:
        raise ExtractionError(
            f"{url} cannot be parsed as HTML ({type(error).__name__}): look at the page's source"
        ) from error
    _check_size(soup, url)
    return soup


def _check_size(soup: BeautifulSoup, url: str) -> None:
    """Raises ExtractionError for a tree that is too large, too wide or too deep to work on in bounded time."""
    depth = width = count = 0
    stack: list[tuple[Tag, int]] = [(soup, 0)]
    while stack:
        node, level = stack.pop()
        depth, width, count = max(depth, level), max(width, len(node.contents)), count + 1
        stack.extend((child, level + 1) for child in node.contents if isinstance(child, Tag))
    for what, value, limit in (
        ("elements", count, MAX_ELEMENTS),
        ("nodes side by side", width, MAX_SIBLINGS),
        ("levels of nesting", depth, MAX_DEPTH),
    ):
        if value > limit:
            raise ExtractionError(f"{url} has {value:,} {what} (limit {limit:,}): leave it out, or split it into pages")
