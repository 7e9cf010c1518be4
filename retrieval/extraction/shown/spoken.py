"""What stands on a page twice: drawn for the eye, and in words for a screen reader. It is told once, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.extraction.elements import (
    BLOCKS,
    HEADINGS,
    find_ancestor,
    find_first,
    find_tags_with,
    get_attribute,
    is_decomposed,
    text_of,
)

_SPOKEN = re.compile(
    r"\b(?:sr-only|a-offscreen|off-?screen|assistive-text|element-invisible)\b|visually-?hidden|hidden-?visually"
    r"|screen-?reader",
    re.IGNORECASE,
)
_CONTROLS = ("a", "button", "summary", "label", "dt", *HEADINGS)  # words there say what the control does
_CELLS = ("td", "th", "dd", "li")
_MOST_NODES = 30  # in a cell that one text fills
_LONGEST_DRAWING = 80  # characters: a price, stars, a sign


def choose_spoken_forms(soup: BeautifulSoup) -> None:
    """Where a drawing that is hidden from screen readers stands beside words for these alone, keep the words; also
    where they are all that a cell of a table or list holds. What else is only spoken goes: it says what to do."""
    for spoken in find_tags_with(soup, "class"):
        if not _SPOKEN.search(get_attribute(spoken, "class")) or is_decomposed(spoken):
            continue
        if spoken.name not in ("span", "div", "p", "sup", "small", "b", "strong", "em", "i"):
            continue
        if find_ancestor(spoken, _CONTROLS) is not None or find_first(spoken, BLOCKS) is not None:
            continue
        drawing = next(filter(_is_drawing, _list_neighbours(spoken)), None)  # one: the next may be another's
        if drawing is not None:
            drawing.decompose()
        if drawing is not None or _fills_cell(spoken):
            _part_words(spoken)
            spoken.name = "span"
            spoken.attrs = {}


def _list_neighbours(tag: Tag) -> Iterator[Tag]:
    """The elements directly before and after; nothing but space may stand between."""
    for nodes in (tag.previous_siblings, tag.next_siblings):
        near = next((node for node in nodes if not _is_space(node)), None)
        if isinstance(near, Tag):
            yield near


def _part_words(tag: Tag) -> None:
    """Put a space between the element and a word that touches it."""
    text, before, after = tag.get_text(), tag.previous_sibling, tag.next_sibling
    if before is not None and before.get_text()[-1:].isalnum() and text[:1].isalnum():
        tag.insert_before(" ")
    if after is not None and after.get_text()[:1].isalnum() and text[-1:].isalnum():
        tag.insert_after(" ")


def _is_space(node: PageElement) -> bool:
    return not isinstance(node, Tag) and (type(node) is not NavigableString or not node.strip())


def _is_drawing(tag: Tag) -> bool:
    """Whether screen readers are told to pass the element over, and it is no box of text."""
    if get_attribute(tag, "aria-hidden") != "true" or tag.name in BLOCKS or find_first(tag, BLOCKS) is not None:
        return False
    return len(tag.get_text(strip=True)) <= _LONGEST_DRAWING


def _fills_cell(spoken: Tag) -> bool:
    cell = find_ancestor(spoken, _CELLS)
    if cell is None or len(list(islice(cell.descendants, _MOST_NODES))) == _MOST_NODES:
        return False
    return text_of(cell) == text_of(spoken)
