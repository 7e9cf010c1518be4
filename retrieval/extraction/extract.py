"""The one way from a page's bytes to its Documents."""

from __future__ import annotations

from collections.abc import Sequence

from bs4 import BeautifulSoup

from retrieval.coverage import Coverage
from retrieval.documents import Document, DocumentKind, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import plain_text, structured
from retrieval.extraction.candidates import Pair
from retrieval.extraction.decode import PageKind, decode_page, detect_page_kind
from retrieval.extraction.elements import get_attribute, text_of
from retrieval.extraction.extracted_page import ExtractedPage
from retrieval.extraction.files import FileKind, detect_file_kind, read_document
from retrieval.extraction.line_blocks import give_blocks
from retrieval.extraction.measure_coverage import measure_coverage
from retrieval.extraction.page import Page
from retrieval.extraction.parse import parse_html
from retrieval.extraction.posts import tells_of_post
from retrieval.extraction.prune import find_main_part, prune_tree, remove_menus
from retrieval.extraction.sections import find_sections
from retrieval.extraction.select_pairs import find_pairs
from retrieval.extraction.selectors import find_selected
from retrieval.extraction.shown import show_as_read
from retrieval.extraction.threads import find_thread
from retrieval.extraction.to_documents import pairs_to_documents, sections_to_documents, stated_to_documents
from retrieval.extraction.visible_text import read_visible_blocks
from retrieval.text.cleaning import clean_text

_MUCH = 300  # letters beside the pairs that make a page more than they


def extract_page(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> ExtractedPage:
    """The page's question/answer pairs, or, for a page that is no FAQ, its sections.

    `url` is the page's own (absolute); `content_type` the header as served. `selectors`, where they find anything,
    replace the general rules. Raises ExtractionError for a page that cannot be parsed: binary, too large, too deep.
    """
    file_kind = detect_file_kind(body, url, content_type)
    try:
        if file_kind and not isinstance(body, str):
            return _extract_file(body, file_kind, url)
        return _extract_html(_convert_to_html(body, url, content_type), url, selectors)
    except RecursionError as error:
        raise ExtractionError(f"{url} nests its elements too deep to read: look at the page's source") from error


def _convert_to_html(body: bytes | str, url: str, content_type: str) -> str:
    text = clean_text(decode_page(body, url, content_type).replace("\r\n", "\n"))
    kind = detect_page_kind(url, content_type)
    if kind == PageKind.MARKDOWN:
        return plain_text.markdown_to_html(text)
    return plain_text.text_to_html(text) if kind == PageKind.TEXT else text


def _extract_file(body: bytes, kind: FileKind, url: str) -> ExtractedPage:
    """A file's own pairs, then what its text says; a text without questions by its pages, where it has such."""
    content = read_document(body, kind, url)
    read = ExtractedPage((), Coverage())
    for html in filter(None, (content.html, content.paged_html)):
        if not any(document.kind is DocumentKind.FAQ for document in read.documents):
            read = _extract_html(clean_text(html), url, None)
    coverage = Coverage(
        content.coverage.kept + read.coverage.kept, (*content.coverage.left_out, *read.coverage.left_out)
    )
    return ExtractedPage((*content.documents, *read.documents), coverage)


def _extract_html(html: str, url: str, selectors: Selectors | None) -> ExtractedPage:
    soup = parse_html(html, url)
    show_as_read(soup)
    blocks = read_visible_blocks(soup)  # before the tree is pruned
    documents = tuple(_build_documents(soup, html, url, selectors))
    return ExtractedPage(documents, measure_coverage(blocks, documents))


def _build_documents(soup: BeautifulSoup, html: str, url: str, selectors: Selectors | None) -> list[Document]:
    stated = structured.read_questions(html, url)
    page = _build_page(soup, url, declared_faq=bool(stated))
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


def _build_page(soup: BeautifulSoup, url: str, *, declared_faq: bool) -> Page:
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
