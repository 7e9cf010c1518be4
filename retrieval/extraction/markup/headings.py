"""Headings of one level with the content after each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from retrieval.extraction import wording
from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.page import Page
from retrieval.extraction.series import carry_codes


def find_groups(page: Page) -> Iterator[Group]:
    """All headings of a level together where most of them ask or each has its code; else, or besides, those under one
    higher heading together."""
    levels: defaultdict[int, list[tuple[int, Marker]]] = defaultdict(list)
    path: dict[int, int] = {}
    for start, level, tag in page.headings:
        path = {rank: position for rank, position in path.items() if rank < level}
        levels[level].append((max(path.values(), default=-1), Marker(tag)))
        path[level] = start
    for level in sorted(levels, reverse=True):
        members = levels[level]
        asking = sum(wording.question_likeness(page.text_of(marker.question)) > 0.4 for _, marker in members)
        most = asking >= 0.6 * len(members)
        if most or (asking and carry_codes([page.text_of(marker.question) for _, marker in members])):
            yield Group([marker for _, marker in members], Evidence.LOOKS)
        if most:
            continue
        sections: defaultdict[int, list[Marker]] = defaultdict(list)
        for section, marker in members:
            sections[section].append(marker)
        for markers in sections.values():
            yield Group(markers, Evidence.LOOKS)
