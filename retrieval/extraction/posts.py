"""Whether a page is a post of a blog or a newspaper, whose headings ask to lead on and not to be looked up."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from retrieval.extraction.elements import find_tags_with, get_attribute
from retrieval.extraction.json_ld import is_json_ld

_PATH = re.compile(r"/(?:blogs?|news|posts?|press|stories|journal|magazine|\d{4}/\d{1,2})(?:/|$)", re.IGNORECASE)
_TYPE = re.compile(
    r'"@type"\s*:\s*(?:\[\s*)?"(?:(?:https?://)?schema(?:\.org/|:))?(?:Blog(?:Posting)?|NewsArticle|LiveBlogPosting|Report|Review)"'
)
_NAMES = {
    "single-post",
    "type-post",
    "blog-post",
    "blogpost",
    "byline",
    "post-meta",
    "entry-meta",
    "post-date",
    "entry-date",
    "post-author",
}


def tells_of_post(soup: BeautifulSoup, url: str) -> bool:
    """By the URL's path, structured data, or the names that blog systems give a post's parts. Before pruning."""
    parts = urlsplit(url)
    if parts.scheme != "file" and _PATH.search(parts.path):
        return True
    blocks = (tag for tag in soup.find_all("script") if is_json_ld(get_attribute(tag, "type")))
    if any(_TYPE.search(block.get_text()) for block in blocks):
        return True
    return any(_NAMES & set(get_attribute(tag, "class").lower().split()) for tag in find_tags_with(soup, "class"))
