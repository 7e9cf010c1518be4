"""A page's JSON-LD blocks as values, whatever a template has wrapped around them. What cannot be parsed is absent."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import jstyleson
from bs4 import BeautifulSoup, SoupStrainer

from retrieval.extraction.elements import get_attribute

_MENTION = re.compile(r"ld\+json", re.IGNORECASE)
_CDATA = "<![CDATA["
_FIRST = re.compile(r"[^\[{]*")  # what comes before a block's value
_NEXT = re.compile(r"[\s,;]*(?=[\[{])")  # what parts it from another
_ESCAPED = re.compile(r"\s*[\[{]\s*(?:[\[{]\s*)*&(?:quot|#34|#x22|amp);", re.IGNORECASE)
_MAX_ESCAPES = 3  # one template engine after the other
_decode = json.JSONDecoder(strict=False).raw_decode  # a value, and where it ends: what wraps it may follow


def is_json_ld(kind: str) -> bool:
    """Whether a script's type is JSON-LD's, with or without parameters ("application/ld+json; charset=utf-8")."""
    return kind.partition(";")[0].strip().lower() == "application/ld+json"


def read_blocks(page: str) -> list[Any]:
    """The values of the JSON-LD blocks in the page's HTML; a block that cannot be parsed costs only itself."""
    if not _MENTION.search(page):
        return []
    soup = BeautifulSoup(page, "lxml", parse_only=SoupStrainer("script"))
    scripts = [tag for tag in soup.find_all("script") if is_json_ld(get_attribute(tag, "type"))]
    return [value for script in scripts for value in _parse_block(script.get_text())]


def _parse_block(text: str) -> list[Any]:
    """The block's values (a template may write several, one behind the other): as they stand, else without comments."""
    text = text.replace(_CDATA, "", 1)
    for _ in range(_MAX_ESCAPES):
        if not _ESCAPED.match(text):
            break
        text = html.unescape(text)
    try:
        return list(_decode_values(text))
    except (ValueError, RecursionError):
        pass
    try:
        return list(_decode_values(jstyleson.dispose(text)))
    except (ValueError, RecursionError):
        return []


def _decode_values(text: str) -> Iterator[Any]:
    gap = _FIRST.match(text)
    while gap is not None and gap.end() < len(text):
        value, end = _decode(text, gap.end())
        yield value
        gap = _NEXT.match(text, end)
