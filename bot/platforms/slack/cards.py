"""Cards and forms in Block Kit. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks (50 blocks a message, 3,000 characters a section, 150 a
header, one table of 100 rows a message, 25 elements in actions, 2,000 characters of a button's value), and some 13,200
characters of all texts together (slackapi/bolt-js#2509): each part of a card has its share.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.chat.card import Button, Card, Form, Line, Style, Table
from bot.chat.text import cut_text
from bot.platforms.slack.blocks import FALLBACK, SECTION, Block, Message
from bot.platforms.slack.markdown import format_link, to_literal, to_mrkdwn, to_plain_text, to_slack

DO, FORM = "do", "form"
_BAR = 20  # characters
TEXT, _FACTS, _MARKDOWN, _TABLE, _LINES, _FOOTNOTE = 2_500, 1_500, 3_000, 2_000, 2_500, 500  # characters
_ROWS, _CELL, _BUTTONS = 99, 200, 5
_ONE_LINE = 110  # characters of a line with its note


def card_forms(card: Card) -> tuple[Message, Message]:
    """A card's message with blocks, and the one for where Slack takes none: all that can be read in it."""
    facts = [f"*{to_literal(name)}:* {to_literal(value)}" for name, value in card.facts.items()]
    rows = [" · ".join(map(to_literal, row)) for row in card.table.rows] if card.table else []
    title, text = to_literal(card.title), _escape_lines(card.text, card.links)
    body = [f"*{title}*" if title else "", text, *facts, to_mrkdwn(to_slack(card.markdown, card.links))]
    lines = [*body, *rows, *map(_format_line, card.lines), to_literal(card.footnote)]
    written = "\n".join(_fit_lines(list(filter(None, lines)), SECTION))
    return {"blocks": card_blocks(card), "text": card_text(card)}, {"blocks": [], "text": written or "…"}


def card_blocks(card: Card) -> list[Block]:
    """A card as a message's blocks."""
    blocks: list[Block] = []
    if card.title and (card.facts or card.lines or card.table or card.markdown):
        blocks.append({"type": "header", "text": _draw_plain_text(card.title, 150)})
    elif card.title:
        blocks.append(_draw_mrkdwn(f"*{to_literal(cut_text(card.title, 300)) or '…'}*"))
    if card.text.strip():
        blocks.append({"type": "section", "text": _draw_plain_text(card.text, TEXT, card.links)})
    facts = [
        f"*{to_literal(cut_text(name, 100))}:* {to_literal(cut_text(value, 1_000))}"
        for name, value in card.facts.items()
    ]
    blocks += [_draw_mrkdwn(text) for text in _pack_sections(_fit_lines(facts, _FACTS))]
    if card.bar is not None:
        blocks.append(_draw_mrkdwn(_format_bar(card.bar)))
    if card.markdown.strip():
        blocks.append({"type": "markdown", "text": to_slack(cut_text(card.markdown, _MARKDOWN), card.links)})
    if card.table:
        blocks.append(_draw_table(card.table))
    blocks += [
        _draw_mrkdwn(text) for text in _pack_sections(_fit_lines([_format_line(line) for line in card.lines], _LINES))
    ]
    if footnote := to_literal(cut_text(card.footnote, _FOOTNOTE)):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": footnote}]})
    if card.buttons:
        buttons = [_draw_button(each, number) for number, each in enumerate(card.buttons[:_BUTTONS])]
        blocks.append({"type": "actions", "elements": buttons})
    return blocks or [_draw_mrkdwn("…")]


def card_text(card: Card) -> str:
    """What stands for a card where no blocks are shown."""
    parts = [card.title, card.text or card.markdown, *(f"{name}: {value}" for name, value in card.facts.items())]
    return to_literal(" – ".join(part for part in parts if part))[:FALLBACK] or "…"


