"""Blocks alike in markup of which most ask: cells of a table, list items, paragraphs and boxes of any class."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import get_attribute, heading_level
from retrieval.extraction.markup.bold import is_bold
from retrieval.extraction.page import Page

_STATE = re.compile(
    r"\d+|active|open(ed)?|closed?|collapsed|expanded|first|last|odd|even|selected|current|show(n)?", re.IGNORECASE
)
MAX_CELLS = 8  # a row of more is data
Signature = tuple[object, ...]


def find_groups(page: Page) -> Iterator[Group]:
    """Blocks with the same signature: names, classes, place in a row or item, of themselves and the element around."""
    alike: defaultdict[Signature, list[Marker]] = defaultdict(list)
    for block in (*page.blocks, *_find_buttons(page)):
        if not heading_level(block) and len(page.text_of(block)) <= 300:
            alike[_build_signature(page, block)].append(Marker(block))
    for markers in alike.values():
        if len(markers) >= 2:
            yield Group(markers, Evidence.LOOKS)


def _find_buttons(page: Page) -> list[Tag]:
    return [tag for tag in page.tags if tag.name == "button" and page.has_text(tag)]


def _build_signature(page: Page, block: Tag) -> Signature:
    parts: list[object] = [_describe_only_child(page, block)]
    for tag in (block, block.parent):
        if tag is None:
            break
        placed = tag.name in ("td", "th", "p", "div", "span") and tag is not page.root  # nothing around it is numbered
        place = _describe_place(page, tag) if placed else ""
        classes = frozenset(name for name in get_attribute(tag, "class").split() if not _STATE.search(name))
        parts.append((tag.name, classes, place))
    return tuple(parts)


def _describe_only_child(page: Page, block: Tag) -> str:
    only = [child for child in block.contents[:MAX_CELLS] if page.has_text(child)]
    if len(only) == 1 and isinstance(only[0], Tag):
        return "bold" if is_bold(only[0]) else f"{only[0].name}.{get_attribute(only[0], 'class')}"
    return ""


def _describe_place(page: Page, tag: Tag) -> str:
    """Which cell of its row, or whether first in its list item."""
    parent = tag.parent
    if parent is None or parent.name not in ("tr", "li", "div", "section", "article"):
        return ""
    if parent.name == "tr":
        cells = [cell for cell in parent.children if isinstance(cell, Tag)][:MAX_CELLS]
        return f"cell {next((index for index, cell in enumerate(cells) if cell is tag), MAX_CELLS)}"
    return "later" if page.count_letters(page.span_of(parent)[0], page.span_of(tag)[0]) else "first"
