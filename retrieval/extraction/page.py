"""A parsed page as blocks with positions: what every kind of markup is looked for in."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.errors import ExtractionError
from retrieval.extraction import phrases, wording
from retrieval.extraction.elements import (
    BLOCKS,
    class_names,
    get_attribute,
    heading_level,
    iterate_ancestors,
    leads_somewhere,
    resolve_url,
    tags_in,
    text_of,
    texts_in,
)

MAX_CHARACTERS = 2_000_000  # of text: more than a thousand pages of a book


class Page:
    """A parsed, pruned page. Positions count the tree's nodes in document order; a node spans [start, end)."""

    def __init__(
        self,
        soup: BeautifulSoup,
        root: Tag,
        url: str,
        *,
        title: str,
        heading: str,
        language: str,
        declared_faq: bool,
        is_post: bool = False,
    ) -> None:
        self.soup = soup
        self.root = root
        self.url = url
        self.title = title
        self.heading = heading
        self.language = language
        self.declared_faq = declared_faq
        self.is_post = is_post  # of a blog or newspaper
        base = soup.find("base", href=True)
        self.base = resolve_url(url, get_attribute(base, "href")) or url if isinstance(base, Tag) else url
        self._texts: dict[int, str] = {}
        if sum(len(text.strip()) for text in texts_in(root)) > MAX_CHARACTERS:
            raise ExtractionError(f"{url} holds over {MAX_CHARACTERS:,} characters of text: leave it out, or split it")
        self._child_ends: dict[int, list[int]] = {}
        self._number_nodes()

    def with_fresh_positions(self) -> Page:
        """The same page after its tree was changed."""
        return Page(
            self.soup,
            self.root,
            self.url,
            title=self.title,
            heading=self.heading,
            language=self.language,
            declared_faq=self.declared_faq,
            is_post=self.is_post,
        )

    def _number_nodes(self) -> None:
        """Number the tree's nodes and sum its visible letters, links' letters apart."""
        self._span: dict[int, tuple[int, int]] = {}
        self._letters, self._linked = [0], [0]
        links = 0
        stack: list[tuple[PageElement, bool]] = [(self.root, False)]
        while stack:
            node, leaving = stack.pop()
            position = len(self._letters) - 1
            if leaving:
                self._span[id(node)] = (self._span[id(node)][0], position)
                links -= isinstance(node, Tag) and leads_somewhere(node)
                continue
            count = 0
            if isinstance(node, Tag):
                links += leads_somewhere(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
            else:
                count = sum(map(str.isalnum, node.get_text())) if isinstance(node, NavigableString) else 0
            self._span[id(node)] = (position, position + 1)
            self._letters.append(self._letters[-1] + count)
            self._linked.append(self._linked[-1] + (count if links else 0))

    def span_of(self, node: PageElement) -> tuple[int, int]:
        """-> [start, end) of the node in document order."""
        return self._span[id(node)]

    def count_letters(self, start: int, end: int) -> int:
        """How many letters and digits stand in [start, end)."""
        return self._letters[end] - self._letters[start]

    def text_of(self, node: PageElement) -> str:
        """What `elements.text_of` says of the node, kept."""
        text = self._texts.get(id(node))
        if text is None:
            text = self._texts[id(node)] = text_of(node)
        return text

    def first_letter(self, node: PageElement) -> int:
        """The position of the first text in the node that has a letter or digit (its end when none has)."""
        start, end = self.span_of(node)
        return bisect.bisect_right(self._letters, self._letters[start], start, end) - 1

    def linked_share(self, start: int, end: int) -> float:
        """Which share of the letters in [start, end) stands in links."""
        return (self._linked[end] - self._linked[start]) / max(1, self.count_letters(start, end))

    def local_fragment(self, link: Tag) -> str:
        """The fragment of this very page that the link leads to, "" where it leads elsewhere."""
        href = get_attribute(link, "href")
        address, _, fragment = href.partition("#")
        same = not address or resolve_url(self.base, address) == self.url.partition("#")[0]
        return unquote(fragment) if same else ""

    def leads_here(self, link: Tag) -> bool:
        """Whether the link leads to this very page, or to a place on it."""
        return resolve_url(self.base, get_attribute(link, "href")).partition("#")[0] == self.url.partition("#")[0]

    def is_entry(self, block: Tag) -> bool:
        """Whether the block is an entry of a list of links: nearly all of its text leads somewhere."""
        return self.linked_share(*self.span_of(block)) > 0.7

    def has_text(self, node: PageElement) -> bool:
        """Whether the node holds a letter or digit."""
        return self.count_letters(*self.span_of(node)) > 0

    def holds_node(self, outer: Tag, inner: PageElement) -> bool:
        """Whether `inner` is `outer` or lies in it."""
        (start, end), (first, last) = self.span_of(outer), self.span_of(inner)
        return start <= first and last <= end

    @cached_property
    def blocks(self) -> list[Tag]:
        """The innermost blocks that hold text, in document order."""
        return [tag for tag in self.tags if tag.name in BLOCKS and self.has_text(tag) and not self._holds_block(tag)]

    def blocks_in(self, start: int, end: int) -> list[Tag]:
        """The innermost blocks that begin in [start, end)."""
        low, high = bisect.bisect_left(self.block_starts, start), bisect.bisect_left(self.block_starts, end)
        return self.blocks[low:high]

    @cached_property
    def block_starts(self) -> list[int]:
        """Where each of `blocks` begins."""
        return [self.span_of(block)[0] for block in self.blocks]

    @cached_property
    def tags(self) -> list[Tag]:
        """Every element below the root, in document order."""
        return tags_in(self.root)

    @cached_property
    def _all_block_starts(self) -> list[int]:
        return [self.span_of(tag)[0] for tag in self.tags if tag.name in BLOCKS]

    def _holds_block(self, tag: Tag) -> bool:
        start, end = self.span_of(tag)
        index = bisect.bisect_right(self._all_block_starts, start)
        return index < len(self._all_block_starts) and self._all_block_starts[index] < end

    def is_leaf(self, tag: Tag) -> bool:
        """Whether no block lies in the element."""
        return not self._holds_block(tag)

    @cached_property
    def headings(self) -> list[tuple[int, int, Tag]]:
        """(start, level, heading) of each heading with text, in document order."""
        return [
            (self.span_of(tag)[0], heading_level(tag), tag)
            for tag in self.tags
            if heading_level(tag) and self.has_text(tag)
        ]

    @cached_property
    def frame_headings(self) -> list[tuple[int, int]]:
        """(start, level) of each heading that names a part of the page's frame ("Related articles")."""
        return [(start, level) for start, level, tag in self.headings if phrases.is_furniture(self.text_of(tag))]

    @cached_property
    def tags_by_id(self) -> dict[str, Tag]:
        """Elements by id, or by name where a link may name them."""
        found: dict[str, Tag] = {}
        for tag in self.tags:
            for name in (get_attribute(tag, "id"), get_attribute(tag, "name") if tag.name == "a" else ""):
                if name:
                    found.setdefault(name, tag)
        return found

    @cached_property
    def is_faq(self) -> bool:
        """Whether the page as a whole announces itself as an FAQ: by title, URL, first heading or structured data."""
        return (
            self.declared_faq
            or wording.speaks_of_faq(self.title)
            or wording.speaks_of_faq(self.heading)
            or wording.slug_speaks_of_faq(_extract_slug(self.url))
        )

    @cached_property
    def is_legal(self) -> bool:
        """Whether the page is a policy, terms or the like, and not a question about one."""
        return any(
            wording.speaks_of_law(text) and not phrases.plainly_asks(text) for text in (self.title, self.heading)
        )

    def is_in_faq(self, node: Tag) -> bool:
        """Whether the page, an element around the node, or the heading above it announces an FAQ."""
        if self.is_faq:
            return True
        for tag in (node, *node.parents):
            if tag is self.root:
                break
            if any(wording.slug_speaks_of_faq(word) for word in class_names(tag)):
                return True
        return any(wording.speaks_of_faq(self.text_of(heading)) for heading in self.headings_above(node))

    @cached_property
    def _outline(self) -> list[int]:
        """For each heading the index of the one above it: the last before it of a higher rank (-1: none)."""
        above, open_ = [], [-1]
        for index, (_, level, _) in enumerate(self.headings):
            while open_[-1] >= 0 and self.headings[open_[-1]][1] >= level:
                open_.pop()
            above.append(open_[-1])
            open_.append(index)
        return above

    def headings_above(self, node: Tag) -> Iterator[Tag]:
        """The headings the node stands under, from the nearest up."""
        start = self.span_of(node)[0]
        levels = [heading_level(tag) for tag in (node, *tags_in(node), *iterate_ancestors(node, self.root))]
        level = next((level for level in levels if level), 7)
        index = bisect.bisect_left(self.headings, start, key=lambda heading: heading[0]) - 1
        while index >= 0:
            _, rank, heading = self.headings[index]
            if rank < level and not self.holds_node(heading, node):
                yield heading
                level = rank
            index = self._outline[index]

    def find_pieces(self, start: int, end: int, scope: Tag) -> list[PageElement]:
        """The largest nodes of `scope` that lie wholly in [start, end), in order."""
        found: list[PageElement] = []
        stack: list[PageElement] = [scope]
        while stack:
            node = stack.pop()
            first, last = self.span_of(node)
            if last <= start or first >= end:
                continue
            if start <= first and last <= end:
                found.append(node)
            elif isinstance(node, Tag):
                ends = self._find_child_ends(node)
                low, high = bisect.bisect_right(ends, start), bisect.bisect_left(ends, end)
                stack.extend(reversed(node.contents[low : high + 1]))
        return found

    def _find_child_ends(self, tag: Tag) -> list[int]:
        """Where each child of the element ends."""
        ends = self._child_ends.get(id(tag))
        if ends is None:
            ends = self._child_ends[id(tag)] = [self.span_of(child)[1] for child in tag.contents]
        return ends


def _extract_slug(url: str) -> str:
    """The part of the URL that a site's author chose: of a file, its name alone, since anyone's folder may be "faq"."""
    parts = urlsplit(url)
    return parts.path.rpartition("/")[2] if parts.scheme == "file" else parts.path
