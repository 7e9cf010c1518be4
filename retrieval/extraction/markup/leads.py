"""Lists whose every item opens with a line set off in bold or italics and goes on below it."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.markup.bold import is_bold
from retrieval.extraction.page import Page

_SET_OFF = ("em", "i", "b", "strong", "u")


def find_groups(page: Page) -> Iterator[Group]:
    """One group for each such list of two items or more."""
    for listing in page.tags:
        if listing.name not in ("ol", "ul"):
            continue
        items = [item for item in listing.find_all("li", recursive=False) if page.has_text(item)]
        markers = [marker for item in items if (marker := _split_item(page, item)) is not None]
        if len(markers) >= 2 and len(markers) == len(items):
            yield Group(markers, Evidence.UNFOLDS)


def _split_item(page: Page, item: Tag) -> Marker | None:
    start, end = page.span_of(item)
    blocks = page.blocks_in(start, end)
    if len(blocks) < 2 or not _is_set_off(page, blocks[0]):
        return None
    return Marker(blocks[0], tuple(page.find_pieces(page.span_of(blocks[0])[1], end, item)))


def _is_set_off(page: Page, block: Tag) -> bool:
    """Whether all of the block's text stands in one bold or italic element."""
    inside = [child for child in block.children if page.has_text(child)]
    return len(inside) == 1 and isinstance(inside[0], Tag) and (inside[0].name in _SET_OFF or is_bold(inside[0]))
