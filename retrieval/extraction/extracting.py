"""The one way from a page's bytes to its Documents."""

from __future__ import annotations

from bs4 import BeautifulSoup

from retrieval.documents import Document, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import plain, structured
from retrieval.extraction.assembling import pairs_to_documents, sections_to_documents, stated_to_documents
from retrieval.extraction.choosing import find_pairs
from retrieval.extraction.decoding import PageKind, decode, kind_of
from retrieval.extraction.elements import attribute, text_of
from retrieval.extraction.lines import give_blocks
from retrieval.extraction.page import Page
from retrieval.extraction.parsing import parse
from retrieval.extraction.pruning import main_part, prune, remove_menus
from retrieval.extraction.sections import find_sections
from retrieval.extraction.selectors import find_selected
from retrieval.text import clean


def extract(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> list[Document]:
    """The page's question/answer pairs, or, for a page that is no FAQ, its sections.

    `url` is the page's own (absolute); `content_type` the header as served. `selectors`, where they find anything,
    replace the general rules. Raises ExtractionError for a page that cannot be parsed: binary, too large, too deep.
    """
    text = clean(decode(body, url, content_type).replace("\r\n", "\n"))
    kind = kind_of(url, content_type)
    html = (
        plain.markdown_to_html(text)
        if kind == PageKind.MARKDOWN
        else plain.text_to_html(text)
        if kind == PageKind.TEXT
        else text
    )
    try:
        return _documents(html, url, selectors)
    except RecursionError as error:
        raise ExtractionError(f"{url} nests its elements too deep to read: look at the page's source") from error


def _documents(html: str, url: str, selectors: Selectors | None) -> list[Document]:
    stated = structured.read(html, url)
    page = _page(html, url, declared_faq=bool(stated))
    pairs = find_selected(page, selectors) if selectors is not None else []
    pairs = pairs or find_pairs(page, stated)
    documents = list(pairs_to_documents(page, pairs)) or list(stated_to_documents(page, stated))
    if documents:
        return documents
    remove_menus(page.root)
    page = page.renumbered()
    return list(sections_to_documents(page, find_sections(page)))


def _page(html: str, url: str, *, declared_faq: bool) -> Page:
    soup: BeautifulSoup = parse(html, url)
    title = text_of(soup.title) if soup.title is not None else ""
    language = next(
        (
            attribute(tag, "lang") or attribute(tag, "xml:lang")
            for tag in soup.find_all(("html", "body"))
            if tag.get("lang") or tag.get("xml:lang")
        ),
        "",
    )
    root = prune(soup)
    first = root.find("h1")
    root = main_part(root)
    give_blocks(soup, root)
    return Page(
        soup,
        root,
        url,
        title=title,
        heading=text_of(first) if first else "",
        language=language,
        declared_faq=declared_faq,
    )
