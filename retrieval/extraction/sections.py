"""A page that is no FAQ as sections: each heading with the content up to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from bs4 import PageElement, Tag

from retrieval.extraction import phrases, wording
from retrieval.extraction.elements import find_ancestor
from retrieval.extraction.lone_questions import is_banner
from retrieval.extraction.page import Page
from retrieval.text.scripts import HAN

MIN_LETTERS = 12  # less is only taken where it stands as a text: it may be a lone button or a badge
_MENU = 3  # entries of a list of links, at least
_TEXTS = ("p", "li", "dd", "td", "pre", "blockquote")
_STATES = re.compile(rf"\d|[.。!！:：]$|[{HAN}]{{4}}")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (None: what stands before the first) with the nodes of its own content."""

    heading: Tag | None
    nodes: tuple[PageElement, ...]


def find_sections(page: Page) -> list[Section]:
    """The page's sections in document order; those without prose (menus, lists of links) are left out."""
    edges = [(page.span_of(tag), tag) for _, _, tag in page.headings]
    root_start, root_end = page.span_of(page.root)
    starts = [((root_start, root_start), None), *edges]
    sections = []
    for index, ((_, end), heading) in enumerate(starts):
        limit = starts[index + 1][0][0] if index + 1 < len(starts) else root_end
        nodes = tuple(_find_nodes(page, max(end, root_start), limit))
        in_frame = heading is not None and _is_frame(page, heading, nodes)
        if nodes and not in_frame and _says_something(page, heading, nodes):
            sections.append(Section(heading, nodes))
    return sections


def _find_nodes(page: Page, start: int, end: int) -> Iterator[PageElement]:
    """What stands in [start, end). Where lists of links are most of it, what stands beside them, if it is more than one
    of their entries and not their title."""
    menus = list(_find_menus(page, start, end)) if page.linked_share(start, end) > 0.5 else []
    edges = [start, *(edge for menu in menus for edge in (menu[0][0], menu[-1][1])), end]
    parts = list(zip(edges[::2], edges[1::2], strict=True))
    longest = max((page.count_letters(*entry) for menu in menus for entry in menu), default=0)
    if sum(page.count_letters(*part) for part in parts) > longest:
        for part in parts:
            yield from (node for node in page.find_pieces(*part, page.root) if page.has_text(node))


def _find_menus(page: Page, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """The spans of the entries of each list of links in [start, end)."""
    for is_entry, run in groupby(page.blocks_in(start, end), partial(_is_entry, page)):
        entries = [page.span_of(block) for block in run]
        if is_entry and len(entries) >= _MENU:
            yield entries


def _is_entry(page: Page, block: Tag) -> bool:
    """Whether the block is a link and hardly more, in a table with the rest of its row."""
    row = find_ancestor(block, ("tr",))
    return page.is_entry(block) and (row is None or page.is_entry(row))


def _is_frame(page: Page, heading: Tag, nodes: Sequence[PageElement]) -> bool:
    """Whether the heading names a part of the page's frame, and what follows tells no number and no address."""
    text = page.text_of(heading)
    is_call = wording.is_asked(text) and phrases.is_pitch(text)
    return (is_call or phrases.is_furniture(text)) and not any(
        wording.states_contact(page.text_of(node)) for node in nodes
    )


def _says_something(page: Page, heading: Tag | None, nodes: Sequence[PageElement]) -> bool:
    """Whether the nodes say something: no menu, no filler, and if very little, then as a text does and not a button."""
    if is_banner(page, nodes, page.text_of(heading) if heading is not None else ""):
        return False
    letters = sum(page.count_letters(*page.span_of(node)) for node in nodes)
    linked = sum(page.count_letters(*page.span_of(node)) * page.linked_share(*page.span_of(node)) for node in nodes)
    if linked > 0.7 * letters:
        return letters - linked >= 3 and any(_is_sentence(page, node) for node in nodes)
    return letters >= MIN_LETTERS or any(_is_text(page, node) for node in nodes)


def _is_text(page: Page, node: PageElement) -> bool:
    tags = (node, *node.find_all(True)) if isinstance(node, Tag) else ()
    return any(tag.name in _TEXTS and page.has_text(tag) for tag in tags) or bool(_STATES.search(page.text_of(node)))


def _is_sentence(page: Page, node: PageElement) -> bool:
    """Whether a paragraph ends as a sentence does, so that its link is part of what it says."""
    tags = (node, *node.find_all("p")) if isinstance(node, Tag) else ()
    return any(tag.name == "p" and page.text_of(tag).endswith((".", "。", "!", "！")) for tag in tags)
