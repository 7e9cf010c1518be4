"""A page that is no FAQ as sections: each heading with the content up to the next."""

from __future__ import annotations

from dataclasses import dataclass

from bs4 import PageElement, Tag

from retrieval.extraction import wording
from retrieval.extraction.page import Page

MIN_LETTERS = 12  # less is no knowledge: a heading over a picture, a lone button


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (None: what stands before the first) with the nodes of its own content."""

    heading: Tag | None
    nodes: tuple[PageElement, ...]


def find_sections(page: Page) -> list[Section]:
    """The page's sections in document order; those without prose (menus, lists of links) are left out."""
    edges = [(page.span(tag), tag) for _, _, tag in page.headings]
    root_start, root_end = page.span(page.root)
    starts = [((root_start, root_start), None), *edges]
    sections = []
    for index, ((_, end), heading) in enumerate(starts):
        limit = starts[index + 1][0][0] if index + 1 < len(starts) else root_end
        nodes = tuple(node for node in page.pieces(max(end, root_start), limit, page.root) if page.has_text(node))
        letters = sum(page.letters(*page.span(node)) for node in nodes)
        linked = sum(page.letters(*page.span(node)) * page.linked_share(*page.span(node)) for node in nodes)
        if (
            letters < MIN_LETTERS
            or linked > 0.7 * letters
            or (heading is not None and wording.is_invitation(page.text(heading)))
        ):
            continue
        sections.append(Section(heading, nodes))
    return sections
