"""A list of questions at the top of the page that links down to them: what it leads to are the questions."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction import wording
from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import heading_level, iterate_ancestors
from retrieval.extraction.page import Page

_REACH = 3  # how many blocks after an anchor may be the one it is meant for


def find_groups(page: Page) -> Iterator[Group]:
    """The blocks that in-page links lead to and that repeat the link's text; one group for each kind of element."""
    alike: defaultdict[str, list[Marker]] = defaultdict(list)
    seen = set()
    for link in page.tags:
        target = page.tags_by_id.get(page.local_fragment(link)) if link.name == "a" else None
        asked = wording.fold_text(wording.tidy_question(page.text_of(link)))
        if target is None or len(asked) < 4 or page.holds_node(target, link):
            continue
        block = _find_block_saying(page, asked, target)
        if block is not None and id(block) not in seen:
            seen.add(id(block))
            alike[block.name].append(Marker(block))
    for markers in alike.values():
        if len(markers) >= 3:
            yield Group(markers, Evidence.LOOKS)


def _find_block_saying(page: Page, asked: str, target: Tag) -> Tag | None:
    """The block around or soon after the target that says what was asked, and is no entry of the list itself."""
    around = [
        tag for tag in (target, *iterate_ancestors(target, page.root)) if page.is_leaf(tag) and page.has_text(tag)
    ][-1:]
    first = bisect.bisect_left(page.block_starts, page.span_of(target)[0])
    for block in (*around, *page.blocks[first : first + _REACH]):
        said = wording.fold_text(wording.tidy_question(page.text_of(block)))
        alike = said == asked or (len(asked) > 12 and said.startswith(asked) and len(said) < 1.3 * len(asked))
        if alike and (heading_level(block) or not page.is_entry(block)):
            return block
    return None
