"""Offers in Block Kit: which of several is meant, with a button for each and one for none; and below the nearest entry
what confirms it, what refuses it, and what else may be meant. Pure.

Titles come from pages: they stand in `plain_text` and in literal mrkdwn, where nothing of them rings or leads anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.answering.clarify import extract_lead, shown_in_full
from bot.chat.conversation import ClarificationOutcome, Decision, Turn
from bot.chat.split import split_markdown
from bot.i18n import words_for
from bot.platforms.options import Asking, Option, build_asking, describe_outcome
from bot.platforms.slack import blocks
from bot.platforms.slack.blocks import FALLBACK, SECTION, Block
from bot.platforms.slack.markdown import to_fallback as shown_beside
from bot.platforms.slack.markdown import to_literal, to_slack

CHOOSE = "choose"
_LONGEST_NUMBER = 2  # digits
_LABEL = 75
_ASKED = "asked"  # begins the block id by which the turn is known when the buttons are gone


def draw_question(turn: Turn) -> list[Block]:
    """The clarification as it is asked."""
    asked = build_asking(turn, _LABEL)
    return [
        _draw_offer(turn, asked, asked.lines(to_literal) if asked.in_full else []),
        *_draw_rows(turn, (*asked.options, asked.refusal)),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": to_literal(asked.how)}]},
    ]


def write_question(turn: Turn) -> str:
    """The clarification where it has no buttons, as mrkdwn: every option with its number."""
    asked = build_asking(turn, _LABEL)
    return "\n".join([to_slack(asked.lead), *asked.lines(to_literal), to_literal(asked.how_by_number)])[:SECTION]


def render_suggestion(turn: Turn) -> list[str]:
    """The entry that is shown as the nearest thing found, in one piece a message."""
    return split_markdown(to_slack(extract_lead(turn), turn.links), blocks.PIECE)


def below_suggestion(turn: Turn, *, handoff: bool = False, share: bool = False) -> list[Block]:
    """What stands below it: its source, what else may be meant, what confirms it and what refuses it."""
    asked = build_asking(turn, _LABEL)
    others = [_draw_offer(turn, asked, asked.lines(to_literal) if asked.in_full else [])] if asked.options else []
    verdicts = [_draw_option_button(turn, option) for option in (asked.confirmation, asked.refusal) if option]
    return [
        *_draw_source(turn),
        *others,
        *_draw_rows(turn, asked.options),
        {"type": "actions", "elements": [*verdicts, *blocks.draw_onward_buttons(turn, handoff=handoff, share=share)]},
    ]


def below_suggestion_without_buttons(turn: Turn) -> list[Block]:
    """The same where there are none to press: what else may be meant has numbers to answer with."""
    asked = build_asking(turn, _LABEL)
    others = [_draw_offer(turn, asked, [*asked.lines(to_literal), to_literal(asked.how_by_number)])]
    return [*_draw_source(turn), *(others if asked.options else [])]


def draw_outcome(settled: ClarificationOutcome) -> list[Block]:
    """The offer once it is over: without buttons, with what was chosen or could have been."""
    turn, chosen = settled.asked, describe_outcome(settled)
    if turn.decision is Decision.SUGGEST:
        verdict = [{"type": "context", "elements": [{"type": "mrkdwn", "text": to_literal(chosen)}]}] if chosen else []
        return [*blocks.draw_body(render_suggestion(turn)[-1]), *_draw_source(turn), *verdict]
    asked = build_asking(turn, _LABEL)
    return [_draw_offer(turn, asked, [to_literal(line) for line in ([chosen] if chosen else asked.titles)])]


def format_fallback(turn: Turn, settled: ClarificationOutcome | None = None) -> str:
    """The same for notifications and screen readers, escaped: every option with its number."""
    if turn.decision is Decision.SUGGEST:
        return shown_beside(render_suggestion(turn)[-1])[:FALLBACK]
    asked = build_asking(turn, _LABEL)
    chosen = describe_outcome(settled) if settled else ""
    last = [f"{len(asked.options) + 1}. {asked.refusal.title}"] if settled is None else []
    room = FALLBACK // (len(asked.options) + 2)
    lines = [to_literal(chosen)] if chosen else [to_literal(line[: room - 40]) for line in [*asked.titles, *last]]
    return "\n".join([to_slack(asked.lead), *lines])[:FALLBACK]


def parse_choice(value: str) -> tuple[str, int]:
    """(turn id, option's number) of a button's value."""
    turn_id, _, number = value.partition(":")
    return turn_id, int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else -1


def turn_of(block: Mapping[str, Any]) -> str:
    """The offer that a block belongs to, if it does to one."""
    begin, _, turn_id = str(block.get("block_id") or "").partition(":")
    return turn_id if begin == _ASKED else ""


def _draw_offer(turn: Turn, asked: Asking, lines: list[str]) -> Block:
    part = "others" if turn.decision is Decision.SUGGEST else _ASKED
    text = "\n".join([to_slack(asked.lead), *lines])[:SECTION]
    return {
        "type": "section",
        "block_id": f"{part}:{turn.id}",
        "expand": True,
        "text": {"type": "mrkdwn", "text": text, "verbatim": True},
    }


def _draw_source(turn: Turn) -> list[Block]:
    """Of what is shown; by the block's id the turn is known when the buttons are gone."""
    first, *more = blocks.draw_sources(shown_in_full(turn), words_for(turn.language))
    return [first | {"block_id": f"{_ASKED}:{turn.id}"}, *more]


def _draw_rows(turn: Turn, options: Sequence[Option]) -> list[Block]:
    return [{"type": "actions", "elements": [_draw_option_button(turn, option)]} for option in options]


def _draw_option_button(turn: Turn, option: Option) -> Block:
    return {
        "type": "button",
        "action_id": f"{CHOOSE}:{option.number}",
        "text": {"type": "plain_text", "text": option.label, "emoji": False},
        "value": f"{turn.id}:{option.number}",
        "accessibility_label": option.label,
    }
