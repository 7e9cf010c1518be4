"""A teammate's answer among the sources, on each platform."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.chat.conversation import Citation, UsedPassage
from bot.i18n import words_for
from bot.platforms.discord import layouts
from bot.platforms.slack import blocks
from bot.platforms.terminal.answers import _format_source
from bot.platforms.terminal.explanation import draw_explanation
from tests.support.turns import make_turn

CHAT = "https://chat.test/archives/C1/p1"
LINKED = Citation(1, "Do you repair kettles?", CHAT, "p", "Mei Lin", "2026-11-26")
BARE = Citation(2, "可以修水壶吗？", "", "q", "林美", "2026-11-26")
PAGE = Citation(3, "Returns", "https://shop.test/r", "r")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_slack_shows_who_and_when_after_the_title(language: str) -> None:
    [section] = blocks.draw_sources([LINKED, BARE, PAGE], words_for(language))
    assert section["text"]["text"].splitlines()[1:] == [
        f"[1] <{CHAT}|Do you repair kettles?> · Mei Lin, 2026-11-26",
        "[2] 可以修水壶吗？ · 林美, 2026-11-26",
        "[3] <https://shop.test/r|Returns>",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_discord_shows_who_and_when_after_the_title(language: str) -> None:
    lines = layouts.format_sources([LINKED, BARE, PAGE], words_for(language)).splitlines()
    assert lines[1:] == [
        f"-# 1. [Do you repair kettles?]({CHAT}) · Mei Lin, 2026\\-11\\-26",
        "-# 2. 可以修水壶吗？ · 林美, 2026\\-11\\-26",
        "-# 3. [Returns](https://shop.test/r)",
    ]


def test_a_terminal_shows_who_and_when_after_the_title() -> None:
    assert _format_source(LINKED, words_for("en")).plain == f"[1] Do you repair kettles? · Mei Lin, 2026-11-26  {CHAT}"
    assert _format_source(BARE, words_for("en")).plain == "[2] 可以修水壶吗？ · 林美, 2026-11-26"
    assert _format_source(PAGE, words_for("en")).plain == "[3] Returns  https://shop.test/r"


def test_a_name_cannot_pose_as_markup() -> None:
    sly = Citation(1, "t", "", "p", "<!channel> *x* [y](https://evil.test)\n\x1b[2J", "2026-11-26")
    [section] = blocks.draw_sources([sly], words_for("en"))
    assert "&lt;\u200b!channel&gt;" in section["text"]["text"]
    assert "<!" not in section["text"]["text"] and "](" not in section["text"]["text"]
    assert "](" not in layouts.format_sources([sly], words_for("en"))
    assert "\x1b" not in _format_source(sly, words_for("en")).plain


def test_an_explanation_tells_who_answered() -> None:
    out = io.StringIO()
    used = UsedPassage("p", "Kettles", "", "text", 1, 0.5, {}, "2026-11-26T08:00:00+00:00", "Mei Lin")
    page = UsedPassage("r", "Returns", "https://shop.test/r", "text", 2, 0.4, {}, "2026-11-25T08:00:00+00:00")
    Console(file=out, width=100).print(draw_explanation(make_turn(passages=(used, page), citations=())))
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert "answered by Mei Lin 2026-11-26" in lines
    assert "https://shop.test/r  crawled 2026-11-25" in lines
