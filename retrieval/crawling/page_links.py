"""What the crawl reads from a page: its links, its own idea of its URL, and what it asks robots not to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree, html
from w3lib.encoding import html_to_unicode

from retrieval.crawling.urls import may_be_page, to_canonical_url

MAX_LINKS = 5000
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = frozenset({"text/markdown", "text/x-markdown", "text/plain"})
_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_READABLE_ENDINGS = (".html", ".htm", ".xhtml", ".md", ".markdown", ".txt")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`links` are canonical, in document order, each once, and not yet narrowed to a scope; `declared` is the
    canonical form of rel=canonical ("" without one)."""

    links: tuple[str, ...] = ()
    declared: str = ""
    noindex: bool = False


def media_type(content_type: str) -> str:
    """ "Text/HTML; charset=gbk" -> "text/html"."""
    return content_type.partition(";")[0].strip().lower()


def is_readable(content_type: str, path: str) -> bool:
    """Whether it is HTML, Markdown or text; where the server does not say, the path's ending does."""
    kind = media_type(content_type)
    if kind in _UNTYPED:
        last = path.rpartition("/")[2].lower()
        return last.endswith(_READABLE_ENDINGS) or (not kind and "." not in last)
    return kind in _HTML or kind in _TEXT


def read_page(body: bytes, url: str, content_type: str = "", robots_header: str = "") -> PageFacts:
    """The facts of a page at `url`; `robots_header` is X-Robots-Tag. Text and Markdown have no links to follow.

    Never raises: markup that no parser takes has no links.
    """
    directives = _parse_directives(robots_header)
    if media_type(content_type) in _TEXT:
        return PageFacts(noindex=_says_noindex(directives))
    encoding, text = html_to_unicode(content_type, body)
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return PageFacts(noindex=_says_noindex(directives))
    for name, content in _read_meta_tags(root):
        if name in {"robots", "frontdesk"}:
            directives |= _parse_directives(content)
    base = _find_base_url(root, url)
    nofollow = bool(directives & {"nofollow", "none"})
    links = () if nofollow else tuple(_extract_links(root, base, encoding))
    return PageFacts(links, _find_declared_url(root, base), _says_noindex(directives))


def _says_noindex(directives: set[str]) -> bool:
    return bool(directives & {"noindex", "none"})


def _parse_directives(content: str) -> set[str]:
    """Those for every robot and for this one: "otherbot: noindex" says nothing to us."""
    found = set()
    applies = True
    for part in content.lower().split(","):
        agent, colon, directive = part.rpartition(":")
        if colon:
            applies = agent.strip() in {"frontdesk", "*"}
        if applies:
            found.add(directive.strip())
    return found


def _read_meta_tags(root: html.HtmlElement) -> Iterator[tuple[str, str]]:
    for element in root.iter("meta"):
        yield (element.get("name") or "").strip().lower(), element.get("content") or ""


def _find_base_url(root: html.HtmlElement, url: str) -> str:
    for element in root.iter("base"):
        href = element.get("href")
        if href:
            try:
                return str(urljoin(url, href.strip()))
            except ValueError:
                break
    return url


def _find_declared_url(root: html.HtmlElement, base: str) -> str:
    for element in root.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split():
            return to_canonical_url(element.get("href") or "", base)
    return ""


def _extract_links(root: html.HtmlElement, base: str, encoding: str) -> Iterator[str]:
    seen: set[str] = set()
    for element in root.iter("a", "area", "iframe", "frame"):
        href = element.get("href") or element.get("src") or ""
        if not href or href.startswith("#") or "nofollow" in (element.get("rel") or "").lower().split():
            continue
        url = to_canonical_url(href, base, encoding)
        if url and url not in seen and may_be_page(url):
            seen.add(url)
            yield url
            if len(seen) >= MAX_LINKS:
                return
