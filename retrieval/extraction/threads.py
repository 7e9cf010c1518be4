"""A page that is one question with the posts that answer it (QAPage): the question and its accepted answer alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup, PageElement, Tag

from retrieval.extraction import wording
from retrieval.extraction.candidates import Pair, question_text
from retrieval.extraction.elements import find_first
from retrieval.extraction.markup import microdata
from retrieval.extraction.page import Page
from retrieval.extraction.structured import StatedQuestion

_LEAST = 20  # letters by which the beginning of a text that was cut is known again
_REST = 5_000  # letters that may have been cut off
_MOST = 20_000  # letters of an answer; a longer one is taken from the structured data
_CANDIDATES = 200


def find_thread(page: Page, stated: Sequence[StatedQuestion]) -> list[Pair] | None:
    """The thread's one pair; none where the page does not show the answer that is stated; None for no thread."""
    for entry in stated:
        if entry.thread:
            return list(_find_shown_pair(page, entry))
    for item in page.tags:
        if microdata.is_of_type(item, "QAPage"):
            questions = [tag for tag in item.find_all(True) if microdata.is_of_type(tag, "Question")]
            marker = microdata.read_question(page, questions[0]) if len(questions) == 1 else None
            if marker is not None:
                nodes = tuple(marker.answer or ())
                question = question_text(page, marker)
                return [Pair(question, marker.question, nodes, tuple(page.span_of(node) for node in nodes))]
    return None


def _find_shown_pair(page: Page, entry: StatedQuestion) -> Iterator[Pair]:
    asked, said = wording.fold_text(_strip_markup(entry.question)), wording.fold_text(_strip_markup(entry.answer))
    nodes = _find_answer_nodes(page, said)
    shown = [tag for tag in page.tags if tag.name in ("h1", "h2", "h3") or page.is_leaf(tag)]
    asking = next((tag for tag in shown if wording.fold_text(page.text_of(tag)) == asked), None)
    node = asking or find_first(page.root, ("h1",))
    if nodes and isinstance(node, Tag):
        question = wording.tidy_question(_strip_markup(entry.question))
        yield Pair(question, node, nodes, tuple(page.span_of(part) for part in nodes))


def _find_answer_nodes(page: Page, said: str) -> tuple[PageElement, ...]:
    """The element that says the text, or elements side by side that do, or the one that begins with what was cut."""
    begun = _find_beginnings(page, said) if 0 < len(said) <= _MOST else []
    texts = [wording.fold_text(page.text_of(tag)) for tag in begun]
    exact = [tag for tag, text in zip(begun, texts, strict=True) if text == said]
    if exact:
        return (exact[-1],)
    for tag, text in zip(begun, texts, strict=True):
        run = _find_run(page, tag, said) if said.startswith(text) else ()
        if run:
            return run
    cut = [tag for tag, text in zip(begun, texts, strict=True) if len(said) >= _LEAST and text.startswith(said)]
    around = [tag for tag in cut[-2:-1] if tag is cut[-1].parent]  # the post around its first paragraph
    return (*around, *cut[-1:])[:1]


def _find_beginnings(page: Page, said: str) -> list[Tag]:
    """The elements that begin as the text does and are hardly longer, in document order."""
    found = []
    for tag in page.tags:
        letters = page.count_letters(*page.span_of(tag))
        if 0 < letters <= len(said) + _REST:
            first = wording.fold_text(
                next((string for string in tag.stripped_strings if wording.fold_text(string)), "")
            )
            if first and (said.startswith(first) or first.startswith(said)):
                found.append(tag)
    return found[:_CANDIDATES]


def _find_run(page: Page, first: Tag, said: str) -> tuple[PageElement, ...]:
    """`first` and as many of the nodes after it as say the text together."""
    text, nodes = "", list[PageElement]()
    for node in (first, *first.next_siblings):
        if page.has_text(node):
            text += wording.fold_text(page.text_of(node))
            nodes.append(node)
        if text == said:
            return tuple(nodes)
        if not said.startswith(text):
            break
    return ()


def _strip_markup(text: str) -> str:
    """The words of a text that may be HTML."""
    return BeautifulSoup(text, "lxml").get_text(" ") if "<" in text or "&" in text else text
