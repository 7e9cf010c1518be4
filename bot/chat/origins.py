"""What stands behind a citation's title: who wrote it, or the document it is from and its page."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from bot.chat.conversation import Citation
from bot.chat.text import short
from bot.i18n import Words
from retrieval.media_types import DOCUMENT_TYPES, ending_of

_PAGE = re.compile(r"page=(\d+)")
_LONGEST_NAME = 60  # characters


def describe_origin(citation: Citation, words: Words) -> str:
    """ "Ines, 2026-03-01" for what a teammate wrote, "returns (PDF), page 3" for a document; "" for a page."""
    if citation.byline:
        return citation.byline
    try:
        parts = urlsplit(citation.url)
    except ValueError:
        return ""
    page = _PAGE.fullmatch(parts.fragment)
    ending = ending_of(parts.path)
    if not page and ending not in DOCUMENT_TYPES:
        return ""
    name = unquote(parts.path).rstrip("/").rpartition("/")[2] or parts.hostname or ""
    file = short(name[: -len(ending)] if ending in DOCUMENT_TYPES else name, _LONGEST_NAME)
    if ending in DOCUMENT_TYPES:
        file = f"{file} ({ending[1:].upper()})"
    return words.label("page_of", file=file, page=page[1]) if page else file
