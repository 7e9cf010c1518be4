"""The one way from a page's bytes to its Documents."""

from __future__ import annotations

from collections.abc import Sequence

from bs4 import BeautifulSoup

from retrieval.documents import Document, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import plain_text, structured
from retrieval.extraction.candidates import Pair
from retrieval.extraction.decode import PageKind, decode_page, detect_page_kind
from retrieval.extraction.elements import get_attribute, text_of
from retrieval.extraction.line_blocks import give_blocks
from retrieval.extraction.page import Page
from retrieval.extraction.parse import parse_html
from retrieval.extraction.posts import tells_of_post
from retrieval.extraction.prune import find_main_part, prune_tree, remove_menus
from retrieval.extraction.sections import find_sections
from retrieval.extraction.select_pairs import find_pairs
from retrieval.extraction.selectors import find_selected
from retrieval.extraction.threads import find_thread
from retrieval.extraction.to_documents import pairs_to_documents, sections_to_documents, stated_to_documents
from retrieval.text.cleaning import clean_text

_MUCH = 300  # letters beside the pairs that make a page more than they


def extract_documents(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> list[Document]:
    """The page's question/answer pairs, or, for a page that is no FAQ, its sections.

    `url` is the page's own (absolute); `content_type` the header as served. `selectors`, where they find anything,
    replace the general rules. Raises ExtractionError for a page that cannot be parsed: binary, too large, too deep.
    """
    text = clean_text(decode_page(body, url, content_type).replace("\r\n", "\n"))
    kind = detect_page_kind(url, content_type)
    html = (
        plain_text.markdown_to_html(text)
        if kind == PageKind.MARKDOWN
        else plain_text.text_to_html(text)
        if kind == PageKind.TEXT
        else text
    )
    try:
        return _build_documents(html, url, selectors)
    except RecursionError as error:
        raise ExtractionError(f"{url} nests its elements too deep to read: look at the page's source") from error


def _build_documents(html: str, url: str, selectors: Selectors | None) -> list[Document]:
    stated = structured.read_questions(html)
    page = _build_page(html, url, declared_faq=bool(stated))
    pairs = find_selected(page, selectors) if selectors is not None else []
    thread = None if pairs else find_thread(page, stated)
    pairs = pairs or (find_pairs(page, stated) if thread is None else thread)
    documents = list(pairs_to_documents(page, pairs)) or list(stated_to_documents(page, stated))
    if documents and (thread is not None or not _tells_more(page, pairs)):
        return documents
    _remove_pairs(pairs)
    remove_menus(page.root)
    page = page.with_fresh_positions()
    return documents + list(sections_to_documents(page, find_sections(page)))


def _remove_pairs(pairs: Sequence[Pair]) -> None:
    """Take the pairs out of the page, a table's by the row, and with the last one what is left of the table."""
    for pair in pairs:
        row = pair.node if pair.node.name == "tr" else pair.node.find_parent("tr")
        table = row.find_parent("table") if row is not None else None
        for node in (pair.node, *pair.answer) if row is None else (row, *pair.answer):
            node.extract()
        if table is not None and not any(text_of(cell) for cell in table.find_all("td")):
            table.extract()


def _tells_more(page: Page, pairs: Sequence[Pair]) -> bool:
    """Whether the pairs are only a part of what the page says, which does not call itself an FAQ."""
    told = sum(page.count_letters(*span) for pair in pairs for span in (page.span_of(pair.node), *pair.spans))
    rest = page.count_letters(*page.span_of(page.root)) - told
    return not page.is_faq and bool(pairs) and (len(pairs) < 3 or rest > min(told, _MUCH))


def _build_page(html: str, url: str, *, declared_faq: bool) -> Page:
    soup: BeautifulSoup = parse_html(html, url)
    title = text_of(soup.title) if soup.title is not None else ""
    language = next(
        (
            get_attribute(tag, "lang") or get_attribute(tag, "xml:lang")
            for tag in soup.find_all(("html", "body"))
            if tag.get("lang") or tag.get("xml:lang")
        ),
        "",
    )
    is_post = tells_of_post(soup, url)
    root = prune_tree(soup)
    first = root.find("h1")
    root = find_main_part(root)
    give_blocks(soup, root)
    return Page(
        soup,
        root,
        url,
        title=title,
        heading=text_of(first) if first else "",
        language=language,
        declared_faq=declared_faq,
        is_post=is_post,
    )
