"""Declarative shadow roots: what a custom element shows in place of its children, and where these stand in it."""

from __future__ import annotations

from bs4 import BeautifulSoup, PageElement, Tag

from retrieval.extraction.elements import get_attribute

_MODES = ("shadowrootmode", "shadowroot")


def open_shadow_roots(soup: BeautifulSoup) -> None:
    """Put each shadow root where its host's children are shown, with them in its slots; a child without one goes."""
    for template in reversed(soup.find_all("template")):  # the inner ones first: their slots are their own
        if template.parent is not None and any(template.has_attr(mode) for mode in _MODES):
            _open_root(template, template.parent)


def _open_root(template: Tag, host: Tag) -> None:
    children = [node for node in host.contents if node is not template]
    for slot in template.find_all("slot"):
        name = get_attribute(slot, "name")
        given = [node for node in children if _slot_name(node) == name]
        if any(isinstance(node, Tag) or node.get_text(strip=True) for node in given):
            slot.clear()  # what stood in it was shown only for want of something
            for node in given:
                slot.append(node.extract())
            children = [node for node in children if all(node is not other for other in given)]
        slot.unwrap()
    for node in children:
        node.extract()
    template.name = "div"


def _slot_name(node: PageElement) -> str:
    return get_attribute(node, "slot") if isinstance(node, Tag) else ""
