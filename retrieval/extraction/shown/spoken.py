"""What stands on a page twice: drawn for the eye, and in words for a screen reader. It is told once, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.extraction.elements import BLOCKS, HEADINGS, get_attribute, text_of

_SPOKEN = re.compile(
    r"\b(?:sr-only|a-offscreen|off-?screen|assistive-text|element-invisible)\b|visually-?hidden|hidden-?visually"
    r"|screen-?reader",
    re.IGNORECASE,
)
_CONTROLS = ("a", "button", "summary", "label", "dt", *HEADINGS)  # words there say what the control does
_CELLS = ("td", "th", "dd", "li")
_LONGEST_DRAWING = 80  # characters: a price, stars, a sign


def choose_spoken_forms(soup: BeautifulSoup) -> None:
    """Where a drawing that is hidden from screen readers stands beside words for these alone, keep the words; also
    where they are all that a cell of a table or list holds. What else is only spoken goes: it says what to do."""
    for spoken in soup.find_all(class_=_SPOKEN):
        if spoken.decomposed or spoken.name not in ("span", "div", "p", "sup", "small", "b", "strong", "em", "i"):
            continue
        if spoken.find_parent(_CONTROLS) is not None or spoken.find(BLOCKS) is not None:
            continue
        drawings = [near for near in _neighbours(spoken) if _is_drawing(near)]
        if drawings or _fills_cell(spoken):
            for drawing in drawings:
                if not drawing.decomposed:
                    drawing.decompose()
            spoken.insert_before(" ")
            spoken.insert_after(" ")
            spoken.name = "span"
            spoken.attrs = {}


def _neighbours(tag: Tag) -> Iterator[Tag]:
    """The elements directly before and after; nothing but space may stand between."""
    for nodes in (tag.previous_siblings, tag.next_siblings):
        for node in nodes:
            if isinstance(node, Tag):
                yield node
            if not _is_space(node):
                break


def _is_space(node: PageElement) -> bool:
    return type(node) is not NavigableString or not node.strip() if not isinstance(node, Tag) else False


def _is_drawing(tag: Tag) -> bool:
    """Whether screen readers are told to pass the element over, and it is no box of text."""
    if get_attribute(tag, "aria-hidden") != "true" or tag.name in BLOCKS or tag.find(BLOCKS) is not None:
        return False
    return len(tag.get_text(strip=True)) <= _LONGEST_DRAWING


def _fills_cell(spoken: Tag) -> bool:
    cell = spoken.find_parent(_CELLS)
    return cell is not None and text_of(cell) == text_of(spoken)
