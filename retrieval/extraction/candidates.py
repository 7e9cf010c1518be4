"""Candidate pairs: what a kind of markup proposes, and how its answers are delimited."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from bs4 import PageElement, Tag

from retrieval.extraction import phrases, wording
from retrieval.extraction.elements import BLOCKS, heading_level, iterate_ancestors
from retrieval.extraction.page import Page
from retrieval.text.scripts import HAN

_BADGE = re.compile(rf"0?\d{{1,3}}\s+(?=\D)|0\d(?=[{HAN}])")
_LONGEST_PITCH = 100  # characters
MAX_QUESTION = 400  # characters


class Evidence(IntEnum):
    """How plainly a markup says that these are questions and answers."""

    LOOKS = 0  # headings, bold lines, cells: it is the words that tell
    UNFOLDS = 1  # details, accordions, definition lists: a short text that opens a longer one
    NAMED = 2  # microdata, class names, Q:/A: labels: said outright


@dataclass(frozen=True, slots=True)
class Marker:
    """An element that may hold a question. `answer` are its answer's nodes where the markup names them, else None:
    then the answer is what follows. `text` replaces the element's own text where only a part of it is the question."""

    question: Tag
    answer: Sequence[PageElement] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Markers of one markup that stand or fall together."""

    markers: Sequence[Marker]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Pair:
    """A question found on a page, with the nodes of its answer."""

    question: str
    node: Tag
    answer: tuple[PageElement, ...]
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    labelled: bool = False
    hidden: bool = False


def resolve_pairs(page: Page, group: Group, claimed: Sequence[int] = ()) -> list[Pair]:
    """The group's markers with their answers; those without an answer fall out.

    `claimed` are the sorted starts of questions already found: no answer runs over one of them.
    """
    markers = [
        m for m in group.markers if 2 <= len(question_text(page, m)) <= MAX_QUESTION and m.question.name != "pre"
    ]
    if group.evidence == Evidence.LOOKS:
        markers = [m for m in markers if heading_level(m.question) or not page.is_entry(m.question)]
    own = sorted(page.span_of(m.question)[0] for m in markers)
    levels = {heading_level(marker.question) or 7 for marker in markers}
    stops = {
        level: sorted(
            {
                *own,
                *claimed,
                *(start for start, rank, _ in page.headings if rank <= level),
                *(
                    start for start, rank in page.frame_headings if level == 1 or rank <= level + 1
                ),  # "Related articles" ends what it follows
            }
        )
        for level in levels
    }
    pairs = []
    for marker in markers:
        found = marker.answer
        if found is None:
            found = _find_following_nodes(page, marker.question, stops[heading_level(marker.question) or 7])
        nodes = tuple(node for node in found if page.has_text(node))
        while len(nodes) > 1 and _is_pitch(page, nodes[-1]):
            nodes = nodes[:-1]
        if nodes:
            spans = tuple(page.span_of(node) for node in nodes)
            labelled = wording.question_label_length(marker.text or page.text_of(marker.question)) > 0
            pairs.append(Pair(question_text(page, marker), marker.question, nodes, spans, labelled))
    return _without_badges(pairs)


def _is_pitch(page: Page, node: PageElement) -> bool:
    """Whether what follows an answer only asks the reader on: "Still need help? Contact us"."""
    text = page.text_of(node)
    if len(text) > _LONGEST_PITCH or wording.states_contact(text):
        return False
    leads_on = page.linked_share(*page.span_of(node)) > 0 or wording.is_asked(text)
    return phrases.is_pitch(text) or (phrases.is_offer(text) and leads_on)


def _without_badges(pairs: list[Pair]) -> list[Pair]:
    """Take off the running number that each question begins with, where they are set as badges ("01 Why …")."""
    if len(pairs) < 3 or sum(_BADGE.match(pair.question) is not None for pair in pairs) < 0.8 * len(pairs):
        return pairs
    return [replace(pair, question=_BADGE.sub("", pair.question)) for pair in pairs]


def question_text(page: Page, marker: Marker) -> str:
    """The marker's question, tidied."""
    return wording.tidy_question(marker.text or page.text_of(marker.question))


def _find_following_nodes(page: Page, question: Tag, stops: Sequence[int]) -> list[PageElement]:
    """What answers the question by its place: the rest of the largest element that holds no other stop, or, where
    that element holds nothing else, its following siblings up to the next stop."""
    start, end = page.span_of(question)

    def stops_in(first: int, last: int) -> int:
        return bisect.bisect_left(stops, last) - bisect.bisect_left(stops, first)

    wrapper = question
    for parent in iterate_ancestors(question, page.root):
        first, last = page.span_of(parent)
        if stops_in(first, start) + stops_in(end, last):  # the question itself may be a stop
            break
        wrapper = parent
    stop = stops[index] if (index := bisect.bisect_left(stops, end)) < len(stops) else page.span_of(page.root)[1]
    inside_end = min(page.span_of(wrapper)[1], stop)
    inside = page.find_pieces(end, inside_end, wrapper) if wrapper is not question else []
    inside = [node for node in inside if page.has_text(node)]
    if inside and not (wrapper.name in ("p", "dt", "span", "b", "strong") or page.is_leaf(wrapper)):
        return inside
    for node in wrapper.next_siblings:
        first, last = page.span_of(node)
        if first >= stop or stops_in(first, last):
            if page.is_leaf(wrapper) and first < stop and wrapper.name not in BLOCKS:
                inside += page.find_pieces(first, stop, page.root)
            break
        inside.append(node)
    return inside
