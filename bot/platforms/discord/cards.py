"""Cards and forms -> Components V2 and modals. Pure but for the buttons' types.

A card that is too long for a message (4,000 characters, 40 components) is cut to fit.
https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import ui
from rich.cells import cell_len

from bot.chat.card import Card, File, Form, Line, Table
from bot.chat.links import defuse_text
from bot.chat.split import split_markdown
from bot.chat.text import short
from bot.platforms.discord.buttons import CardButton
from bot.platforms.discord.layouts import fit_layout
from bot.platforms.discord.markdown import WIDEST, format_link, pad_cell, to_discord, to_literal, to_literal_lines
from bot.platforms.discord.sizes import measure_size
from retrieval.text.cleaning import collapse_whitespace

TEXT = 3_900  # of all texts of a message; what is counted in characters here is counted by `size`
PAGE = 1_800  # characters of plain text, which escaping may double
_TITLE, _FOOTNOTE, _FACT, _FACTS = 300, 600, 1_100, 1_800
_LINE, _NOTE = 350, 400
_BUTTONS, _ROW = 15, 5
_BAR = 10  # cells
_FIELDS, _NAME, _VALUE = 5, 45, 4_000  # of a form: how many; characters of its title and labels, and of a value
_LEAST = 40  # characters: less room shows nothing


def draw_layout(card: Card) -> ui.LayoutView:
    """A card as the one thing that a message shows."""
    parts: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(text) for text in _format_texts(card)]
    if card.file:
        parts.append(ui.File(f"attachment://{_file_name(card.file)}"))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(parts or [ui.TextDisplay("…")])))
    buttons = list({(each.action, each.value): each for each in card.buttons}.values())[:_BUTTONS]
    for start in range(0, len(buttons), _ROW):
        view.add_item(ui.ActionRow(*(CardButton(each) for each in buttons[start : start + _ROW])))
    return fit_layout(view)


def collect_files(card: Card) -> list[discord.File]:
    """What goes with a card's message."""
    if card.file is None:
        return []
    return [discord.File(io.BytesIO(card.file.content.encode("utf-8", "replace")), _file_name(card.file))]


def split_pages(card: Card) -> list[Card]:
    """The cards that say all that one does: what somebody wrote is not to lose its end."""
    if measure_size(card.text) <= PAGE:
        return [card]
    *pieces, last = split_markdown(card.text, PAGE, measure_size)
    told = [
        Card(title="" if number else card.title, text=piece, links=card.links) for number, piece in enumerate(pieces)
    ]
    return [*told, replace(card, title="" if told else card.title, text=last)]


class Filled(ui.Modal):
    """A form. What is sent is read from the interaction: the process that showed it may be gone by then."""

    def __init__(self, form: Form) -> None:
        name = f"frontdesk:form:{form.action}:{form.value}"
        super().__init__(title=short(_clean_text(form.title), _NAME) or "…", custom_id=name[:100])
        for field in form.fields[:_FIELDS]:
            longest = max(1, min(field.longest, _VALUE))
            written: ui.TextInput[Filled] = ui.TextInput(
                style=discord.TextStyle.paragraph if field.multiline else discord.TextStyle.short,
                custom_id=field.name[:100],
                default=_clean_text(field.value)[:longest] or None,
                required=field.required,
                max_length=longest,
            )
            self.add_item(ui.Label(text=short(_clean_text(field.label), _NAME) or "…", component=written))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """See `FrontdeskClient.on_interaction`."""


def values_of(components: Any) -> dict[str, str]:
    """What a form's fields hold, by their names, however they are nested."""
    values: dict[str, str] = {}
    for component in components or ():
        if "value" in component:
            values[str(component.get("custom_id", ""))] = str(component.get("value") or "")
        inner = component.get("component")
        values |= values_of([inner] if inner else component.get("components"))
    return values


# -- texts -------------------------------------------------------------------------------------------------------------


def _format_texts(card: Card) -> list[str]:
    """The parts of a card, in order, none empty and together no longer than a message takes."""
    foot = f"-# {_fit_text(card.footnote, _FOOTNOTE)}" if card.footnote.strip() else ""
    left = TEXT - measure_size(foot) - 2
    shown: list[str] = []
    for part in (_format_head, _format_markdown, _format_table, _format_lines):
        if left >= _LEAST and (text := _clean_text(part(card, left)).strip("\n")):
            shown.append(text)
            left -= measure_size(text) + 2
    return [text for text in [*shown, foot] if text.strip()]


