"""A clarification in Block Kit: the question, a button for each answer that may be meant, one for none. Pure.

Titles come from pages: they stand in `plain_text` and in literal mrkdwn, where nothing of them rings or leads anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.options import Asking, Option, asking, outcome
from bot.adapters.slack.blocks import FALLBACK, SECTION, Block
from bot.adapters.slack.markdown import literal, to_slack
from bot.conversation import Settled, Turn

CHOOSE = "choose"
_LABEL = 75
_ASKED = "asked"  # begins the block id by which the turn is known when the buttons are gone


def question(turn: Turn) -> list[Block]:
    """The clarification as it is asked."""
    asked = asking(turn, _LABEL)
    below = asked.lines if asked.in_full else []
    return [
        _section(turn, asked, below),
        *({"type": "actions", "elements": [_button(turn, option)]} for option in (*asked.options, asked.none)),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": literal(asked.how)}]},
    ]


def answered(settled: Settled) -> list[Block]:
    """The clarification once it is over: without buttons, with what was chosen or could have been."""
    asked = asking(settled.asked, _LABEL)
    chosen = outcome(settled)
    return [_section(settled.asked, asked, [chosen] if chosen else asked.lines)]


def fallback(turn: Turn, settled: Settled | None = None) -> str:
    """The same for notifications and screen readers, escaped: every option with its number."""
    asked = asking(turn, _LABEL)
    chosen = outcome(settled) if settled else ""
    last = [f"{len(asked.options) + 1}. {asked.none.title}"] if settled is None else []
    room = FALLBACK // (len(asked.options) + 2)
    lines = [literal(chosen)] if chosen else [literal(line[: room - 40]) for line in [*asked.lines, *last]]
    return "\n".join([to_slack(asked.lead), *lines])[:FALLBACK]


def read(value: str) -> tuple[str, int]:
    """(turn id, option's number) of a button's value."""
    turn_id, _, number = value.partition(":")
    return turn_id, int(number) if number.isdecimal() else -1


def turn_of(block: Mapping[str, Any]) -> str:
    """The clarification that a block belongs to, if it does to one."""
    begin, _, turn_id = str(block.get("block_id") or "").partition(":")
    return turn_id if begin == _ASKED else ""


def _section(turn: Turn, asked: Asking, lines: list[str]) -> Block:
    text = "\n".join([to_slack(asked.lead), *map(literal, lines)])[:SECTION]
    return {
        "type": "section",
        "block_id": f"{_ASKED}:{turn.id}",
        "expand": True,
        "text": {"type": "mrkdwn", "text": text, "verbatim": True},
    }


def _button(turn: Turn, option: Option) -> Block:
    return {
        "type": "button",
        "action_id": f"{CHOOSE}:{option.number}",
        "text": {"type": "plain_text", "text": option.label, "emoji": False},
        "value": f"{turn.id}:{option.number}",
        "accessibility_label": option.label,
    }
