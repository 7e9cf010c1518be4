"""The columns of a sheet that hold questions and their answers, judged by what stands in them. Pure.

No column's name is looked at: sheets are headed in any language, or not at all.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from retrieval.extraction import wording

_ASKS = 0.5  # of a column's cells, on the scale of `question_likeness`: it holds questions
_GROUPS = 0.5  # as many different cells as filled ones, at most: it names groups
_STATEMENT_ENDS = (".", "!", "。", "！", "…")
_SENTENCE_ENDS = (*_STATEMENT_ENDS, "?", "？")

Rows = Sequence[Sequence[str]]


@dataclass(slots=True)
class SheetPair:
    """A question with its answer; `wordings` ask the same, `group` is what they stand under, "" for nothing."""

    question: str
    answer: str
    wordings: tuple[str, ...] = ()
    group: str = ""


@dataclass(slots=True)
class FoundPairs:
    """The pairs of a sheet, the texts of cells that are in none of them, and the other columns, cell by cell."""

    pairs: list[SheetPair] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    other_columns: list[Sequence[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Columns:
    questions: tuple[int, ...]
    answer: int


@dataclass(frozen=True, slots=True)
class _Layout:
    columns: Sequence[_Columns]
    group: int | None


def find_sheet_pairs(rows: Rows) -> FoundPairs:
    """The pairs of a sheet whose rows all have as many cells; none where no column holds any."""
    layout = _find_layout(rows)
    if not layout.columns:
        return FoundPairs()
    first = next((number for number, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)  # above it stand titles
    body = [*rows[:first], *rows[first + 1 :]] if _is_header(rows[first:], layout.columns) else rows
    found = FoundPairs()
    for columns in layout.columns:
        _read_pairs(body, columns, layout.group, found)
    taken = {layout.group, *(index for each in layout.columns for index in (*each.questions, each.answer))}
    found.other_columns += _iterate_columns(rows, taken)
    return found


def _iterate_columns(rows: Rows, taken: Container[int | None]) -> Iterator[Sequence[str]]:
    """Those that nothing was read from."""
    return (cells for index, cells in enumerate(zip(*rows, strict=True)) if index not in taken)


def _find_layout(rows: Rows) -> _Layout:
    columns = list(zip(*rows, strict=True))
    lengths = [_measure_length(cells) for cells in columns]
    pairs = list(_pair_columns([_asks(cells) for cells in columns], lengths)) or list(_pair_topics(columns, lengths))
    taken = {index for each in pairs for index in (*each.questions, each.answer)}
    group = next((index for index, cells in enumerate(columns) if index not in taken and _groups(cells)), None)
    return _Layout(pairs, group)


def _pair_columns(asking: Sequence[bool], lengths: Sequence[float]) -> Iterator[_Columns]:
    """Each run of columns that ask, with the longest of those up to the next run, or left of it if there is none."""
    places = [index for index, asks in enumerate(asking) if asks]
    run: list[int] = []
    for index, end in pairwise([*places, len(asking)]):
        run.append(index)
        left = range(run[0]) if run[0] == places[0] and end == len(asking) else range(0)
        for answers in (range(index + 1, end), left):
            answer = max(answers, key=lengths.__getitem__, default=None)
            if answer is not None and lengths[answer]:
                yield _Columns(tuple(run), answer)
                run = []
                break


def _pair_topics(columns: Sequence[Sequence[str]], lengths: Sequence[float]) -> Iterator[_Columns]:
    """Where no column asks: the only two columns of words, if the one names what the sentences of the other tell."""
    worded = [index for index, length in enumerate(lengths) if length and not _groups(columns[index])]
    if len(worded) != 2:
        return
    topic, text = worded
    told = [cell for cell in columns[text] if cell]
    named = [cell for cell in columns[topic] if cell]
    sentences = sum(cell.endswith(_SENTENCE_ENDS) for cell in told)
    if 2 * sentences > len(told) and 2 * lengths[topic] < lengths[text] and len(set(named)) == len(named):
        yield _Columns((topic,), text)


def _asks(cells: Sequence[str]) -> bool:
    """Whether most of a column's cells ask; the first may be the column's name."""
    return any(
        sum(map(_measure_asking, filled)) >= _ASKS * len(filled)
        for filled in ([cell for cell in part if cell] for part in (cells, cells[1:]))
        if filled
    )


def _measure_asking(cell: str) -> float:
    """As `question_likeness`; a cell that ends as a statement does, or has several lines, is none that asks."""
    if wording.is_asked(cell):
        return 1.0
    return 0.0 if "\n" in cell or cell.endswith(_STATEMENT_ENDS) else wording.question_likeness(cell)


def _groups(cells: Sequence[str]) -> bool:
    """Whether a column names groups: in words, the same again and again."""
    filled = [cell for cell in cells if cell]
    worded = all(any(map(str.isalpha, cell)) and not cell.endswith(_SENTENCE_ENDS) for cell in filled)
    return len(filled) > 2 and worded and len(set(filled)) <= _GROUPS * len(filled) + 1


def _measure_length(cells: Sequence[str]) -> float:
    """The letters of an ordinary cell that has any, 0 for a column without words."""
    lengths = [len(cell) for cell in cells if any(map(str.isalpha, cell))]
    return median(lengths) if lengths else 0


def _is_header(rows: Rows, columns: Sequence[_Columns]) -> bool:
    """Whether the first row names the columns: none of it ends as a sentence or question does, and it is shorter than
    what stands below, or all that stands below a question's name asks (answers may be a "Yes")."""
    first, below = rows[0], rows[1:]
    named = [index for each in columns for index in (*each.questions, each.answer)]
    if any(
        not first[index] or first[index].endswith(_SENTENCE_ENDS) or wording.is_asked(first[index]) for index in named
    ):
        return False
    if all(len(first[index]) < _measure_length([row[index] for row in below]) for index in named):
        return True
    asked = [row[index] for each in columns for index in each.questions for row in below if row[index]]
    worded = not any(char.isdigit() for index in named for char in first[index])
    return worded and bool(asked) and all(map(wording.is_asked, asked))


def _read_pairs(rows: Rows, columns: _Columns, group: int | None, found: FoundPairs) -> None:
    """A pair a row. A row that only answers goes on with the one above; a single other cell heads those below."""
    above: SheetPair | None = None
    heading = ""
    for row in rows:
        asked = [row[index] for index in columns.questions if row[index]]
        answer = row[columns.answer]
        if group is not None and row[group] and asked:
            heading = row[group]
        if asked and answer:
            question, *others = (wording.tidy_question(each) for each in asked)
            above = SheetPair(question, answer, tuple(others), heading)
            found.pairs.append(above)
        elif answer and above and not asked:
            above.answer += f"\n\n{answer}"
        elif group is None and sum(map(bool, row)) == 1:
            heading = next(filter(None, row))
        else:
            found.left_out += filter(None, [*asked, answer])