def _format_head(card: Card, room: int) -> str:
    parts = [f"**{_fit_text(card.title, _TITLE)}**"] if card.title.strip() else []
    facts = list(_format_facts(card))
    if card.bar is not None:
        share = min(1.0, max(0.0, card.bar))
        filled = int(share * _BAR)
        facts.append(f"{'▰' * filled}{'▱' * (_BAR - filled)} {share * 100:.0f} %")
    used = sum(measure_size(part) + 1 for part in [*parts, *facts])
    if card.text.strip() and room - used >= _LEAST:
        parts.append(_fit_text(card.text, room - used, partial(to_literal_lines, links=card.links)))
    return "\n".join([*parts, *facts])


def _format_facts(card: Card) -> Iterator[str]:
    room = _FACTS
    for name, value in card.facts.items():
        fact = f"**{_fit_text(name, 100)}:** {_fit_text(value, min(_FACT, max(room, _LEAST)))}"
        room -= measure_size(fact)
        if room < -_FACT:
            yield "…"
            return
        yield fact


def _format_markdown(card: Card, room: int) -> str:
    text = to_discord(card.markdown, card.links)
    return text if measure_size(text) <= room else split_markdown(text, room - 2, measure_size)[0] + "\n…"


def _format_lines(card: Card, room: int) -> str:
    return _as_many([_format_line(line) for line in card.lines], room)


def _format_line(line: Line) -> str:
    shown = format_link(line.text[: _LINE // 2], line.url) if line.url else _fit_text(line.text, _LINE * 2)
    note = f"\n-# {_fit_text(line.note, _NOTE)}" if line.note.strip() else ""
    return f"• {shown}{note}"


def _format_table(card: Card, room: int) -> str:
    """In columns where they fit, else a line a row."""
    table = card.table
    if table is None or not table.columns:
        return ""
    names = [_format_cell(column.removeprefix(">")) for column in table.columns]
    rows = [[_format_cell(cell) for cell in (*row, *("",) * len(names))[: len(names)]] for row in table.rows]
    widths = [max(cell_len(row[column]) for row in [names, *rows]) for column in range(len(names))]
    if sum(widths) + 2 * (len(widths) - 1) > WIDEST:
        return _as_many([_row_as_line(names, row) for row in rows], room)
    drawn = [_format_row(row, widths, table) for row in rows]
    head = [_format_row(names, widths, table), "  ".join("─" * width for width in widths)]
    body = _as_many(drawn, room - sum(map(measure_size, head)) - 10)
    return "\n".join(["```", *head, *([body] if body else []), "```"])


def _row_as_line(names: Sequence[str], row: Sequence[str]) -> str:
    others = [
        f"{to_literal(name)}: {_fit_text(cell, 200)}" for name, cell in zip(names[1:], row[1:], strict=True) if cell
    ]
    return " · ".join([f"• **{_fit_text(row[0], 100)}**" if row[0] else "•", *others])


def _format_row(row: Sequence[str], widths: Sequence[int], table: Table) -> str:
    cells = [
        pad_cell(cell, width, right=column.startswith(">"))
        for cell, width, column in zip(row, widths, table.columns, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _format_cell(text: str) -> str:
    """A cell in one line that does not end its code block."""
    return defuse_text(collapse_whitespace(text.replace("`", "'")))


def _as_many(lines: Sequence[str], room: int) -> str:
    """As many lines as there is room for; the rest is counted."""
    kept: list[str] = []
    for line in lines:
        room -= measure_size(line) + 1
        if room < (_LEAST / 2 if len(kept) + 1 < len(lines) else 0):
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"… and {left} more"] if left else kept)


def _fit_text(text: str, room: int, shown: Callable[[str], str] = to_literal) -> str:
    """`shown` of a text, or of as much of it as there is room for."""
    kept = min(len(text), room)
    if len(text) <= 4 * room and measure_size(whole := shown(text)) <= room:
        return whole
    while kept and (needed := measure_size(cut := shown(text[:kept])) + 3) > room:
        kept = min(kept - 1, kept * room // needed)
    return (cut if kept else "").rstrip() + "…"


def _clean_text(text: str) -> str:
    """Without what no message can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _file_name(file: File) -> str:
    return re.sub(r"[^\w.-]+", "-", file.name, flags=re.ASCII).strip("-.")[:80] or "file.txt"


def draw_confirmation(question: str, sure: ui.Item[Any]) -> ui.LayoutView:
    """A question with the button that says yes."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(_fit_text(question, TEXT) or "…"))
    view.add_item(ui.ActionRow(sure))
    return view
