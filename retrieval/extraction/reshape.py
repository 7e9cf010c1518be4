"""Bring what only a style sheet or a script makes a question into elements that say so. Changes the tree."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, NavigableString, Tag

from retrieval.extraction import wording
from retrieval.extraction.elements import find_tags, get_attribute, text_of
from retrieval.extraction.plain_text import text_to_html

_COMPONENT = re.compile(r"accordion|expan[ds]|collaps|disclosure|details|toggle|faq|question|spoiler", re.IGNORECASE)
_STANDARD = ("details", "summary")
_TITLES = ("title", "summary", "question", "header", "heading", "label")
_BADGES = ("i", "b", "em", "strong", "span", "label", "small")
_Q_BADGE, _A_BADGE = re.compile(r"(?:Q|问|問)\d{0,3}"), re.compile(r"(?:A|答)\d{0,3}")


def shape_tree(soup: BeautifulSoup, root: Tag) -> None:
    """Components with a title become <details>, badges become labels, a page in <pre> becomes paragraphs."""
    _open_components(soup, root)
    _label_badges(root)
    _open_text(root)


def _open_components(soup: BeautifulSoup, root: Tag) -> None:
    """<Accordion title="…"> and the like, as documentation in MDX and web components write them."""
    for tag in root.find_all(_COMPONENT):
        title = next((get_attribute(tag, name) for name in _TITLES if get_attribute(tag, name)), "")
        if tag.name not in _STANDARD and title and text_of(tag):
            summary = soup.new_tag("summary")
            summary.string = title
            tag.name = "details"
            tag.insert(0, summary)


def _label_badges(root: Tag) -> None:
    """A "Q" or "问" in an element of its own directly before the text gets a colon, where that is the page's way."""
    found = [tag for tag in find_tags(root, _BADGES) if len(tag.contents) == 1 and _is_badge(tag)]
    asking = [tag for tag in found if _Q_BADGE.fullmatch(text_of(tag))]
    if len(found) >= 2 and asking:
        for tag in found:
            tag.string = f"{text_of(tag)}: "


def _is_badge(tag: Tag) -> bool:
    string = tag.contents[0]
    if not isinstance(string, NavigableString) or len(string) > 20:
        return False
    text = string.strip()
    if not (_Q_BADGE.fullmatch(text) or _A_BADGE.fullmatch(text)):
        return False
    before, after = tag.previous_sibling, tag.next_sibling
    while isinstance(after, NavigableString) and not after.strip():
        after = after.next_sibling
    return (before is None or not str(before.get_text()).strip()) and after is not None and bool(text_of(after))


def _open_text(root: Tag) -> None:
    """A <pre> that holds nearly all of the page and asks by lines is a text of old, wrapped for the Web."""
    pieces = root.find_all("pre")
    least = 0.8 * len(root.get_text()) if pieces else 0
    for pre in pieces:
        text = pre.get_text()
        if len(text) < least:
            continue
        asking = sum(wording.is_asked(line) or bool(wording.question_label_length(line)) for line in text.splitlines())
        if asking >= 2:
            body = BeautifulSoup(text_to_html(text), "lxml").body
            pre.name = "div"
            pre.clear()
            pre.extend(list(body.contents) if body is not None else [])
        return
