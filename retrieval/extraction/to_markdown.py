"""Nodes of a page -> Markdown with absolute links."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from bs4 import NavigableString, PageElement, Tag
from markdownify import MarkdownConverter

from retrieval.extraction.elements import (
    RUN,
    find_ancestor,
    find_tags,
    get_attribute,
    is_decomposed,
    resolve_url,
    tags_in,
    text_of,
    texts_in,
)
from retrieval.text.cleaning import clean_text

_SCHEMES = ("http", "https", "mailto", "tel")  # no file: it means nothing to a reader, and tells of our disk
_HOLLOW = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6")  # nothing but space when empty
_CODE = ("code", "pre", "kbd", "samp")
_LINK_LIKE = re.compile(r"\](?=[(:\[])|(?=<[A-Za-z][A-Za-z0-9+.-]*:)")  # [a](b, [a]:, [a][b], <scheme:
_BLANKS = re.compile(r"(?<=\S) {2,}(?=\S)")
_PARTS = ("dd", "dt", "td", "th", "caption", "figcaption")


_OPTIONS: dict[str, Any] = {
    "heading_style": "ATX",
    "bullets": "-",
    # Readers see raw text as often as rendered text: a "\\_" would only puzzle them.
    "escape_asterisks": False,
    "escape_underscores": False,
    "escape_misc": False,
}

_CONVERTER = MarkdownConverter(**_OPTIONS)


def to_markdown(nodes: Sequence[PageElement], base: str) -> str:
    """The nodes as Markdown: lists, code, tables and absolute links stay, what runs or only decorates goes.

    Falls back to plain text where the nodes are nested too deep to convert.
    """
    box = Tag(name="div")
    for node in nodes:
        box.append(copy.copy(node))
    _escape_link_syntax(box)  # before our own autolinks are written
    _tidy_tags(box, base)
    try:
        markdown = _CONVERTER.convert_soup(box)
    except RecursionError:
        markdown = box.get_text("\n")
    return _squeeze_blank_lines(clean_text(str(markdown)))


def to_safe_url(href: str, base: str) -> str:
    """The link made absolute, or "" for one that leads nowhere a reader could go (javascript:, data:, malformed)."""
    href = clean_text(href).strip()
    link = resolve_url(base, href)
    scheme = link.partition(":")[0].lower()
    if not href or scheme not in _SCHEMES or any(char in link for char in "\n\t<>"):
        return ""
    return link.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _tidy_tags(box: Tag, base: str) -> None:
    _wrap_loose_parts(box)
    for tag in tags_in(box):
        if is_decomposed(tag):
            continue
        if tag.name == "a":
            _tidy_link(tag, base)
        elif tag.name == "br" and find_ancestor(tag, ("pre",)) is not None:
            tag.replace_with("\n")
        elif tag.name == "button" and _stands_in_sentence(tag):
            tag.unwrap()
        elif tag.name in ("button", "hr") or _is_sign(tag) or (tag.name in _HOLLOW and not text_of(tag)):
            tag.decompose()
        elif tag.has_attr(RUN) and tag.parent is not None and tag.parent.name == "li" and not tag.previous_sibling:
            tag.unwrap()
        elif tag.name == "summary":
            tag.name = "p"
        elif tag.name == "label":
            tag.name = "span"


def _tidy_link(link: Tag, base: str) -> None:
    href, text = to_safe_url(get_attribute(link, "href"), base), text_of(link)
    if _is_sign(link) or not text:
        link.decompose()
    elif not href:
        link.unwrap()
    elif href.removeprefix("mailto:").removeprefix("tel:") == text:
        link.replace_with(text if href.startswith("tel:") else f"<{text}>")
    else:
        link.attrs = {"href": href}


def _escape_link_syntax(box: Tag) -> None:
    """Keep text that merely looks like Markdown from becoming a link, which nothing has checked."""
    last = ""
    for text in list(texts_in(box)):
        if find_ancestor(text, _CODE) is None:
            joined = _LINK_LIKE.sub(r"\g<0>\\", last[-1:] + text)[len(last[-1:]) :]
            if joined != text:
                text.replace_with(joined)
        last = str(text) or last


def _wrap_loose_parts(box: Tag) -> None:
    """Give parts that were cut out of a list or a table something to stand in."""
    parts = [node for node in box.contents if not isinstance(node, NavigableString) or node.strip()]
    if len(parts) == 1 and isinstance(parts[0], Tag) and parts[0].name == "li":
        parts[0].name = "div"  # the one item that was an answer, cut out of its list
    for child in list(box.find_all(True, recursive=False)):
        before = child.previous_sibling
        if child.name in _PARTS:
            child.name = "div"
        elif child.name in ("tr", "tbody") and sum(bool(text_of(cell)) for cell in find_tags(child, ("td", "th"))) < 2:
            for part in (child, *find_tags(child, ("tr", "td", "th"))):
                part.name = "div"
        elif child.name in ("li", "tr", "tbody"):
            kind = "ul" if child.name == "li" else "table"
            if isinstance(before, Tag) and before.name == kind and before.get("data-made"):
                before.append(child.extract())
            else:
                child.wrap(Tag(name=kind, attrs={"data-made": "yes"}))


def _is_sign(tag: Tag) -> bool:
    """Whether the element is a small sign that is hidden from screen readers: an arrow, an anchor, a copy button."""
    return (
        get_attribute(tag, "aria-hidden") == "true" and tag.name in ("span", "i", "a", "b") and len(tag.get_text()) < 20
    )


def _stands_in_sentence(tag: Tag) -> bool:
    """Whether words stand directly before and after the element, which then is one of them."""
    before, after = tag.previous_sibling, tag.next_sibling
    if not isinstance(before, NavigableString) or not isinstance(after, NavigableString):
        return False
    return before.strip()[-1:].isalnum() and after.strip()[:1].isalnum()


def _squeeze_blank_lines(markdown: str) -> str:
    """No trailing blanks, at most one blank and one empty line in a row outside code."""
    lines: list[str] = []
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= line.lstrip().startswith("```")
        if not fenced:
            line = line.rstrip() if "`" in line else _BLANKS.sub(" ", line.rstrip())
        if line.strip() or fenced or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip()
