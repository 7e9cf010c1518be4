"""What a page of questions says beside them: chapters without a question, introductions that tell something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import quantiles

from retrieval.extraction import phrases, wording
from retrieval.extraction.candidates import Pair
from retrieval.extraction.elements import find_ancestor, heading_level, text_of
from retrieval.extraction.page import Page
from retrieval.extraction.prune import remove_menus
from retrieval.extraction.sections import Section, find_sections

_NUMBER = re.compile(r"\d+")
_MUCH = 300  # letters beside the pairs that make a page more than they


def find_sections_beside(
    page: Page, pairs: Sequence[Pair], copies: Sequence[Pair], questions: Iterable[str]
) -> tuple[Page, list[Section]]:
    """-> the page without its pairs, and the sections of what is left. Changes the tree.

    `copies` show what a pair says again; `questions` are all that became knowledge, those of structured data too.
    Where the page is hardly more than its pairs, what stands directly above them has to say something of its own.
    """
    known = {wording.fold_text(question) for question in questions}
    over = {id(heading) for pair in pairs for heading in page.headings_above(pair.node)}
    least = _measure_shorter_answers(page, pairs)
    is_more = _tells_more(page, pairs, copies)
    _remove_pairs([*pairs, *copies])
    _remove_repeated_questions(page, known)
    remove_menus(page.root)
    page = page.with_fresh_positions()
    sections = [section for section in find_sections(page) if not _is_known(page, section, known)]
    if not known or is_more:
        return page, sections
    return page, [
        section
        for section in sections
        if not (section.heading is None or id(section.heading) in over) or _has_substance(page, section, least)
    ]


def _measure_shorter_answers(page: Page, pairs: Sequence[Pair]) -> float:
    """The letters that a quarter of the page's answers stays below."""
    lengths = [_count_letters(page, pair) for pair in pairs]
    return quantiles(lengths, n=4, method="inclusive")[0] if len(lengths) > 1 else sum(lengths)


def _tells_more(page: Page, pairs: Sequence[Pair], copies: Sequence[Pair]) -> bool:
    """Whether the pairs are only a part of what the page says, which does not call itself an FAQ."""
    told, again = (
        sum(page.count_letters(*page.span_of(pair.node)) + _count_letters(page, pair) for pair in found)
        for found in (pairs, copies)
    )
    rest = page.count_letters(*page.span_of(page.root)) - told - again
    return not page.is_faq and bool(pairs) and (len(pairs) < 3 or rest > min(told, _MUCH))


def _count_letters(page: Page, pair: Pair) -> int:
    return sum(page.count_letters(*span) for span in pair.spans)


def _remove_pairs(pairs: Sequence[Pair]) -> None:
    """Take the pairs out of the page, a table's by the row, and with the last one what is left of the table."""
    for pair in pairs:
        row = pair.node if pair.node.name == "tr" else find_ancestor(pair.node, ("tr",))
        table = find_ancestor(row, ("table",)) if row is not None else None
        for node in (pair.node, *pair.answer) if row is None else (row, *pair.answer):
            node.extract()
        if table is not None and not any(text_of(cell) for cell in table.find_all("td")):
            table.extract()


def _remove_repeated_questions(page: Page, known: set[str]) -> None:
    """Take out the lines that only say a question again, as a table of contents without links does."""
    for block in page.blocks:
        if not heading_level(block) and wording.fold_text(wording.tidy_question(page.text_of(block))) in known:
            block.extract()


def _is_known(page: Page, section: Section, known: set[str]) -> bool:
    """Whether the section's heading is one of the questions: what follows is their answer in other markup."""
    return section.heading is not None and (
        wording.fold_text(wording.tidy_question(page.text_of(section.heading))) in known
    )


def _has_substance(page: Page, section: Section, least: float) -> bool:
    """Whether an introduction tells something: a number, an address, or as many letters as the page's shorter answers.
    What its page repeats (a button below each question) and what leads away does not count."""
    texts: dict[str, str] = {}
    for node in section.nodes:
        start, end = page.span_of(node)
        blocks = [page.text_of(block) for block in page.blocks_in(start, end) if not page.is_entry(block)]
        texts |= {wording.fold_text(text): text for text in blocks or [page.text_of(node)] if not _is_call(text)}
    said = " ".join(texts.values())
    subject = f"{page.title} {page.heading} {page.text_of(section.heading) if section.heading is not None else ''}"
    tells_number = bool(set(_NUMBER.findall(said)) - set(_NUMBER.findall(subject)))
    return tells_number or wording.states_contact(said) or sum(map(len, texts)) >= least


def _is_call(text: str) -> bool:
    return phrases.is_pitch(text) and not wording.states_contact(text)