def form_view(form: Form, about: Mapping[str, str]) -> Block:
    """A form as a modal; `about` is what its adapter needs when it is sent."""
    return {
        "type": "modal",
        "callback_id": f"{FORM}:{form.action}",
        "private_metadata": json.dumps({**about, "value": form.value}),
        "title": _draw_plain_text(form.title, 24),
        "submit": _draw_plain_text(form.send, 24),
        "blocks": [
            {
                "type": "input",
                "block_id": each.name,
                "optional": not each.required,
                "label": _draw_plain_text(each.label, 2_000),
                "element": {
                    "type": "plain_text_input",
                    "action_id": each.name,
                    "multiline": each.multiline,
                    "max_length": min(each.longest, 3_000),
                    **({"initial_value": each.value[: min(each.longest, 3_000)]} if each.value else {}),
                },
            }
            for each in form.fields
        ],
    }


def read_form(view: Mapping[str, Any]) -> dict[str, str]:
    """A sent form's fields."""
    values = view["state"]["values"]
    return {name: str(next(iter(held.values())).get("value") or "") for name, held in values.items()}


def _escape_lines(text: str, links: Collection[str]) -> str:
    return "\n".join(to_literal(line, links) for line in text.splitlines())


def _format_line(line: Line) -> str:
    linked = format_link(to_literal(cut_text(line.text, 400)) or "…", line.url)
    if not line.note:
        return f"• {linked}"
    note = to_literal(cut_text(line.note, 400))
    return f"• {linked} — {note}" if len(line.text) + len(note) < _ONE_LINE else f"• {linked}\n      {note}"


def _draw_table(table: Table) -> Block:
    def draw_row(cells: Sequence[str]) -> list[Block]:
        return [{"type": "raw_text", "text": to_plain_text(cut_text(cell, _CELL)) or "–"} for cell in cells]

    names = [name.lstrip(">") or "–" for name in table.columns]
    settings = [{"align": "right" if name.startswith(">") else "left", "is_wrapped": True} for name in table.columns]
    return {
        "type": "table",
        "rows": [draw_row(names), *(draw_row(cells) for cells in _fit_rows(table))],
        "column_settings": settings,
    }


def _fit_rows(table: Table) -> list[Sequence[str]]:
    """As many as there is room for."""
    rows: list[Sequence[str]] = []
    room = _TABLE - sum(min(len(name), _CELL) for name in table.columns)
    for row in table.rows[:_ROWS]:
        room -= sum(min(len(cell), _CELL) for cell in row)
        if room < 0:
            break
        rows.append(row)
    return rows


def _fit_lines(lines: Sequence[str], room: int) -> list[str]:
    """As many as there is room for; the first in any case."""
    kept: list[str] = []
    for line in lines:
        room -= len(line)
        if room < 0 and kept:
            kept.append("…")
            break
        kept.append(line)
    return kept


def _draw_button(button: Button, number: int) -> Block:
    block: Block = {
        "type": "button",
        "action_id": f"{DO}:{button.action}:{number}",
        "text": _draw_plain_text(button.label, 75),
        "value": button.value or "-",
    }
    if button.style is not Style.PLAIN:
        block["style"] = button.style.value
    if button.confirm:
        block["confirm"] = {
            "title": _draw_plain_text(button.label, 100),
            "text": _draw_plain_text(button.confirm, 300),
            "confirm": _draw_plain_text("Yes", 30),
            "deny": _draw_plain_text("No", 30),
        }
    return block


def _format_bar(share: float) -> str:
    full = round(min(1.0, max(0.0, share)) * _BAR)
    return f"{'▰' * full}{'▱' * (_BAR - full)}  {round(share * 100)} %"


def _pack_sections(lines: Sequence[str]) -> list[str]:
    """As few sections as the lines fit in."""
    sections: list[str] = []
    for line in lines:
        if sections and len(sections[-1]) + len(line) < SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line[:SECTION])
    return sections


def _draw_mrkdwn(text: str) -> Block:
    return {"type": "section", "expand": True, "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _draw_plain_text(text: str, limit: int, links: Collection[str] = ()) -> Block:
    return {"type": "plain_text", "text": cut_text(to_plain_text(text, links), limit) or "…", "emoji": True}
