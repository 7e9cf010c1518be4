"""Offers in Components V2: which of several is meant, with a button for each and one for none; and the nearest entry,
with what confirms it, what refuses it, and what else may be meant."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.answering.clarify import extract_lead, shown_in_full
from bot.chat.conversation import ClarificationOutcome, Decision, Turn
from bot.chat.split import split_markdown
from bot.i18n import words_for
from bot.platforms.discord import layouts
from bot.platforms.discord.buttons import LABEL, OptionButton
from bot.platforms.discord.layouts import compute_marker
from bot.platforms.discord.markdown import to_discord, to_literal
from bot.platforms.discord.sizes import fit_lines, measure_size
from bot.platforms.options import Asking, Option, build_asking, describe_outcome

_OTHERS = 1_000
_PIECE = layouts.PIECE - _OTHERS - 700  # of an entry in one message, with its source and the other options below
_OPTIONS = 2_400  # of the options of a clarification; their buttons say them again


def draw_question(item_id: str, turn: Turn) -> ui.LayoutView:
    """The clarification as it is asked."""
    asked = build_asking(turn, LABEL)
    view = _draw_container(item_id, [_write_question(asked, asked.how, in_full=asked.in_full)])
    return layouts.fit_layout(_with_rows(view, turn, (*asked.options, asked.refusal)))


def draw_question_without_buttons(item_id: str, turn: Turn) -> ui.LayoutView:
    """The same where there are none to press: every option has its number to answer with."""
    asked = build_asking(turn, LABEL)
    return layouts.fit_layout(_draw_container(item_id, [_write_question(asked, asked.how_by_number, in_full=True)]))


def render_suggestion(turn: Turn) -> list[str]:
    """The entry that is shown as the nearest thing found, in one piece a message."""
    return split_markdown(to_discord(extract_lead(turn), turn.links), _PIECE, measure_size)


def end_of_suggestion(
    piece: str, item_id: str, turn: Turn, *, handoff: bool = False, post: bool = False
) -> ui.LayoutView:
    """The last piece of it, with its source, what else may be meant, what confirms it and what refuses it."""
    asked = build_asking(turn, LABEL)
    others = _write_others(asked, in_full=asked.in_full) if asked.options else ""
    view = _with_rows(_draw_container(item_id, [piece, _format_source(turn), others]), turn, asked.options)
    verdicts = [OptionButton(turn.id, each.number, each.label) for each in (asked.confirmation, asked.refusal) if each]
    view.add_item(ui.ActionRow(*verdicts, *layouts.draw_onward_buttons(turn, handoff=handoff, post=post)))
    return layouts.fit_layout(view)


def end_of_suggestion_without_buttons(piece: str, item_id: str, turn: Turn) -> ui.LayoutView:
    """The same where there are none to press: what else may be meant has numbers to answer with."""
    asked = build_asking(turn, LABEL)
    others = f"{_write_others(asked, in_full=True)}\n-# {to_literal(asked.how_by_number)}" if asked.options else ""
    return layouts.fit_layout(_draw_container(item_id, [piece, _format_source(turn), others]))


def draw_outcome(item_id: str, settled: ClarificationOutcome) -> ui.LayoutView:
    """The offer once it is over: without buttons, with what was chosen or could have been."""
    turn, chosen = settled.asked, describe_outcome(settled)
    if turn.decision is Decision.SUGGEST:
        verdict = [f"-# {to_literal(chosen)}"] if chosen else []
        return layouts.fit_layout(
            _draw_container(item_id, [render_suggestion(turn)[-1], _format_source(turn), *verdict])
        )
    asked = build_asking(turn, LABEL)
    lines = fit_lines([to_literal(line) for line in ([chosen] if chosen else asked.titles)], _OPTIONS)
    return layouts.fit_layout(_draw_container(item_id, ["\n".join([to_discord(asked.lead), *lines])]))


def _write_question(asked: Asking, how: str, *, in_full: bool) -> str:
    lines = fit_lines(asked.lines(to_literal), _OPTIONS) if in_full else []
    return "\n".join([to_discord(asked.lead), *lines, f"-# {to_literal(how)}"])


def _write_others(asked: Asking, *, in_full: bool) -> str:
    return "\n".join([to_discord(asked.lead), *(fit_lines(asked.lines(to_literal), _OTHERS) if in_full else [])])


def _draw_container(item_id: str, texts: list[str]) -> ui.LayoutView:
    """A container of texts, a line between them."""
    parts: list[ui.Item[ui.LayoutView]] = []
    for text in filter(None, texts):
        parts += [ui.Separator(), ui.TextDisplay(text)] if parts else [ui.TextDisplay(text)]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, id=compute_marker(item_id)))
    return view


def _with_rows(view: ui.LayoutView, turn: Turn, options: Sequence[Option]) -> ui.LayoutView:
    for option in options:
        view.add_item(ui.ActionRow(OptionButton(turn.id, option.number, option.label)))
    return view


def _format_source(turn: Turn) -> str:
    return layouts.format_sources(shown_in_full(turn), words_for(turn.language))
