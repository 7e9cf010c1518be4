"""Line ends of the source, which show nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.extraction.elements import BLOCKS, find_ancestor, text_of, texts_in
from retrieval.extraction.shown.styles import find_styled
from retrieval.text.scripts import HAN, KANA

_KEEPING = ("pre", "textarea", "xmp", "listing", "plaintext")
_MOST_BREAKS = 2_000  # in a page
_BREAK = re.compile(r"[ \t\f]*[\r\n]\s*")
# Between two characters of a script without spaces a line end shows nothing at all.
_SPACELESS = re.compile(f"[{HAN}{KANA}\u3000-\u303f\uff00-\uff60—…]")


def join_lines(soup: BeautifulSoup) -> None:
    """Make each line end a space, and nothing between two Chinese or Japanese characters.

    Lines of <pre> stay, and those of boxes that a style says to keep become line breaks.
    """
    _break_kept_lines(soup)
    texts = [
        node
        for node in soup.descendants
        if type(node) is NavigableString or (isinstance(node, Tag) and (node.name in BLOCKS or node.name == "br"))
    ]
    listings = {id(code) for code in soup.find_all("code") if _is_listing(code)}
    for index, node in enumerate(texts):
        if not isinstance(node, NavigableString) or ("\n" not in node and "\r" not in node):
            continue
        if find_ancestor(node, _KEEPING) is not None or id(find_ancestor(node, ("code",))) in listings:
            continue
        before, after = _last_character(texts, index), _first_character(texts, index)
        texts[index] = joined = NavigableString(_join_text(str(node), before, after))
        node.replace_with(joined)


def _join_text(text: str, before: str, after: str) -> str:
    """`text` on one line; `before` and `after` are the characters shown around it, "" at the ends of a block."""

    def join(match: re.Match[str]) -> str:
        left = text[match.start() - 1] if match.start() else before
        right = text[match.end()] if match.end() < len(text) else after
        return " " if left and right and not (_SPACELESS.match(left) and _SPACELESS.match(right)) else ""

    return _BREAK.sub(join, text)


def _last_character(texts: Sequence[PageElement], index: int) -> str:
    """The last character shown before the text on its line."""
    for node in reversed(texts[max(0, index - 8) : index]):
        if isinstance(node, Tag):
            return ""
        if stripped := str(node).rstrip():
            return stripped[-1]
    return ""


def _first_character(texts: Sequence[PageElement], index: int) -> str:
    for node in texts[index + 1 : index + 9]:
        if isinstance(node, Tag):
            return ""
        if stripped := str(node).lstrip():
            return stripped[0]
    return ""


def _break_kept_lines(soup: BeautifulSoup) -> None:
    left = _MOST_BREAKS
    for box in find_styled(soup, _keeps_lines):
        for text in [node for node in texts_in(box) if type(node) is NavigableString and "\n" in node]:
            if not text.strip() or find_ancestor(text, _KEEPING) is not None:
                continue
            lines = str(text).split("\n")
            first, last = text.previous_sibling is None, text.next_sibling is None  # there a line end shows nothing
            lines = lines[first and not lines[0].strip() : len(lines) - (last and not lines[-1].strip())]
            left -= len(lines)
            if left < 0:
                return
            parts: list[PageElement] = []
            for line in lines:
                parts += [soup.new_tag("br"), NavigableString(line)]
            text.replace_with(*parts[1:])


def _keeps_lines(style: str) -> bool:
    return "white-space:pre" in style or "white-space:break-spaces" in style


def _is_listing(code: Tag) -> bool:
    """Whether <code> of several lines is all of its block: only a style sheet can say that it keeps them."""
    return code.parent is not None and len(code.parent.contents) < 4 and text_of(code.parent) == text_of(code)
