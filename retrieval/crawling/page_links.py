"""What the crawl reads from a page: its links, its own idea of its URL, where it sends its readers, and what it asks
robots not to do. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree, html
from w3lib.encoding import html_to_unicode

from retrieval.crawling.page_texts import count_letters, digest_text, digest_words
from retrieval.crawling.urls import find_route, may_be_page, to_canonical_url
from retrieval.media_types import UNTYPED, is_document, media_type

MAX_LINKS = 5000
_BRIEF = 300  # letters: a page that says no more, and sends its readers on, is a signpost
_SIGN_IN_LETTERS = 200  # beside a sign-in form that is the page's main part
_BESIDE = frozenset({"form", "header", "aside"})
_REFRESH = re.compile(r"\s*(\d+)?(?:\.[\d.]*)?\s*[;,\s]\s*(?:url\s*=\s*)?(['\"]?)(.*)", re.IGNORECASE | re.DOTALL)
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = frozenset({"text/markdown", "text/x-markdown", "text/plain"})
_DOCUMENT_BEGINNINGS = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # whatever the server calls them
_READABLE_ENDINGS = (".html", ".htm", ".xhtml", ".md", ".markdown", ".txt")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`links` are canonical, in document order, each once, and not yet narrowed to a scope; `declared` is the
    canonical form of rel=canonical ("" without one). `forward` is where the page itself sends its readers (meta
    refresh), `at_once` says that it does not let them read it before. `text` is the digest of what it says, and of its
    title; `sitemaps` are those that it names; `asks_to_sign_in` says that a sign-in form is its main part;
    `has_relative_links` that some of its links depend on its own folder."""

    links: tuple[str, ...] = ()
    declared: str = ""
    noindex: bool = False
    forward: str = ""
    at_once: bool = False
    text: str = ""
    sitemaps: tuple[str, ...] = ()
    asks_to_sign_in: bool = False
    has_relative_links: bool = False


def is_readable(content_type: str, path: str) -> bool:
    """Whether it is HTML, Markdown, text or a document; where the server does not say, the path's ending does."""
    kind = media_type(content_type)
    if is_document(content_type, path):
        return True
    if kind in UNTYPED:
        last = path.rpartition("/")[2].lower()
        return last.endswith(_READABLE_ENDINGS) or (not kind and "." not in last)
    return kind in _HTML or kind in _TEXT


def is_html(content_type: str, path: str) -> bool:
    """Whether it is readable, and no Markdown or text."""
    kind = media_type(content_type)
    named_text = path.lower().endswith((".md", ".markdown", ".txt"))
    return is_readable(content_type, path) and kind not in _TEXT and (kind in _HTML or not named_text)


def read_page(
    body: bytes,
    url: str,
    content_type: str = "",
    robots_header: str = "",
    refresh_header: str = "",
    *,
    routes: bool = False,
) -> PageFacts:
    """The facts of a page at `url`; the headers are X-Robots-Tag and Refresh. Only HTML has links.
    `routes`: what its own scripts make of fragments are pages, too.

    Never raises: markup that no parser takes has no links.
    """
    directives = _parse_directives(robots_header)
    if is_document(content_type, urlsplit(url).path) or body.startswith(_DOCUMENT_BEGINNINGS):
        return _read_textless(hashlib.sha256(body).hexdigest(), url, directives, refresh_header)
    if media_type(content_type) in _TEXT:
        return _read_textless(digest_words(body.decode("utf-8", "replace")), url, directives, refresh_header)
    encoding, text = html_to_unicode(content_type, body)
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return _read_textless("", url, directives, refresh_header)
    for name, content in _read_meta_tags(root):
        if name in {"robots", "frontdesk"}:
            directives |= _parse_directives(content)
    base = _find_base_url(root, url)
    nofollow = bool(directives & {"nofollow", "none"})
    links = () if nofollow else tuple(_extract_links(root, base, encoding, routes))
    forward, delay = parse_refresh(refresh_header or _find_meta_refresh(root), base)
    if delay > 1 and count_letters(root) > _BRIEF:
        forward = ""  # it is there to be read, whatever comes after
    return PageFacts(
        links,
        _find_declared_url(root, base),
        _says_noindex(directives),
        forward,
        bool(forward) and delay <= 1,
        digest_text(root),
        _find_sitemaps(root, base),
        _asks_to_sign_in(root),
        base == url and _has_relative_links(root),
    )


def _read_textless(said: str, url: str, directives: set[str], refresh_header: str) -> PageFacts:
    """The facts of what has no markup: those that stand in its headers."""
    forward, delay = parse_refresh(refresh_header, url)
    at_once = bool(forward) and delay <= 1
    return PageFacts(noindex=_says_noindex(directives), forward=forward if at_once else "", at_once=at_once, text=said)


def parse_refresh(content: str, base: str) -> tuple[str, float]:
    """The canonical URL that a Refresh (`5; url=next.html`) leads to, "" without one, and after how many seconds."""
    match = _REFRESH.match(content)
    if not match:
        return "", 0.0
    quote, target = match[2], match[3]
    target = target.partition(quote)[0] if quote else target
    return to_canonical_url(target, base) if target.strip() else "", float(match[1] or 0)


def _find_meta_refresh(root: html.HtmlElement) -> str:
    """The content of the page's own; one in <noscript> is for browsers that run no scripts, and says that it needs
    them."""
    for element in root.iter("meta"):
        if (element.get("http-equiv") or "").strip().lower() == "refresh":
            inside = {ancestor.tag for ancestor in element.iterancestors()}
            if not inside & {"noscript", "template"}:
                return element.get("content") or ""
    return ""


def _find_sitemaps(root: html.HtmlElement, base: str) -> tuple[str, ...]:
    """Those that the page names with rel=sitemap, on a <link> in its head or anywhere else."""
    found = (
        to_canonical_url(element.get("href") or "", base)
        for element in root.iter("link", "a")
        if "sitemap" in (element.get("rel") or "").lower().split()
    )
    return tuple(dict.fromkeys(url for url in found if url))


def _asks_to_sign_in(root: html.HtmlElement) -> bool:
    """Whether little else is to be seen than a form with a password; one in a page's head or margin is no such."""
    forms = [
        field
        for field in root.iter("input")
        if (field.get("type") or "").lower() == "password"
        and not {ancestor.tag for ancestor in field.iterancestors()} & {"header", "nav", "footer", "aside", "dialog"}
    ]
    return bool(forms) and count_letters(root, outside=_BESIDE) < _SIGN_IN_LETTERS


def _has_relative_links(root: html.HtmlElement) -> bool:
    hrefs = (element.get("href") or "" for element in root.iter("a"))
    return any(href and not re.match(r"[/#?]|[a-z][a-z0-9+.-]*:", href.strip(), re.IGNORECASE) for href in hrefs)


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


def _extract_links(root: html.HtmlElement, base: str, encoding: str, routes: bool) -> Iterator[str]:
    seen: set[str] = set()
    for element in root.iter("a", "area", "iframe", "frame"):
        href = element.get("href") or element.get("src") or ""
        in_page = href.startswith("#") and not (routes and find_route(href))
        if not href or in_page or "nofollow" in (element.get("rel") or "").lower().split():
            continue
        url = to_canonical_url(href, base, encoding, routes=routes)
        if url and url not in seen and may_be_page(url):
            seen.add(url)
            yield url
            if len(seen) >= MAX_LINKS:
                return
