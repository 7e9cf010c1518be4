"""What a page says, as one digest: the same text under two URLs is one page. Pure.

Lines are compared without their order, so that a list sorted otherwise is the same text. Menus and footers stay out of
it; what a machine reads (JSON-LD) and prose in attributes count, since answers stand there too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from lxml import etree, html

_UNSEEN = frozenset({"script", "style", "template", "noscript", "nav", "footer", "head"})
_PROSE = 4  # words from which on an attribute's value is something said
_NO_PROSE = frozenset({"class", "style", "href", "src", "srcset", "d", "sizes", "content"})


_TEXT_DIGITS, _TITLE_DIGITS = 32, 8


def digest_text(root: html.HtmlElement) -> str:
    """Names what the page says and, in its last digits, its title; "" when it says nothing."""
    title = next((element.text or "" for element in root.iter("title")), "")
    return _digest_lines(_iterate_texts(root), title)


def digest_words(text: str) -> str:
    """The same of plain text, which has no title."""
    return _digest_lines(text.splitlines(), "")


def says_the_same(one: str, other: str, *, titles: bool = True) -> bool:
    """Whether two digests name one text, under one title unless `titles` do not matter."""
    length = _TEXT_DIGITS + _TITLE_DIGITS if titles else _TEXT_DIGITS
    return bool(one) and one[:length] == other[:length]


def text_part(digest: str) -> str:
    """The digest of the text without its title's."""
    return digest[:_TEXT_DIGITS]


def _digest_lines(lines: Iterable[str], title: str) -> str:
    said = sorted({" ".join(line.split()) for line in lines} - {""})
    if not said:
        return ""
    digests = (hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in ("\n".join(said), title.strip()))
    return "".join(digest[:length] for digest, length in zip(digests, (_TEXT_DIGITS, _TITLE_DIGITS), strict=True))


def count_letters(root: html.HtmlElement, *, outside: frozenset[str] = frozenset()) -> int:
    """How many letters and digits it shows, outside elements of the names in `outside`."""
    return sum(sum(map(str.isalnum, text)) for text in _iterate_shown(root, _UNSEEN | outside))


def _iterate_texts(root: html.HtmlElement) -> Iterator[str]:
    yield from _iterate_shown(root, _UNSEEN)
    for element in root.iter("script"):
        if "ld+json" in (element.get("type") or "").lower():
            yield element.text or ""
    for element in root.iter(etree.Element):
        if element.tag not in _UNSEEN:
            yield from (v for name, v in element.items() if name not in _NO_PROSE and v.count(" ") >= _PROSE - 1)


def _iterate_shown(root: html.HtmlElement, unseen: frozenset[str]) -> Iterator[str]:
    """The texts between the tags, in order. Without recursion: pages nest deeper than Python may."""
    hidden = None
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            if hidden is None and element.tag in unseen:
                hidden = element
            if hidden is None and element.text:
                yield element.text
            continue
        if element is hidden:
            hidden = None
        if hidden is None and element is not root and element.tail:
            yield element.tail
