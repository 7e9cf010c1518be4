"""A page that is no FAQ as sections: each heading with the content up to the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bs4 import PageElement, Tag

from retrieval.extraction import phrases, wording
from retrieval.extraction.page import Page
from retrieval.text.scripts import HAN

MIN_LETTERS = 12  # less is only taken where it stands as a text: it may be a lone button or a badge
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
        nodes = tuple(node for node in page.find_pieces(max(end, root_start), limit, page.root) if page.has_text(node))
        if nodes and not (heading is not None and _is_frame(page, heading, nodes)) and _says_something(page, nodes):
            sections.append(Section(heading, nodes))
    return sections


def _is_frame(page: Page, heading: Tag, nodes: Sequence[PageElement]) -> bool:
    """Whether the heading names a part of the page's frame, and what follows tells no number and no address."""
    return phrases.is_furniture(page.text_of(heading)) and not any(
        wording.states_contact(page.text_of(node)) for node in nodes
    )


def _says_something(page: Page, nodes: Sequence[PageElement]) -> bool:
    """Whether the nodes say something: no menu, no filler, and if very little, then as a text does and not a button."""
    if phrases.is_filler(" ".join(page.text_of(node) for node in nodes)):
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
