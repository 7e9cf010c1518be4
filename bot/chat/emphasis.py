"""Emphasis beside full-width marks and letters without spaces, written so that every client draws it.

By CommonMark a mark such as `**` between a full-width mark and a letter neither opens nor closes: of
`请在**三十天（30 天）**内退货` the asterisks stay. A space of no width, put inside, makes it do so.
https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis, https://github.com/commonmark/commonmark-spec/issues/650
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_BOTH = 3  # marks: strong and emphasised
_SPACE = "\u200b"  # neither white space nor punctuation to CommonMark
_MARKS = re.compile(r"\\.|(?P<marks>\*+|_+)")


@dataclass(slots=True)
class _Marks:
    """A run of asterisks or low lines, with the characters around it ("" at a line's ends)."""

    start: int
    text: str
    before: str
    after: str
    left: int = 0  # marks that opened and are not closed yet

    @property
    def may_open(self) -> bool:
        return bool(self.after) and not self.after.isspace() and not self._in_word

    @property
    def may_close(self) -> bool:
        return bool(self.before) and not self.before.isspace() and not self._in_word

    @property
    def _in_word(self) -> bool:
        """As in snake_case."""
        return self.text[0] == "_" and all(side.isascii() and side.isalnum() for side in (self.before, self.after))

    @property
    def opens_by_rule(self) -> bool:
        return _is_flanking(self.after, self.before) and (self.text[0] == "*" or not _is_letter(self.before))

    @property
    def closes_by_rule(self) -> bool:
        return _is_flanking(self.before, self.after) and (self.text[0] == "*" or not _is_letter(self.after))


def mend_emphasis(text: str) -> str:
    """Prose, without code, with its emphasis written so that every client draws it."""
    if text.isascii() or not ("*" in text or "_" in text):
        return text
    return "".join(_mend_line(line) for line in text.splitlines(keepends=True))


def find_undecided_spans(line: str) -> list[tuple[int, int]]:
    """The spans of a line, which may go on, whose emphasis is not decided before their end."""
    spans, opened = [], -1
    for marks, depth in _pair_marks(line, []):
        if opened < 0 and depth:
            opened = marks.start
        elif opened >= 0 and not depth:
            spans.append((opened, marks.start + len(marks.text)))
            opened = -1
    return [*spans, (opened, len(line) + 1)] if opened >= 0 else spans


def _mend_line(line: str) -> str:
    pairs: list[tuple[_Marks, _Marks]] = []
    found = [marks for marks, _ in _pair_marks(line, pairs)]
    inserted: dict[int, str] = {}
    starred: set[int] = set()
    for opening, closing in pairs:
        if line[max(0, opening.start - 1) : closing.start + len(closing.text) + 1].isascii():
            continue  # English parts its words
        if opening.text[0] == "_" and not (opening.opens_by_rule and closing.closes_by_rule):
            starred |= {opening.start, closing.start}
        if not _is_flanking(opening.after, opening.before):
            inserted[opening.start + len(opening.text)] = _SPACE
        if not _is_flanking(closing.before, closing.after):
            inserted[closing.start] = _SPACE
    if not inserted and not starred:
        return line
    out, at = [], 0
    for marks in found:
        end = marks.start + len(marks.text)
        shown = "*" * len(marks.text) if marks.start in starred else marks.text
        out += [line[at : marks.start], inserted.get(marks.start, ""), shown, inserted.get(end, "")]
        at = end
    return "".join([*out, line[at:]])


def _pair_marks(line: str, pairs: list[tuple[_Marks, _Marks]]) -> Iterator[tuple[_Marks, int]]:
    """A line's marks, each with how many are open after it; what opens with what closes is added to `pairs`."""
    stack: list[_Marks] = []
    for match in _MARKS.finditer(line):
        if not match["marks"]:
            continue
        start, end = match.span()
        marks = _Marks(start, match[0], line[start - 1 : start], line[end : end + 1])
        closed = _close_marks(marks, stack) if marks.may_close else []
        pairs += [(opening, marks) for opening in closed]
        if not closed and marks.may_open:
            marks.left = len(marks.text)
            stack.append(marks)
        yield marks, len(stack)


def _close_marks(marks: _Marks, stack: list[_Marks]) -> list[_Marks]:
    """What these marks close, taken from the stack."""
    count = len(marks.text)
    for place in range(len(stack) - 1, max(-1, len(stack) - 9), -1):
        opening = stack[place]
        if opening.text[0] == marks.text[0] and opening.left == count:
            del stack[place:]
            return [opening]
    same = [opening for opening in stack[-2:] if opening.text[0] == marks.text[0]]
    if len(same) == 2 and same[0].left + same[1].left == count:
        del stack[-2:]
        return same
    if same and same[-1] is stack[-1] and same[-1].left == _BOTH > count:
        same[-1].left -= count
        return same[-1:]
    return []


def _is_flanking(inner: str, outer: str) -> bool:
    """Whether marks between these characters hold on to the inner one."""
    if not inner or inner.isspace():
        return False
    return not _is_mark(inner) or not outer or outer.isspace() or _is_mark(outer)


def _is_letter(character: str) -> bool:
    return bool(character) and not character.isspace() and not _is_mark(character)


def _is_mark(character: str) -> bool:
    """Punctuation and symbols; and what stands for code or a link here, which begin and end with such."""
    return unicodedata.category(character)[0] in "PS" or "\ue000" <= character <= "\uf8ff"
