"""The one way from a page's bytes to its Documents."""

from __future__ import annotations

from bs4 import BeautifulSoup

from retrieval.coverage import Coverage
from retrieval.documents import Document, DocumentKind, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import plain_text, structured
from retrieval.extraction.beside_pairs import find_sections_beside
from retrieval.extraction.candidates import Pair
from retrieval.extraction.decode import PageKind, decode_page, detect_page_kind
from retrieval.extraction.elements import find_first, find_tags, get_attribute, text_of
from retrieval.extraction.extracted_page import ExtractedPage
from retrieval.extraction.files import FileKind, detect_file_kind, read_document
from retrieval.extraction.line_blocks import give_blocks
from retrieval.extraction.measure_coverage import measure_coverage
from retrieval.extraction.page import Page
from retrieval.extraction.parse import parse_html
from retrieval.extraction.posts import tells_of_post
from retrieval.extraction.prune import find_main_part, prune_tree
from retrieval.extraction.select_pairs import find_pairs
from retrieval.extraction.selectors import find_selected
from retrieval.extraction.shown import show_as_read
from retrieval.extraction.threads import find_thread
from retrieval.extraction.to_documents import pairs_to_documents, sections_to_documents, stated_to_documents
from retrieval.extraction.visible_text import read_visible_blocks
from retrieval.text.cleaning import clean_text


def extract_page(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> ExtractedPage:
    """The page's question/answer pairs, and what it says beside them as sections.

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
    stated = structured.read_questions(html)
    page = _build_page(soup, url, declared_faq=bool(stated))
    pairs = find_selected(page, selectors) if selectors is not None else []
    copies: list[Pair] = []
    thread = None if pairs else find_thread(page, stated)
    if thread is not None:
        pairs = thread
    elif not pairs:
        pairs, copies = find_pairs(page, stated)
    documents = list(pairs_to_documents(page, pairs)) or list(stated_to_documents(page, stated))
    if documents and thread is not None:
        return documents
    questions = [document.question for document in documents]
    page, sections = find_sections_beside(page, pairs, copies, questions)
    return documents + list(sections_to_documents(page, sections))


def _build_page(soup: BeautifulSoup, url: str, *, declared_faq: bool) -> Page:
    title = text_of(soup.title) if soup.title is not None else ""
    language = next(
        (
            get_attribute(tag, "lang") or get_attribute(tag, "xml:lang")
            for tag in find_tags(soup, ("html", "body"))
            if tag.get("lang") or tag.get("xml:lang")
        ),
        "",
    )
    is_post = tells_of_post(soup, url)
    root = prune_tree(soup)
    first = find_first(root, ("h1",))
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
