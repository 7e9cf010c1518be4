"""What a reader sees of a page, block by block, as it came: before anything is taken for furniture and left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.coverage import LossKind
from retrieval.extraction.elements import BLOCKS, get_attribute, heading_level, is_marked_hidden, leads_somewhere
from retrieval.extraction.shown.never_shown import NEVER_SHOWN
from retrieval.text.cleaning import collapse_whitespace

_NEVER_SEEN = frozenset(
    ["script", "style", "template", "noscript", "title", "iframe", "object", "audio", "video", "canvas"]
)
_DRAWN = frozenset(["svg", "math"])
_CONTROLS = frozenset(["select", "datalist", "textarea"])
_MENU_ROLES = frozenset(["navigation", "search", "contentinfo", "menu", "menubar", "banner"])


@dataclass(frozen=True, slots=True)
class VisibleBlock:
    """A run of text without a block inside (a table's row is one). `place` is what its surroundings alone say against
    it, None for a text like any other; `letters` and digits, so many of them `linked`."""

    text: str
    letters: int
    linked: int
    place: LossKind | None
    is_heading: bool


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What holds for all text of an element."""

    owner: int = 0  # the id() of the innermost block
    place: LossKind | None = None
    in_article: bool = False
    in_link: bool = False
    is_heading: bool = False


def read_visible_blocks(soup: BeautifulSoup) -> list[VisibleBlock]:
    """The blocks of text in document order. The tree is left as it is."""
    blocks: list[VisibleBlock] = []
    parts: list[str] = []
    letters = linked = 0
    current = _Surroundings()
    for text, around in _walk_texts(soup):
        if around.owner != current.owner or around.place is not current.place:
            _add_block(blocks, parts, letters, linked, current)
            parts, letters, linked, current = [], 0, 0, around
        parts.append(text)
        count = sum(map(str.isalnum, text))
        letters += count
        linked += count * around.in_link
    _add_block(blocks, parts, letters, linked, current)
    return blocks


def _add_block(blocks: list[VisibleBlock], parts: list[str], letters: int, linked: int, around: _Surroundings) -> None:
    if letters:
        text = collapse_whitespace("".join(parts))
        blocks.append(VisibleBlock(text, letters, linked, around.place, around.is_heading))


def _walk_texts(soup: BeautifulSoup) -> Iterator[tuple[str, _Surroundings]]:
    stack: list[tuple[PageElement, _Surroundings]] = [(soup, _Surroundings())]
    while stack:
        node, around = stack.pop()
        if not isinstance(node, Tag):
            if type(node) is NavigableString:
                yield str(node), around
        elif node.name in ("br", "button"):
            yield " ", around
        if isinstance(node, Tag) and node.name not in _NEVER_SEEN:
            if node.name in ("td", "th"):
                yield " ", around
            within = _look_around(node, around)
            stack.extend((child, within) for child in reversed(node.contents))


def _look_around(tag: Tag, around: _Surroundings) -> _Surroundings:
    is_block = tag.name in BLOCKS and tag.name not in ("td", "th")
    return _Surroundings(
        owner=id(tag) if is_block else around.owner,
        place=around.place or _judge_place(tag, around),
        in_article=around.in_article or tag.name in ("main", "article"),
        in_link=around.in_link or leads_somewhere(tag),
        is_heading=heading_level(tag) > 0 or (around.is_heading and not is_block),
    )


def _judge_place(tag: Tag, around: _Surroundings) -> LossKind | None:
    """Only what the markup itself says: a class name may say anything."""
    if tag.name in _DRAWN:
        return LossKind.UNREADABLE
    if is_marked_hidden(tag) or tag.has_attr(NEVER_SHOWN):
        return LossKind.HIDDEN
    if tag.name in ("nav", "footer") or tag.name in _CONTROLS or get_attribute(tag, "role") in _MENU_ROLES:
        return LossKind.FURNITURE
    return LossKind.FURNITURE if tag.name == "header" and not around.in_article else None
