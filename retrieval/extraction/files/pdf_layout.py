"""The lines of a PDF -> headings, paragraphs, list items and tables, by their places and sizes. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Literal

from retrieval.extraction import wording
from retrieval.extraction.files.pdf_lines import Line
from retrieval.extraction.files.pdf_tables import find_tables
from retrieval.text.scripts import HANGUL, PRIVATE_USE, WIDE

BlockKind = Literal["heading", "paragraph", "item", "table"]

_BULLET = re.compile(rf"(?:[•◦▪‣·●○■□➢✓❖{PRIVATE_USE}]\s*|[–—*-]\s+)(?=\S)")
_SPACELESS = re.compile(f"(?![{HANGUL}])[{WIDE}]")  # Korean parts its words
_LEADER = re.compile(r"(?:[.…·_]\s?){4,}\s*[\divxlc]+$|(?:[.…·]\s?){6,}$", re.IGNORECASE)  # of a table of contents
_LARGER = 1.08  # times the body's size: from there on a heading
_LONGEST_HEADING = 200  # characters
_EDGES = 3  # lines at the top and at the bottom of a page that may be its frame
_LIKELY = 0.5  # of a question
_APART = 1.6  # sizes: from there on two lines are no paragraph's


@dataclass(slots=True)
class Block:
    """`page` counts from 1; `level` is a heading's, 1 to 6; `rows` are a table's; `lines` end where the author did."""

    kind: BlockKind
    page: int
    lines: list[str] = field(default_factory=list)
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool


def find_blocks(pages: Sequence[Sequence[Line]]) -> list[Block]:
    """What the pages say, in order; their frame (running titles, page numbers) and tables of contents left out."""
    body = _find_body_style([line for lines in pages for line in lines])
    framed = _drop_frames(pages, body)
    pitch = _measure_pitch(framed)
    headings = _rank_styles(framed, body)
    blocks: list[Block] = []
    for number, lines in enumerate(framed, start=1):
        here = list(_read_page(lines, number, headings, pitch))
        if blocks and here and _goes_on(blocks[-1], here[0]):
            blocks[-1].lines[-1:] = [_join_lines(blocks[-1].lines[-1], here[0].lines[0]), *here[0].lines[1:]]
            del here[0]
        blocks += here
    return _raise_title(blocks)


def _raise_title(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with the first as their title, where it is a heading, and the next is another of the same style: what
    stands below it is all the rest."""
    if len(blocks) < 2 or blocks[0].level == 0 or blocks[0].level != blocks[1].level:
        return list(blocks)
    lowered = (replace(each, level=min(6, each.level + 1)) if each.level else each for each in blocks[1:])
    return [replace(blocks[0], level=1), *(lowered if blocks[0].level == 1 else blocks[1:])]


def _drop_frames(pages: Sequence[Sequence[Line]], body: _Style) -> list[list[Line]]:
    """The pages without what stands at the same height of their edges again and again, whatever numbers are in it."""
    edges = [list(_find_edges(lines, body)) for lines in pages]
    seen = Counter(_name_place(line) for lines in edges for line in lines)
    often = max(2, min(3, len(pages)))

    def is_frame(line: Line) -> bool:
        place = _name_place(line)
        return seen[place] >= (2 if place[1].strip("# ") == "" else often)

    frames = {id(line) for lines in edges for line in lines if is_frame(line)}
    return [[line for line in lines if id(line) not in frames and not _LEADER.search(line.text)] for lines in pages]


def _find_edges(lines: Sequence[Line], body: _Style) -> Iterator[Line]:
    """The lines at the top and at the bottom of a page that stand apart from its text, no larger than that."""
    ordered = sorted(lines, key=lambda line: line.base)
    for inwards in (ordered, ordered[::-1]):
        gaps = [abs(one.base - other.base) > _APART * one.size for one, other in pairwise(inwards)]
        count = next((place for place, apart in enumerate(gaps[:_EDGES], start=1) if apart), 0)
        yield from (line for line in inwards[:count] if line.size <= _LARGER * body.size)


def _name_place(line: Line) -> tuple[int, str]:
    return round(line.base / 4), re.sub(r"\d+", "#", line.text)


def _find_body_style(lines: Sequence[Line]) -> _Style:
    """That of the most letters; of those with half as many the smallest and lightest: answers may be brief."""
    letters: Counter[_Style] = Counter()
    for line in lines:
        letters[_style_of(line)] += len(line.text)
    most = max(letters.values(), default=0)
    common = (style for style, count in letters.items() if 2 * count >= most)
    return min(common, key=lambda style: (style.size, style.bold), default=_Style(0, bold=False))


def _style_of(line: Line) -> _Style:
    return _Style(line.size, line.bold)


def _measure_pitch(pages: Sequence[Sequence[Line]]) -> float:
    """How far apart the lines of a paragraph are, in sizes of their letters."""
    steps = [
        (above.base - below.base) / above.size
        for lines in pages
        for above, below in pairwise(lines)
        if above.size == below.size and abs(above.left - below.left) < above.size
    ]
    near = [step for step in steps if 0.8 < step < 2.5]
    return median(near) if near else 1.2


