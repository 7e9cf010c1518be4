"""What stands on nearly every page of a source is the frame of its pages, whatever its markup and language. Pure.

A menu or a "Contents | Index" that no markup gives away becomes a section under each page's own title, and would answer
every one of them. It is told by the pages alone: the same text where nearly every page says something of its own
besides. Pages that are copies of each other count as one. Pairs are never left out, and a text that states something
(an address, opening hours) stays once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from retrieval.coverage import LeftOut, LossKind
from retrieval.documents import Document, DocumentKind
from retrieval.index.page_records import PageRecord
from retrieval.text.cleaning import collapse_whitespace

_FEWEST_PAGES = 5  # different ones; of fewer, what they share may be what they are about
_NEARLY_ALL = 0.8
_STATES = re.compile(r"\d|@|[.!?。！？]\W*$")
_LONGEST_START = 80  # characters


@dataclass(frozen=True, slots=True)
class KnownText:
    """What is to be indexed of the pages; the pages, whose figures tell what was left out as repeated; and those of
    them that gave nothing to be indexed."""

    documents: tuple[Document, ...]
    records: tuple[PageRecord, ...]
    empty: tuple[PageRecord, ...]


def leave_out_repeated(records: Sequence[PageRecord]) -> KnownText:
    """The records in their order, with their documents as before; those that only repeat are in `documents` no more.

    Of a repeated text that states something, the first page's stays.
    """
    held: dict[str, set[str]] = defaultdict(set)  # by source
    left_out: dict[str, set[str]] = defaultdict(set)
    for (source, _), pages in _group_pages(records).items():
        held[source] |= _find_repeated((page.answers, page.answers) for page in pages)
        left_out[source] |= _find_repeated((page.answers | page.lost, page.lost) for page in pages)
    stated: set[tuple[str, str]] = set()
    documents: list[Document] = []
    marked = []
    empty = []
    for record in records:
        dropped = []
        for document in record.documents:
            answer = _fold(document.answer)
            if document.kind is not DocumentKind.SECTION or answer not in held[record.source]:
                documents.append(document)
            elif _states(document) and (record.source, answer) not in stated:
                stated.add((record.source, answer))
                documents.append(document)
            else:
                dropped.append(document)
        marked.append(_mark_record(record, frozenset(left_out[record.source]), dropped))
        if len(dropped) == len(record.documents):
            empty.append(marked[-1])
    return KnownText(tuple(documents), tuple(marked), tuple(empty))


def _mark_record(record: PageRecord, starts: frozenset[str], dropped: Iterable[Document]) -> PageRecord:
    if record.coverage is None:
        return record
    parts = [
        LeftOut(LossKind.REPEATED, _count_letters(each.answer), "" if _states(each) else each.answer[:_LONGEST_START])
        for each in dropped  # what states something is known still, of another page
    ]
    return replace(record, coverage=record.coverage.mark_repeated(starts, parts))


@dataclass(frozen=True, slots=True)
class _Texts:
    """What a page says: in its documents, and beside them."""

    answers: frozenset[str]
    lost: frozenset[str]


def _group_pages(records: Iterable[PageRecord]) -> Mapping[tuple[str, str], Sequence[_Texts]]:
    """By source and by the language of most of what a page says: each language of a site has a menu of its own."""
    groups: dict[tuple[str, str], list[_Texts]] = defaultdict(list)
    for record in records:
        languages = Counter(document.language for document in record.documents)
        answers = frozenset(_fold(document.answer) for document in record.documents)
        lost = frozenset(each.start for each in record.coverage.left_out if each.start) if record.coverage else ()
        most = languages.most_common(1)[0][0] if languages else ""
        groups[record.source, most].append(_Texts(answers, frozenset(lost)))
    return groups


def _find_repeated(pages: Iterable[tuple[frozenset[str], frozenset[str]]]) -> frozenset[str]:
    """The texts of nearly all pages; of each page what tells it from others, and its texts."""
    different = {identity: texts for identity, texts in pages if identity}
    if len(different) < _FEWEST_PAGES:
        return frozenset()
    counts = Counter(text for texts in different.values() for text in texts)
    return frozenset(text for text, count in counts.items() if count >= _NEARLY_ALL * len(different))


def _states(document: Document) -> bool:
    return _STATES.search(_fold(document.answer)) is not None


def _fold(text: str) -> str:
    return collapse_whitespace(text).casefold()


def _count_letters(text: str) -> int:
    return sum(character.isalnum() for character in text)
