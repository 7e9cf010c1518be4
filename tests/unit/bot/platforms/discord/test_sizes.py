"""No body is longer than Discord takes, whatever the script."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from discord import ui

from bot.chat.card import Button, Card, Line, Table
from bot.chat.conversation import Citation, Decision, Turn
from bot.chat.split import split_markdown
from bot.platforms.discord import cards, choices, layouts
from bot.platforms.discord.markdown import to_discord
from bot.platforms.discord.sizes import BODY, count_fitting, fit_lines, measure_size

SCRIPTS = ("请在三十天内退货。", "Return goods in time. ", "返品は三十日以内です。", 'q"\\n', "😀", "é ", "\u2060a")


def _cited(filler: str, number: int) -> Citation:
    return Citation(number, f"{filler * 60}{number}", f"https://shop.example/{number}", f"p{number}", gist=filler * 40)


def _turn(filler: str, decision: Decision, answer: str) -> Turn:
    cited = tuple(_cited(filler, number) for number in range(1, 4))
    return Turn("ab" * 16, "c", datetime(2026, 1, 2, tzinfo=UTC), "q", "q", "zh", decision, answer, 0.9, 0.5, cited)


def _body(view: ui.LayoutView) -> int:
    components: Any = view.to_components()
    return len(json.dumps({"components": components, "flags": 1 << 15, "nonce": "a" * 25}))


@pytest.mark.parametrize("filler", SCRIPTS)
def test_an_answer_comes_in_bodies_that_discord_takes(filler: str) -> None:
    turn = _turn(filler, Decision.ANSWER, filler * 2_000)
    pieces = split_markdown(to_discord(turn.answer), layouts.PIECE, measure_size)
    views = [layouts.draw_message(piece, "ab" * 16, turn, handoff=True, post=True) for piece in pieces]
    assert all(_body(view) <= BODY for view in views)


@pytest.mark.parametrize("filler", SCRIPTS)
def test_offers_come_in_bodies_that_discord_takes(filler: str) -> None:
    asked = _turn(filler, Decision.CLARIFY, f"{filler}\n\n1. a")
    assert _body(choices.draw_question("ab" * 16, asked)) <= BODY
    suggested = _turn(filler, Decision.SUGGEST, filler * 300)
    for piece in choices.render_suggestion(suggested):
        view = choices.end_of_suggestion(piece, "ab" * 16, suggested, handoff=True, post=True)
        assert _body(view) <= BODY


@pytest.mark.parametrize("filler", SCRIPTS)
def test_cards_come_in_bodies_that_discord_takes(filler: str) -> None:
    long = filler * 700
    buttons = tuple(Button("cancel", str(number), long) for number in range(5))
    for card in (
        Card(title=long, text=long, footnote=long, buttons=buttons),
        Card(
            markdown=long, facts={long[:40]: long}, lines=tuple(Line(long, "https://shop.example", long) for _ in "ab")
        ),
        Card(table=Table((long[:20], "b"), tuple((long, long) for _ in range(30)))),
    ):
        assert all(_body(cards.draw_layout(page)) <= BODY for page in cards.split_pages(card))


def test_a_text_is_measured_by_what_weighs_more() -> None:
    assert measure_size("word " * 100) == 500 and measure_size("请" * 100) > 250
    chance = random.Random(7)
    for _ in range(300):
        text = "".join(chance.choice(SCRIPTS) for _ in range(chance.randint(0, 40)))
        limit = chance.randint(0, 300)
        kept = count_fitting(text, limit)
        assert measure_size(text[:kept]) <= limit and (
            kept == len(text) or measure_size(text[: kept + 1]) > limit or kept == limit
        )
        lines = fit_lines([text, text[::-1], "short"], limit)
        assert sum(map(measure_size, lines)) + len(lines) <= max(limit, 0) or not lines
