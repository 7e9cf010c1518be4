"""A clarification in Components V2: the question, a button for each answer that may be meant, one for none."""

from __future__ import annotations

from discord import ui

from bot.adapters.discord.clicks import LABEL, Choose
from bot.adapters.discord.layouts import marker
from bot.adapters.discord.markdown import literal, to_discord
from bot.adapters.options import asking, outcome
from bot.conversation import Settled, Turn


def question(item_id: str, turn: Turn) -> ui.LayoutView:
    """The clarification as it is asked."""
    asked = asking(turn, LABEL)
    lines = [literal(line) for line in asked.lines] if asked.in_full else []
    view = _view(item_id, [to_discord(asked.lead), *lines, f"-# {literal(asked.how)}"])
    for option in (*asked.options, asked.none):
        view.add_item(ui.ActionRow(Choose(turn.id, option.number, option.label)))
    return view


def answered(item_id: str, settled: Settled) -> ui.LayoutView:
    """The clarification once it is over: without buttons, with what was chosen or could have been."""
    asked = asking(settled.asked, LABEL)
    chosen = outcome(settled)
    return _view(item_id, [to_discord(asked.lead), *map(literal, [chosen] if chosen else asked.lines)])


def _view(item_id: str, lines: list[str]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("\n".join(lines)), id=marker(item_id)))
    return view
