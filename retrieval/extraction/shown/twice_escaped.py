"""Text whose entities or tags were escaped once too often, so that readers see "&amp;" and "<p>"."""

from __future__ import annotations

import html
import re
from html.entities import html5

from bs4 import BeautifulSoup, NavigableString

from retrieval.extraction.elements import find_ancestor, texts_in

_MOST_TAGS, _MOST_IN_TEXT = 5_000, 200  # in a page and in one text: more are no slip of a template
_CODE = ("pre", "code", "kbd", "samp", "tt", "textarea", "xmp")
_ENTITY = re.compile(r"&(?:#\d{2,6}|#[xX][0-9a-fA-F]{2,5}|[A-Za-z]{2,8});")
_MARKUP = re.compile(
    r"\s*<(p|div|ul|ol|dl|table|h[1-6]|blockquote|section|strong|b|em|i|span|a)\b[^<>]*>.*</[a-z]+[1-6]?>\s*",
    re.DOTALL | re.IGNORECASE,
)


def unescape_text(soup: BeautifulSoup) -> None:
    """Read entities that are shown as such, and markup that is all of a text, once more; in code they are meant."""
    left = _MOST_TAGS
    for text in [node for node in texts_in(soup) if type(node) is NavigableString and _may_be_escaped(node)]:
        if find_ancestor(text, _CODE) is not None:
            continue
        plain = _ENTITY.sub(_read_entity, text)
        if (tags := plain.count("<")) <= min(left, _MOST_IN_TEXT) and _MARKUP.fullmatch(plain):
            left -= tags
            body = BeautifulSoup(plain, "lxml").body
            text.replace_with(*(list(body.contents) if body is not None else ()))
        elif plain != text:
            text.replace_with(plain)


def _may_be_escaped(text: str) -> bool:
    return ("&" in text and ";" in text) or "</" in text


def _read_entity(match: re.Match[str]) -> str:
    entity = match[0]
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity
