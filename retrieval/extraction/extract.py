"""The one way from a page's bytes to its Documents."""

from __future__ import annotations

from bs4 import BeautifulSoup

from retrieval.documents import Document, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import plain_text, structured
from retrieval.extraction.beside_pairs import find_sections_beside
from retrieval.extraction.candidates import Pair
from retrieval.extraction.decode import PageKind, decode_page, detect_page_kind
from retrieval.extraction.elements import get_attribute, text_of
from retrieval.extraction.line_blocks import give_blocks
from retrieval.extraction.page import Page
from retrieval.extraction.parse import parse_html
from retrieval.extraction.posts import tells_of_post
from retrieval.extraction.prune import find_main_part, prune_tree
from retrieval.extraction.select_pairs import find_pairs
from retrieval.extraction.selectors import find_selected
from retrieval.extraction.threads import find_thread
from retrieval.extraction.to_documents import pairs_to_documents, sections_to_documents, stated_to_documents
from retrieval.text.cleaning import clean_text


def extract_documents(
    body: bytes | str, url: str, content_type: str = "text/html", selectors: Selectors | None = None
) -> list[Document]:
    """The page's question/answer pairs, and what it says beside them as sections.

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
