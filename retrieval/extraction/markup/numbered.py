"""Paragraphs that ask, numbered, coded or plain, on a page that announces an FAQ and marks its questions not at all."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction import wording
from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import heading_level
from retrieval.extraction.page import Page

MAX_LENGTH = 200  # characters; what is longer is rather an answer's numbered step


def find_groups(page: Page) -> Iterator[Group]:
    """Short blocks numbered one after the other; those with a code each; then short blocks that end as questions do."""
    lines = [(block, page.text_of(block)) for block in page.blocks if not heading_level(block)]
    short = [(block, text) for block, text in lines if len(text) <= MAX_LENGTH]
    for run in _find_runs(short):
        if len(run) >= 3:
            yield Group(run, Evidence.LOOKS)
    coded = [Marker(block) for block, text in short if wording.extract_code(text)]
    if len(coded) >= 3:
        yield Group(coded, Evidence.LOOKS)
    asking = [Marker(block) for block, text in short if wording.is_asked(text) and page.is_in_faq(block)]
    if len(asking) >= 2:
        yield Group(asking, Evidence.LOOKS)


def _find_runs(lines: list[tuple[Tag, str]]) -> Iterator[list[Marker]]:
    """Blocks whose leading numbers count up by one."""
    run: list[Marker] = []
    last = 0
    for block, text in lines:
        number = wording.leading_number(text)
        if not number:
            continue
        if number != last + 1 and run:
            yield run
            run = []
        if number == last + 1 or number == 1:
            run.append(Marker(block))
            last = number
        else:
            last = 0
    if run:
        yield run
