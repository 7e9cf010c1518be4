"""Pairs and sections -> Documents: Markdown, nearest fragment, heading path, language."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence

from bs4 import PageElement, Tag

from retrieval.documents import Document, DocumentKind
from retrieval.extraction import wording
from retrieval.extraction.candidates import Pair
from retrieval.extraction.elements import get_attribute, heading_level, iterate_ancestors, tags_in
from retrieval.extraction.markup.labels import strip_label
from retrieval.extraction.page import Page
from retrieval.extraction.sections import Section
from retrieval.extraction.shown import show_as_read
from retrieval.extraction.structured import StatedQuestion
from retrieval.extraction.to_markdown import to_markdown
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.languages import detect_language, script_language


def pairs_to_documents(page: Page, pairs: Sequence[Pair]) -> Iterator[Document]:
    """One FAQ document for each pair whose answer has text."""
    questions = sorted(page.span_of(pair.node)[0] for pair in pairs)
    for pair in pairs:
        path = _build_heading_path(page, pair.node, questions)
        url = _add_nearest_fragment(page, pair.node, pair.answer, questions)
        strip_label(pair.answer, labelled=pair.labelled)
        answer = to_markdown(pair.answer, page.base)
        if any(char.isalnum() for char in answer) and wording.fold_text(answer) != wording.fold_text(pair.question):
            yield Document(
                url=url,
                question=pair.question,
                answer=answer,
                heading_path=path,
                language=_resolve_language(page, pair.node, f"{pair.question} {answer}"),
            )


def stated_to_documents(page: Page, stated: Iterable[StatedQuestion]) -> Iterator[Document]:
    """FAQ documents from structured data alone, for a page that shows no pair itself."""
    from bs4 import BeautifulSoup

    for entry in stated:
        soup = BeautifulSoup(entry.answer, "lxml") if "<" in entry.answer or "&" in entry.answer else None
        if soup is not None:
            show_as_read(soup)
        answer = to_markdown([*(soup.body or soup).contents], page.base) if soup is not None else entry.answer
        question = wording.tidy_question(
            BeautifulSoup(entry.question, "lxml").get_text()
            if "<" in entry.question or "&" in entry.question
            else entry.question
        )
        if question and any(char.isalnum() for char in answer):
            yield Document(
                url=_join_fragment(page.url, ""),
                question=question,
                answer=answer,
                heading_path=(page.title,) if page.title else (),
                language=_resolve_language(page, page.root, f"{question} {answer}"),
            )


def sections_to_documents(page: Page, sections: Iterable[Section]) -> Iterator[Document]:
    """One SECTION document for each section; the one before any heading bears the page's title."""
    for section in sections:
        answer = to_markdown(section.nodes, page.base)
        heading = collapse_whitespace(page.text_of(section.heading)) if section.heading is not None else ""
        if not any(char.isalnum() for char in answer):
            continue
        node = section.heading or page.root
        yield Document(
            url=_add_nearest_fragment(page, node, (), [])
            if section.heading is not None
            else _join_fragment(page.url, ""),
            question=heading or page.title,
            answer=answer,
            kind=DocumentKind.SECTION,
            heading_path=_build_heading_path(page, node, []) if section.heading is not None else (),
            language=_resolve_language(page, node, f"{heading} {answer}"),
        )


def _build_heading_path(page: Page, node: Tag, questions: Sequence[int]) -> tuple[str, ...]:
    """The titles above the node: the page's own, then each heading that outranks the next, no question among them."""
    above = [heading for heading in page.headings_above(node) if not _holds_question(page, heading, questions)]
    path = [collapse_whitespace(page.text_of(heading)) for heading in reversed(above)]
    if page.title and not (above and heading_level(above[-1]) == 1) and heading_level(node) != 1:
        path.insert(0, page.title)
    return tuple(path) or ((page.title,) if page.title and questions else ())


def _holds_question(page: Page, heading: Tag, questions: Sequence[int]) -> bool:
    start, end = page.span_of(heading)
    return bisect.bisect_left(questions, end) > bisect.bisect_left(questions, start)


def _add_nearest_fragment(page: Page, node: Tag, answer: Sequence[PageElement], questions: Sequence[int]) -> str:
    """The page's URL with the id nearest to the node: on, in, before or around it, on its answer, above it."""
    return _join_fragment(page.url, next(_find_fragments(page, node, answer, questions), ""))


def _find_fragments(page: Page, node: Tag, answer: Sequence[PageElement], questions: Sequence[int]) -> Iterator[str]:
    for tag in (node, *tags_in(node)):
        yield from _extract_names(tag)
    for around in (node, *iterate_ancestors(node, page.root)):
        first, last = page.span_of(around)
        if bisect.bisect_left(questions, last) - bisect.bisect_left(questions, first) > 1:
            break
        yield from _extract_names(around)
        before = next((sib for sib in around.previous_siblings if isinstance(sib, Tag)), None)
        if before is not None and not page.has_text(before):
            for tag in (before, *tags_in(before)):
                yield from _extract_names(tag)
    for item in answer:
        yield from _extract_names(item)
    for heading in page.headings_above(node):
        for near in (heading, *tags_in(heading), _find_section(heading)):
            yield from _extract_names(near)


def _extract_names(tag: PageElement | None) -> Iterator[str]:
    """What a fragment may call the element."""
    if isinstance(tag, Tag):
        name = get_attribute(tag, "id") or (get_attribute(tag, "name") if tag.name == "a" else "")
        if name and not any(char.isspace() for char in name):
            yield name


def _find_section(heading: Tag) -> Tag | None:
    """The <section> that the heading opens."""
    return heading.parent if heading.parent is not None and heading.parent.name == "section" else None


def _join_fragment(url: str, fragment: str) -> str:
    base, _, own = url.partition("#")
    if own.startswith(("/", "!")):  # the page is a route that its scripts make of the fragment: there is no other
        return url
    return f"{base}#{fragment}" if fragment else base


def _resolve_language(page: Page, node: Tag, text: str) -> str:
    """The script's language where the script tells it; else as declared nearest to the node; else by the words."""
    declared = page.language
    for tag in (node, *iterate_ancestors(node, page.root)):
        if value := get_attribute(tag, "lang") or get_attribute(tag, "xml:lang"):
            declared = value
            break
    primary = declared.replace("_", "-").split("-")[0].lower()
    if not (2 <= len(primary) <= 3 and primary.isascii() and primary.isalpha()):
        primary = ""
    script = script_language(text, "")
    if script:
        return primary if script == "zh" and primary in ("ja", "yue") else script
    return primary if primary not in ("", "zh", "ja", "ko", "yue") else detect_language(text)
