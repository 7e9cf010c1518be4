"""Pairs by the CSS selectors an operator gives for a site whose markup no general rule reads."""

from __future__ import annotations

from bs4 import Tag
from soupsieve import SelectorSyntaxError

from retrieval.documents import Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction.candidates import Evidence, Group, Marker, Pair, resolve_pairs
from retrieval.extraction.page import Page


def find_selected(page: Page, selectors: Selectors) -> list[Pair]:
    """The pairs that the selectors name. Raises ExtractionError for a selector that is no CSS."""
    try:
        markers = _find_in_items(page, selectors) if selectors.item else _find_in_order(page, selectors)
    except SelectorSyntaxError as error:
        reason = str(error).splitlines()[0]
        raise ExtractionError(
            f"a selector of this source is no CSS ({reason}): correct the source's selectors"
        ) from error
    return resolve_pairs(page, Group(markers, Evidence.NAMED))


def _find_in_items(page: Page, selectors: Selectors) -> list[Marker]:
    markers = []
    for item in page.root.select(selectors.item):
        questions, answers = item.select(selectors.question), item.select(selectors.answer)
        if questions and answers:
            markers.append(Marker(questions[0], tuple(_keep_outermost(page, answers))))
    return markers


def _find_in_order(page: Page, selectors: Selectors) -> list[Marker]:
    """Each question with the answers that come after it and before the next question."""
    questions = page.root.select(selectors.question)
    answers = _keep_outermost(page, page.root.select(selectors.answer))
    markers = []
    for index, question in enumerate(questions):
        end = page.span_of(question)[1]
        limit = page.span_of(questions[index + 1])[0] if index + 1 < len(questions) else page.span_of(page.root)[1]
        own = tuple(answer for answer in answers if end <= page.span_of(answer)[0] < limit)
        if own:
            markers.append(Marker(question, own))
    return markers


def _keep_outermost(page: Page, tags: list[Tag]) -> list[Tag]:
    kept: list[Tag] = []
    for tag in tags:
        if not kept or not page.holds_node(kept[-1], tag):
            kept.append(tag)
    return kept
