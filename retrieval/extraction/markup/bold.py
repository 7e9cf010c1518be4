"""Questions in bold that open a block: "<p><b>Why?</b> Because …", "<b>Why?</b><br>Because …"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bs4 import NavigableString, Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import get_attribute, text_of
from retrieval.extraction.page import Page

_BOLD = ("b", "strong", "u", "big")


def find_groups(page: Page) -> Iterator[Group]:
    """Bold openings, those that fill their block apart from those that begin it."""
    alike: defaultdict[tuple[str, bool], list[Marker]] = defaultdict(list)
    for block in page.blocks:
        opening = _find_opening(block)
        if opening is None:
            continue
        full = text_of(opening) == text_of(block)
        alike[block.name, full].append(Marker(block if full else opening))
    for markers in alike.values():
        yield Group(markers, Evidence.LOOKS)


def _find_opening(block: Tag) -> Tag | None:
    """The bold element that the block's text begins with."""
    for child in block.children:
        if isinstance(child, Tag):
            if not text_of(child):
                continue
            if is_bold(child):
                return child
            return _find_opening(child) if child.name in ("span", "a", "em", "i", "u", "label") else None
        if isinstance(child, NavigableString) and any(char.isalnum() for char in child):
            return None
    return None


def is_set_in_bold(page: Page, tag: Tag) -> bool:
    """Whether the element is bold, or what it holds is one bold element."""
    inside = [child for child in tag.children if page.has_text(child)]
    return is_bold(tag) or (len(inside) == 1 and isinstance(inside[0], Tag) and is_bold(inside[0]))


def is_bold(tag: Tag) -> bool:
    """Whether the element sets its text bold: by its name, or by an inline style."""
    style = get_attribute(tag, "style").replace(" ", "").lower()
    return tag.name in _BOLD or any(f"font-weight:{weight}" in style for weight in ("bold", "600", "700", "800", "900"))
