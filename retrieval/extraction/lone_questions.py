"""One or two questions that stand alone on a page that does not call itself an FAQ."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bs4 import NavigableString, PageElement, Tag

from retrieval.extraction import phrases, wording
from retrieval.extraction.candidates import Pair
from retrieval.extraction.elements import find_ancestor, heading_level, holds_button, text_of
from retrieval.extraction.markup.bold import is_bold
from retrieval.extraction.page import Page
from retrieval.text.scripts import HAN

_STATES = re.compile(rf"\d|[.。!！]|[{HAN}]{{4}}")  # what a form's "required" is not
MAX_TITLE_ANSWER = 2_000  # letters; more below a question as title is an article


def stand_alone(page: Page, pairs: Sequence[Pair], *, unfolds: bool) -> bool:
    """Whether each of the few pairs plainly asks, and either unfolds or is what the page is made of: headings or bold
    lines beside which no other heading stands. Policies, posts and calls to the reader do not count."""
    if page.is_legal or page.is_post:
        return False
    if any(not phrases.plainly_asks(pair.question) or phrases.is_call(pair.question) for pair in pairs):
        return False
    if any(is_banner(page, pair.answer, pair.question) for pair in pairs):
        return False
    if unfolds:
        return True
    if (len(pairs) == 1 or heading_level(pairs[0].node) == 1) and any(_is_article(page, pair) for pair in pairs):
        return False
    return all(_stands_out(page, pair) and _is_answered(pair) for pair in pairs) and _has_no_rival_heading(page, pairs)


def is_banner(page: Page, nodes: Sequence[PageElement], heading: str) -> bool:
    """Whether what stands under the heading says nothing, or only has cookies accepted, with a button or without a
    heading that speaks of them."""
    about = "" if any(holds_button(node) for node in nodes) else heading
    return phrases.is_filler(" ".join(page.text_of(node) for node in nodes), about)


def _stands_out(page: Page, pair: Pair) -> bool:
    node = pair.node
    bold = is_bold(node) or any(isinstance(tag, Tag) and is_bold(tag) for tag in node.children)
    return (
        bool(heading_level(node)) or bold or wording.fold_text(page.title).startswith(wording.fold_text(pair.question))
    )


def _is_article(page: Page, pair: Pair) -> bool:
    """Whether what follows the question is an article, long or with headings of its own, under its title."""
    inside = [tag for node in pair.answer if isinstance(node, Tag) for tag in (node, *node.find_all(True))]
    letters = sum(page.count_letters(*span) for span in pair.spans)
    return letters > MAX_TITLE_ANSWER or any(heading_level(tag) for tag in inside)


def states_something(text: str) -> bool:
    """Whether the text says something: a sentence, a number, or a few characters of Chinese."""
    return bool(_STATES.search(text))


def _is_answered(pair: Pair) -> bool:
    """Whether an answer of its own follows: not the same sentence going on, not the "required" of a form."""
    if find_ancestor(pair.node, ("form",)) is not None and not any(
        states_something(text_of(node)) for node in pair.answer
    ):
        return False
    first = pair.answer[0]
    return not (isinstance(first, NavigableString) and first.strip()[:1].islower())


def _has_no_rival_heading(page: Page, pairs: Sequence[Pair]) -> bool:
    """Whether every heading of the page stands above the pairs, in an answer, asks itself, or belongs to the frame."""
    above = {id(heading) for pair in pairs for heading in page.headings_above(pair.node)}
    taken = [page.span_of(pair.node) for pair in pairs] + [span for pair in pairs for span in pair.spans]
    return all(
        level == 1
        or id(heading) in above
        or any(first <= start < last for first, last in taken)
        or phrases.is_furniture(page.text_of(heading))
        or phrases.plainly_asks(page.text_of(heading))
        for start, level, heading in page.headings
    )
