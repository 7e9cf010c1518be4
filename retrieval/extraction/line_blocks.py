"""Give every run of text a block of its own."""

from __future__ import annotations

from bs4 import BeautifulSoup, PageElement, Tag

from retrieval.extraction import wording
from retrieval.extraction.elements import BLOCKS, RUN, find_first, find_tags, tags_in, text_of

_INLINE_BOLD = ("b", "strong")
_CONTAINERS = (
    "body",
    "div",
    "td",
    "th",
    "li",
    "dd",
    "section",
    "article",
    "main",
    "blockquote",
    "form",
    "details",
    "fieldset",
    "center",
)


def give_blocks(soup: BeautifulSoup, root: Tag) -> None:
    """Put runs of bare text beside blocks, and lines that part question and answer, in blocks of their own."""
    for tag in (root, *find_tags(root, ("p", *_CONTAINERS))):
        if any(parent.name == "pre" for parent in tag.parents):
            continue
        if tag.name == "p" or not any(_is_block(child) for child in tag.children):
            if find_first(tag, ("br",)) and _asks_in_lines(tag):
                if tag.name == "p":
                    tag.name = "div"
                _wrap_runs(soup, _split_into_runs(tag))
        else:
            _wrap_runs(soup, _split_into_runs(tag))


def _is_block(node: PageElement) -> bool:
    return isinstance(node, Tag) and (node.name in BLOCKS or any(tag.name in BLOCKS for tag in tags_in(node)))


def _split_into_runs(tag: Tag) -> list[list[PageElement]]:
    """The runs of inline nodes directly in `tag`, parted at blocks, and at line breaks where lines mean something."""
    runs: list[list[PageElement]] = [[]]
    split = _asks_in_lines(tag)
    for child in tag.contents:
        if _is_block(child) or (split and isinstance(child, Tag) and child.name == "br"):
            runs.append([])
        else:
            runs[-1].append(child)
            if isinstance(child, Tag) and split and find_first(child, ("br",)) is not None and text_of(child):
                runs.append([])
    return [run for run in runs if any(text_of(node) for node in run)]


def _asks_in_lines(tag: Tag) -> bool:
    """Whether a line of the element's own text is bold or labelled or asks, so that its lines mean something."""
    first, fresh = None, True
    for child in tag.contents:
        if isinstance(child, Tag) and child.name == "br":
            fresh = True
            continue
        text = text_of(child)
        if not text:
            continue
        if fresh:
            first = text
            if isinstance(child, Tag) and any(tag.name in _INLINE_BOLD for tag in (child, *tags_in(child))):
                return True
            if wording.question_label_length(text) or wording.answer_label_length(text):
                return True
        if first is not None and wording.is_asked(text):
            return True
        fresh = False
    return False


def _wrap_runs(soup: BeautifulSoup, runs: list[list[PageElement]]) -> None:
    for run in runs:
        box = soup.new_tag("div", attrs={RUN: ""})
        run[0].insert_before(box)
        for node in run:
            box.append(node.extract())
