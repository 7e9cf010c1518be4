"""Pages that are shells: they show no text until their scripts have run. Pure."""

from __future__ import annotations

from lxml import etree, html
from w3lib.encoding import html_to_unicode

from retrieval.crawling.page_texts import count_letters

_FEW = 200  # letters: a notice that it loads, or wants scripts, a logo's name
_BESIDE = frozenset({"header", "aside"})


def is_shell(body: bytes, content_type: str = "") -> bool:
    """Whether the HTML shows next to nothing, and has scripts that may bring more."""
    root = _parse_html(body, content_type)
    return root is not None and _runs_scripts(root) and not _shows_more(root)


def shows_only_links(body: bytes, content_type: str = "") -> bool:
    """Whether the HTML shows next to nothing but where its links lead, and has scripts that may bring more."""
    root = _parse_html(body, content_type)
    return root is not None and _runs_scripts(root) and not _shows_more(root, beside_links=True)


def shows_text(body: bytes, content_type: str = "", *, beside_links: bool = False) -> bool:
    """Whether the HTML shows more than a shell does; if so asked, beside its links."""
    root = _parse_html(body, content_type)
    return root is not None and _shows_more(root, beside_links=beside_links)


def _shows_more(root: html.HtmlElement, *, beside_links: bool = False) -> bool:
    return count_letters(root, outside=_BESIDE | {"a"} if beside_links else _BESIDE) >= _FEW


def _parse_html(body: bytes, content_type: str) -> html.HtmlElement | None:
    _, text = html_to_unicode(content_type, body)
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _runs_scripts(root: html.HtmlElement) -> bool:
    """Whether any script is code: JSON among the scripts is data."""
    kinds = ((element.get("type") or "").lower() for element in root.iter("script"))
    return any("json" not in kind for kind in kinds)