def _rank_styles(pages: Sequence[Sequence[Line]], body: _Style) -> dict[_Style, int]:
    """The level of each style that stands out from the body: the largest first, bold before plain. Level 1 is a title:
    where the largest style is seen more than once, there is none."""
    standing_out = Counter(style for lines in pages for line in lines if _stands_out(style := _style_of(line), body))
    ranked = sorted(standing_out, key=lambda style: (-style.size, not style.bold))
    first = 1 if ranked and standing_out[ranked[0]] <= 2 else 2
    return {style: min(6, rank) for rank, style in enumerate(ranked, start=first)}


def _stands_out(style: _Style, body: _Style) -> bool:
    larger = style.size > _LARGER * body.size
    return larger or (style.bold and not body.bold and style.size >= body.size / _LARGER)


def _read_page(lines: Sequence[Line], number: int, headings: dict[_Style, int], pitch: float) -> Iterator[Block]:
    start = 0
    for table in find_tables(lines):
        yield from _read_text(lines[start : table.first], number, headings, pitch)
        yield Block("table", number, rows=table.rows)
        start = table.end
    yield from _read_text(lines[start:], number, headings, pitch)


def _read_text(lines: Sequence[Line], number: int, headings: dict[_Style, int], pitch: float) -> Iterator[Block]:
    block: Block | None = None
    first = last = lines[0] if lines else None
    for line in lines:
        bullet = _BULLET.match(line.text)
        level = 0 if bullet or not any(map(str.isalpha, line.text)) else headings.get(_style_of(line), 0)
        if block and first and last and not _begins_block(line, level, block, first, last, pitch, lines):
            if block.kind == "paragraph" and _ends_line_early(last, line, lines):
                block.lines.append(line.text)
            else:
                block.lines[-1] = _join_lines(block.lines[-1], line.text, hyphenated=last.hyphenated)
        else:
            if block:
                yield _settle_heading(block)
            kind: BlockKind = "heading" if level else "item" if bullet else "paragraph"
            block, first = Block(kind, number, [line.text[bullet.end() if bullet else 0 :]], level), line
        last = line
    if block:
        yield _settle_heading(block)


def _begins_block(
    line: Line, level: int, block: Block, first: Line, last: Line, pitch: float, lines: Sequence[Line]
) -> bool:
    """Whether the line begins another block than the one whose first and last lines these are."""
    step = last.base - line.base
    size = max(line.size, last.size)
    if level != block.level or _BULLET.match(line.text) or step <= 0 or step > 1.3 * pitch * size:
        return True
    if level:
        return _ends_line_early(last, line, lines) or _begins_question(block.text, line.text)
    if block.kind == "item":
        return line.left < first.left + 0.3 * size and line.left < last.left
    if wording.question_label_length(line.text) or wording.answer_label_length(line.text):
        return True
    indented = 0.8 * size < line.left - last.left < 5 * size and last is not first
    return indented or (_ends_line_early(last, line, lines) and _begins_by_words(last.text, line.text))


def _begins_question(above: str, text: str) -> bool:
    """Whether a heading's line asks for itself, and goes on with no question of the line above."""
    asks = wording.question_likeness(text) > _LIKELY and text[:1].isupper()
    return asks and wording.question_likeness(above) < wording.question_likeness(text)


def _begins_by_words(above: str, text: str) -> bool:
    """Whether a line below one that was ended on purpose is a paragraph: a question, what follows one, a step."""
    return bool(wording.extract_numbering(text) or wording.is_asked(above) or wording.is_asked(text))


def _ends_line_early(line: Line, following: Line, lines: Sequence[Line]) -> bool:
    """Whether the first word of the following line had found room on this one, so that it was ended on purpose."""
    edge = max(other.right for other in lines if abs(other.left - line.left) < 3 * line.size)
    text = following.text
    word = text[:1] if _SPACELESS.match(text) else text.partition(" ")[0]
    width = (following.right - following.left) / max(1, len(text))
    return not line.hyphenated and line.right + (len(word) + 1) * width < edge


def _join_lines(above: str, below: str, *, hyphenated: bool = False) -> str:
    """Two lines of a paragraph as one: a space between them only where their script has spaces."""
    if hyphenated or (_SPACELESS.match(above[-1:]) and _SPACELESS.match(below)):
        return above + below
    return f"{above} {below}"


def _settle_heading(block: Block) -> Block:
    """What stands out and is as long as a paragraph is one."""
    if block.kind == "heading" and len(block.text) > _LONGEST_HEADING:
        return replace(block, kind="paragraph", level=0)
    return block


def _goes_on(block: Block, following: Block) -> bool:
    """Whether a paragraph goes on at the top of the next page: it ends in no sentence's end."""
    ends = block.text.rstrip(" \"'”’）)]》」』")[-1:]
    text = following.text
    labelled = wording.question_label_length(text) or wording.answer_label_length(text)
    same = block.kind in ("paragraph", "item") and following.kind == "paragraph" and not labelled
    return same and ends not in ".!?:;。！？：；…" and not _begins_by_words(block.text, text)
