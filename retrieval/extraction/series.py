"""Statements among questions: "R1. The client does not start", "My parcel is late", in one row with what asks."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from statistics import fmean, median

from retrieval.extraction import wording
from retrieval.extraction.candidates import Pair
from retrieval.extraction.elements import heading_level
from retrieval.extraction.markup.bold import is_set_in_bold
from retrieval.extraction.page import Page

_LEAST = 3  # members
_ASKING = 0.25  # share of the members that ask, at least
_ALIKE = 0.8  # share of the members that are built alike, at least
_PARTS = 0.3  # share of the members that hold questions themselves, which makes them chapters
_PLAIN = 0.7  # a text at least so much like a question asks by its mark or words, and is not only somebody's trouble
LIKELY = 0.4  # a text that is more like a question than this asks


def find_series(page: Page, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that form one series with those that ask: each with its number or code, or each set off and a sentence
    or as long as questions are; [] where they form none, or where they are chapters with questions in them."""
    asking = [wording.question_likeness(pair.question) >= _PLAIN for pair in pairs]
    if len(pairs) < _LEAST or sum(asking) < 2 or fmean(asking) < _ASKING:
        return []
    if fmean(_holds_question(page, pair) for pair in pairs) >= _PARTS:
        return []
    if carry_codes([page.text_of(pair.node) for pair in pairs]):
        return list(pairs)
    if not all(heading_level(pair.node) or is_set_in_bold(page, pair.node) for pair in pairs):
        return []  # plain paragraphs are alike, whether they ask or answer
    length = median(len(pair.question) for pair, asks in zip(pairs, asking, strict=True) if asks) / 2
    alike = [
        pair
        for pair, asks in zip(pairs, asking, strict=True)
        if asks or wording.is_statement(pair.question) or len(pair.question) >= length
    ]
    return alike if len(alike) >= _ALIKE * len(pairs) else []


def carry_codes(texts: Sequence[str]) -> bool:
    """Whether nearly all of the texts begin with a number or code."""
    coded = sum(bool(wording.extract_code(text) or wording.extract_numbering(text)) for text in texts)
    return len(texts) >= _LEAST and coded >= 0.9 * len(texts)


def _holds_question(page: Page, pair: Pair) -> bool:
    """Whether the answer has headings or lines that ask."""
    starts = [start for start, _, _ in page.headings]
    for first, last in pair.spans:
        if bisect.bisect_left(starts, last) > bisect.bisect_left(starts, first):
            return True
        if any(wording.is_asked(page.text_of(block)) for block in page.blocks_in(first, last)):
            return True
    return False
