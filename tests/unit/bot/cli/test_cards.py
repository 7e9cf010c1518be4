"""Cards as a terminal shows them: plain where it is none, and never more than it may be handed."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat.card import Button, Card, File, Line, Table
from bot.cli.cards import TerminalScreen, print_card


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def drawn(card: Card, capsys: pytest.CaptureFixture[str]) -> str:
    print_card(card)
    return capsys.readouterr().out


def test_a_card_is_drawn_part_by_part(capsys: pytest.CaptureFixture[str]) -> None:
    card = Card(
        title="Status",
        text="All is [bold]well[/bold].",
        facts={"Version": "7", "Size": "3 pages"},
        markdown="Yes, from **10** euros.",
        table=Table(("source", ">pairs"), (("help", "12"), ("shop", "7"))),
        lines=(Line("added: How?", "https://x.example/a", "new"),),
        footnote="Made just now.",
        file=File("a.csv", "secret"),
    )
    lines = [line.rstrip() for line in drawn(card, capsys).splitlines()]
    assert lines[:5] == [
        "Status",
        "All is [bold]well[/bold].",
        "Version  7",
        "Size     3 pages",
        "Yes, from **10** euros.",
    ]
    assert "│ help   │    12 │" in lines
    assert lines[-2:] == ["· added: How?  new  https://x.example/a", "Made just now."]


def test_commands_are_told_as_they_are_typed_here(capsys: pytest.CaptureFixture[str]) -> None:
    buttons = (Button("approve", "0123456789abcdef", "Approve"), Button("unknown", "x", "Do"))
    out = drawn(Card(text="No source yet: /faq sources add https://example.com", buttons=buttons), capsys)
    assert out == "No source yet: frontdesk sources add https://example.com\nfrontdesk taught approve 01234567\n"


def test_what_pages_hold_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal, where links are drawn
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    card = Card(
        title=f"t{evil}",
        facts={"a": f"f{evil}"},
        markdown=f"m{evil}",
        table=Table(("c",), ((f"r{evil}",),)),
        lines=(
            Line(f"l{evil}", f"https://x.example/{evil}", f"n{evil}"),
            Line("script", "javascript:alert(1)"),
            Line("good", "https://x.example/good"),
        ),
    )
    out = drawn(card, capsys)
    assert "\x1b]0;" not in out
    assert "\x1b[2J" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert [link for link in out.split("\x1b]8;")[1:] if "javascript" in link.partition("\x1b\\")[0]] == []
    assert "https://x.example/good\x1b\\" in out


async def test_piped_progress_is_a_line_whenever_it_changes_and_its_end_goes_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = TerminalScreen()
    going = Card(title="Re-crawl of help", facts={"Pages": "1 of 2"}, bar=0.3)

    async def work() -> None:
        await screen.show_card(Card(text="Looking …"))
        await screen.show_card(going, public=True)
        await screen.show_card(going, public=True)
        await screen.show_card(Card(title="Re-crawl of help", facts={"Pages": "2 of 2"}, bar=0.6), public=True)
        await screen.show_card(Card(title="Re-crawl done"), public=True)

    await screen.follow_task(asyncio.create_task(work()))
    out, err = capsys.readouterr()
    assert out == "Re-crawl done\n"
    assert err.splitlines() == ["Looking …", "Re-crawl of help, Pages 1 of 2", "Re-crawl of help, Pages 2 of 2"]


async def test_on_a_terminal_progress_is_a_bar_in_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    screen = TerminalScreen()
    await screen.show_card(Card(title="Re-crawl of help", bar=0.5), public=True)
    await screen.show_card(Card(title="Re-crawl done"), public=True)
    out, err = capsys.readouterr()
    assert "Re-crawl of help" in err
    assert "━" in err
    assert "Re-crawl done" in out
    screen.stop_progress()  # once more does no harm
