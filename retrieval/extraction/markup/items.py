"""Repeated elements named as an FAQ's items whose parts have no names: div.faq with a p, toggle blocks, li.faq-item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import class_words, get_attribute, iterate_ancestors
from retrieval.extraction.page import Page

_ITEM = {
    "faq",
    "faqs",
    "qa",
    "qna",
    "qanda",
    "question",
    "questions",
    "accordion",
    "toggle",
    "collapse",
    "collapsible",
    "disclosure",
    "expander",
}


def find_groups(page: Page) -> Iterator[Group]:
    """Elements with the same item-like name: the first block asks, the rest answers; the innermost items first."""
    alike: defaultdict[tuple[str, str], list[Tag]] = defaultdict(list)
    for tag in page.tags:
        if (
            class_words(tag) & _ITEM
            and page.has_text(tag)
            and tag.name in ("div", "li", "section", "article", "p", "td", "ul", "span")
        ):
            alike[tag.name, get_attribute(tag, "class")].append(tag)
    found = []
    for tags in alike.values():
        members = {id(tag) for tag in tags}
        outermost = [
            tag for tag in tags if not any(id(parent) in members for parent in iterate_ancestors(tag, page.root))
        ]
        markers = [marker for tag in outermost if (marker := _split_item(page, tag)) is not None]
        if len(markers) >= 2:
            depth = sum(1 for _ in iterate_ancestors(outermost[0], page.root))
            found.append((depth, Group(markers, Evidence.UNFOLDS)))
    for _, group in sorted(found, key=lambda entry: -entry[0]):
        yield group


def _split_item(page: Page, item: Tag) -> Marker | None:
    """The item's first block as question and what follows as answer."""
    start, end = page.span_of(item)
    blocks = page.blocks_in(start, end)
    if len(blocks) > 1:
        return Marker(blocks[0], tuple(page.find_pieces(page.span_of(blocks[0])[1], end, item)))
    return None
