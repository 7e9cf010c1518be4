"""Tables in a terminal of 80 columns: no word is broken, and what is counted adds up."""

from __future__ import annotations

import pytest

from bot.cli.output import print_table
from bot.cli.reports import show_report
from retrieval.coverage import Coverage, CoverageSummary, LeftOut, LossKind, PageCoverage
from retrieval.refresh import PageLine, RefreshReport

COLUMNS = ["name", "kind", "location", "scope", "schedule", ">known", "state", "for"]
ROWS = [
    ("docs", "website", "https://docs.example.com/en/latest/", "/en/latest/…", "by hand", "97%", "ok", "everybody"),
    (
        "partner-handbook",
        "folder",
        "/srv/knowledge/partner-handbook",
        "all files",
        "every 24 h, next in 3 hours",
        "100%",
        "needs a browser",
        "slack:channel:C0123456789 discord:role:234567890123456789",
    ),
]


def show_sources(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("Sources", COLUMNS, ROWS, empty="")
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_table_breaks_no_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    shown = show_sources(monkeypatch, capsys, width)
    words = {word for row in ROWS for cell in row for word in cell.split()} | {name.lstrip(">") for name in COLUMNS[1:]}
    assert words <= set(shown.split())
    assert max(map(len, shown.splitlines())) <= width


def test_what_fits_is_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "┃" in show_sources(monkeypatch, capsys, 200)
    assert "┃" not in show_sources(monkeypatch, capsys, 80)


def test_a_report_says_how_many_pages_were_read_and_what_stands_on_all_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = tuple(PageLine("shop", f"https://shop.test/{n}", "500") for n in range(4))
    coverage = Coverage(50, (LeftOut(LossKind.REPEATED, 23, "Free returns on every order"),))
    pages = tuple(PageCoverage("shop", f"https://shop.test/p{n}", coverage) for n in range(6))
    show_report(
        RefreshReport("activated", "v2", pages_fetched=6, failed=failed, coverage=CoverageSummary(pages, threshold=0.8))
    )
    shown = capsys.readouterr().out
    (head,) = [line for line in shown.splitlines() if "unchanged" in line and "read" in line]
    (row,) = [line for line in shown.splitlines() if "pages" in line and "│" in line]
    cells = dict(zip(head.replace("┃", "│").split("│"), row.split("│"), strict=True))
    assert {name.strip(): value.strip() for name, value in cells.items() if name.strip()} == {
        "read": "6", "added": "", "changed": "", "removed": "0", "unchanged": "0", "failed": "4",
    }  # fmt: skip
    assert "“Free returns on every order” on 6 pages" in " ".join(shown.split())
