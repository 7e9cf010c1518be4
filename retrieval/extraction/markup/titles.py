"""A line that repeats the page's title and asks: the page of a help centre on one question, without a heading."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.extraction import phrases, wording
from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import heading_level
from retrieval.extraction.page import Page
from retrieval.text.scripts import HAN

_PARTS = re.compile(rf"\s+[-–—|·:]\s+|[|_｜—]|[-–](?=[{HAN}])|(?<=[?？{HAN}])[-–]")


def find_groups(page: Page) -> Iterator[Group]:
    """Each block that says the first part of the title, by itself: an entry of a menu may say it too."""
    title = _PARTS.split(page.title, maxsplit=1)[0]
    if not phrases.plainly_asks(title):
        return
    asked = {wording.fold_text(title), wording.fold_text(page.title)}
    for block in page.blocks:
        if not heading_level(block) and wording.fold_text(page.text_of(block)) in asked:
            yield Group([Marker(block)], Evidence.LOOKS)
