"""schema.org/Question as microdata (or RDFa's typeof) on the visible page."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import attribute
from retrieval.extraction.page import Page


def groups(page: Page) -> Iterator[Group]:
    """Each element of type Question with its `name` and the `text` of its answer."""
    markers = []
    for item in page.tags:
        if not _is_question(item):
            continue
        name = _property(page, item, ("name", "headline"))
        answer = _property(page, item, ("acceptedAnswer", "suggestedAnswer"))
        if name is None or answer is None:
            continue
        body = _property(page, answer, ("text",)) or answer
        markers.append(Marker(name, (body,)))
    if markers:
        yield Group(markers, Evidence.NAMED)


def _is_question(tag: Tag) -> bool:
    kind = attribute(tag, "itemtype") or attribute(tag, "typeof")
    return kind.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1] == "Question"


def _property(page: Page, item: Tag, names: tuple[str, ...]) -> Tag | None:
    for tag in (node for node in item.descendants if isinstance(node, Tag)):
        words = f"{attribute(tag, 'itemprop')} {attribute(tag, 'property')}".replace("schema:", "").split()
        if any(name in words for name in names) and page.has_text(tag):
            return tag
    return None
