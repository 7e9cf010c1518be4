"""Definition lists: <dt> the question, the <dd>s after it the answer."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.page import Page


def find_groups(page: Page) -> Iterator[Group]:
    """One group for each <dl>; the innermost lists last."""
    for dl in page.tags:
        if dl.name != "dl":
            continue
        markers: list[Marker] = []
        for item in _find_items(dl):
            if item.name == "dt" and page.has_text(item):
                markers.append(Marker(item, ()))
            elif item.name == "dd" and markers:
                last = markers[-1]
                markers[-1] = Marker(last.question, (*(last.answer or ()), item))
        if markers:
            yield Group(markers, Evidence.UNFOLDS)


def _find_items(dl: Tag) -> Iterator[Tag]:
    """The list's own <dt> and <dd>, also those grouped in <div>s."""
    for child in dl.find_all(True, recursive=False):
        if child.name in ("dt", "dd"):
            yield child
        elif child.name == "div":
            yield from child.find_all(("dt", "dd"), recursive=False)
