"""The part of a long Markdown answer that bears most on a question, cut only at Markdown's own seams.

An excerpt is one contiguous slice of its source. It holds a block whole or not at all; a paragraph may be cut between
sentences and a list between items when they alone exceed the budget.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from retrieval.text.analysis import analyse_text
from retrieval.text.scripts import WIDE

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

BUDGET = 900  # a screenful in a chat; Chinese says in one character what takes English two
HARD_LIMIT = 3 * BUDGET  # a table or code block up to this size is quoted whole, a larger one not at all
ENOUGH = 300  # up to here an excerpt takes in what stands around its best unit, for context
WORTHY = 0.5  # beyond it, only what scores this share of the best unit

_WIDE = re.compile(f"[{WIDE}]")
_LEAD_IN_END = re.compile(r"[:：][\s*_]*$")
# Consumed without ending a sentence: code spans, links, URLs, spans of emphasis, abbreviations, list numbers.
_SENTENCE_END = re.compile(
    r"(?P<skip>`[^`\n]*`|!?\[[^\]\n]*\]\([^)\n]*\)|https?://[^\s。！？；]+|\*\*[^*\n]+\*\*|__[^_\n]+__|\*[^*\n]+\*"
    r"|\b(?:e\.g|i\.e|etc|vs|approx|no|nr|mr|mrs|ms|dr|st|inc|ltd|co|fig|cf|ca|[A-Z])\.)"
    r"|[。！？；…]+[”’」』）)\"'*_]*\s*|[.!?]+[”’)\"'*_\]]*(?:\s+|$)",
    re.IGNORECASE,
)
_BEST_PASSAGE_BONUS = 0.5  # of the score that matching every term would give
_FIRST_BONUS = 0.1  # answers tend to begin with the answer


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A slice of an answer. `complete` tells that it is the whole of it; `text` is "" when nothing could be quoted."""

    text: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Unit:
    """A slice that is quoted whole or not at all; `leads` marks a `heading` or an "as follows:", never quoted last."""

    text: str
    leads: bool = False
    heading: bool = False
    score: float = 0.0


def select_excerpt(markdown: str, question: str, best_part: str = "", budget: int = BUDGET) -> Excerpt:
    """The part of `markdown` for `question`; `best_part` is the passage of it that the search ranked first."""
    markdown = markdown.replace("\r\n", "\n").strip("\n")
    if measure_width(markdown) <= budget:
        return Excerpt(markdown, complete=True)
    units = _score_units(list(split_units(markdown, budget)), question, best_part)
    chosen = _grow_window(units, budget)
    text = "".join(unit.text for unit in chosen)
    return Excerpt(text.strip("\n").rstrip(), complete=len(chosen) == len(units))


def measure_width(text: str) -> int:
    """How much room a text takes: a wide (Chinese, Japanese, Korean) character counts twice."""
    return len(text) + len(_WIDE.findall(text))


def split_units(markdown: str, budget: int = BUDGET) -> Iterator[Unit]:
    """`markdown` as consecutive units, which together are the whole."""
    from markdown_it.tree import SyntaxTreeNode

    lines = markdown.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + lines[-1:]
    for node, text in _slice_children(SyntaxTreeNode(_make_parser().parse(markdown)), lines, 0, len(lines)):
        if node.type in {"bullet_list", "ordered_list"} and measure_width(text) > budget and node.map:
            own = text.splitlines(keepends=True)
            yield from (Unit(item) for _, item in _slice_children(node, own, node.map[0], node.map[0] + len(own)))
        elif node.type == "paragraph" and measure_width(text) > budget:
            yield from (Unit(sentence) for sentence in split_sentences(text))
        else:
            heading = node.type == "heading"
            yield Unit(text, heading or bool(_LEAD_IN_END.search(text)), heading)


def split_sentences(text: str) -> Iterator[str]:
    """`text` cut after its sentence ends, English and Chinese; together the pieces are the whole."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match["skip"] is None:
            yield text[start : match.end()]
            start = match.end()
    if start < len(text):
        yield text[start:]


def _slice_children(
    node: SyntaxTreeNode, lines: Sequence[str], start: int, end: int
) -> Iterator[tuple[SyntaxTreeNode, str]]:
    """Each child with its lines and the blank ones up to the next; `lines` holds those from `start` to `end`."""
    children = [child for child in node.children if child.map]
    starts = [start, *(child.map[0] for child in children[1:] if child.map), end]
    for child, first, last in zip(children, starts, starts[1:], strict=False):
        if first < last:
            yield child, "".join(lines[first - start : last - start])


def _score_units(units: Sequence[Unit], question: str, best_part: str) -> list[Unit]:
    """Each unit with the weight of the question's terms it holds, a rare term weighing more."""
    found = _find_terms(units, set(analyse_text(question)))
    frequency = Counter(term for hits in found for term in hits)
    weight = {term: math.log(1 + len(units) / count) for term, count in frequency.items()}
    most = sum(weight.values()) or 1.0
    scored = []
    for position, (unit, hits) in enumerate(zip(units, found, strict=True)):
        score = sum(weight[term] for term in hits)
        if best_part and unit.text.strip() in best_part:
            score += _BEST_PASSAGE_BONUS * most
        if position == 0:
            score += _FIRST_BONUS * most
        scored.append(replace(unit, score=score))
    for position in range(len(scored) - 2, -1, -1):  # a lead-in is worth what it announces
        if scored[position].leads:
            score = max(scored[position].score, scored[position + 1].score)
            scored[position] = replace(scored[position], score=score)
    return scored


def _find_terms(units: Sequence[Unit], terms: set[str]) -> list[set[str]]:
    """The terms that stand in each unit, in the heading it is under, or in the words that announce it."""
    found: list[set[str]] = []
    section: set[str] = set()
    announced: set[str] = set()
    for unit in units:
        own = terms & set(analyse_text(unit.text))
        section = own if unit.heading else section
        found.append(own | section | announced)
        announced = own if unit.leads else set()
    return found


def _grow_window(units: Sequence[Unit], budget: int) -> Sequence[Unit]:
    """The best unit that can be quoted, grown to both sides by the better neighbour while that is worth its room."""
    quotable = [i for i, unit in enumerate(units) if not unit.leads and measure_width(unit.text) <= HARD_LIMIT]
    if not quotable:
        return ()
    best = max(quotable, key=lambda i: (units[i].score, -i))
    first, last, used = best, best, measure_width(units[best].text)

    def is_worth_taking(i: int, by_itself: bool) -> bool:
        """`by_itself`: it announces what is in, or may come for context because no heading parts it from what is in."""
        if not 0 <= i < len(units) or used + measure_width(units[i].text) > budget:
            return False
        return by_itself or units[i].score >= WORTHY * units[best].score

    while True:
        context = used < ENOUGH
        announced = first > 0 and units[first - 1].leads
        before = is_worth_taking(first - 1, announced or (context and not units[first].heading))
        after = is_worth_taking(last + 1, context and not (last + 1 < len(units) and units[last + 1].heading))
        if before and (not after or announced or units[first - 1].score > units[last + 1].score):
            first -= 1
            used += measure_width(units[first].text)
        elif after:
            last += 1
            used += measure_width(units[last].text)
        else:
            break
    while units[last].leads:
        last -= 1
    return units[first : last + 1]


@cache
def _make_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")
