"""Declarative shadow roots: what a custom element shows in place of its children, and where these stand in it."""

from __future__ import annotations

from collections import defaultdict

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
    given: defaultdict[str, list[PageElement]] = defaultdict(list)
    for node in children:
        given[_slot_name(node)].append(node.extract())
    for slot in template.find_all("slot"):
        nodes = given.pop(get_attribute(slot, "name"), [])
        if any(isinstance(node, Tag) or node.get_text(strip=True) for node in nodes):
            slot.clear()  # what stood in it was shown only for want of something
            slot.extend(nodes)
        slot.unwrap()
    template.name = "div"


def _slot_name(node: PageElement) -> str:
    return get_attribute(node, "slot") if isinstance(node, Tag) else ""
