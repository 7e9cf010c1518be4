"""No cell of an export is a formula, in whichever width its sign is written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from bot.chat.conversation import Citation, Feedback, Vote
from bot.cli.turns import Format, row_writer
from bot.evaluation.files import write_csv
from bot.gaps.models import Missed
from bot.gaps.service import Gap, GapReport
from bot.gaps.service import to_csv as gaps_csv
from bot.glossary.service import to_csv
from retrieval.search.synonyms import Entry
from retrieval.text.cleaning import clean_text, escape_formula, unescape_formula
from tests.support.turns import NOON, make_turn

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
CELLS = [
    f"{blank}{sign}HYPERLINK(1)" for sign in SIGNS for blank in ("", " ", "\u3000", "\n", "\t", "\r", "\u200b", "\0")
]


@pytest.mark.parametrize("cell", CELLS)
def test_a_formula_is_defused_and_read_again(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}" and unescape_formula(escape_formula(cell)) == cell
    assert escape_formula(f"a{cell}") == f"a{cell}" and unescape_formula("'tis") == "'tis"


def test_no_export_holds_a_formula(tmp_path: Path) -> None:
    log = io.StringIO(newline="")
    write = row_writer(log, Format.CSV)
    for cell in CELLS:
        cited = (Citation(1, cell, cell, "p"),)
        write(make_turn(question=cell, answer=cell, citations=cited), [Feedback("", cell, Vote.DOWN, cell)])
    write_csv(tmp_path / "golden.csv", ["question"], [[cell] for cell in CELLS])
    glossary = to_csv([Entry(str(number), (cell.strip() or "x", "y"), cell) for number, cell in enumerate(CELLS)])
    golden = (tmp_path / "golden.csv").read_text("utf-8-sig")
    missed = tuple(Missed(cell, cell, cell, "ann", NOON, frozenset(), cell) for cell in CELLS)
    gaps = [Gap(cell, cell, missed, 1, (), {}, NOON, NOON, missed[0]) for cell in CELLS[:3]]
    report = gaps_csv(GapReport(NOON, NOON, len(missed), tuple(gaps)))
    for text in (log.getvalue(), golden, glossary, report):
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(clean_text(cell).lstrip()[:1] in SIGNS for cell in row if clean_text(cell).strip()), row
