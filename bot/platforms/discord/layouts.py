"""Components V2: an answer with its sources and buttons. Pure but for the buttons' types.

Limits: https://docs.discord.com/developers/components/reference (40 components and 4,000 characters a message, 100
characters a custom id). What is counted in characters here is counted by `size`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import discord
from discord import ui

from bot.chat.conversation import Citation, Turn
from bot.chat.origins import describe_origin
from bot.i18n import Words, words_for
from bot.platforms.discord.buttons import FeedbackButton
from bot.platforms.discord.markdown import format_link, to_literal
from bot.platforms.discord.sizes import BODY, count_bytes, fit_lines, measure_size

PIECE = 2_700  # characters of an answer in one message, so that with its sources it stays below 4,000
BARE_PIECE = 1_900  # characters of a message without a layout: Discord takes 2,000
_BESIDE = 300  # bytes of a body that are not its components: flags, what it replies to, a nonce
_SPARE = 20  # of a text's size, for what rounding takes
SOURCES = 1_100  # characters of all sources together


def compute_marker(item_id: str) -> int:
    """What marks a message as (part of) the answer to an item: its container's id, so that a restart finds it."""
    return int(item_id[:7], 16) + 1


def draw_message(
    text: str, item_id: str, turn: Turn | None = None, *, handoff: bool = False, post: bool = False
) -> ui.LayoutView:
    """One message of an answer; the one with the `turn` ends it. `post`: in a forum, where it may be marked solved."""
    parts: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(text or "…")]
    buttons: list[FeedbackButton] = []
    if turn is not None:
        words = words_for(turn.language)
        if lines := format_sources(turn.citations, words):
            parts += [ui.Separator(), ui.TextDisplay(lines)]
        buttons = _build_buttons(turn, words, handoff=handoff, post=post)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, id=compute_marker(item_id)))
    if buttons:
        view.add_item(ui.ActionRow(*buttons))
    return view


def without_buttons(view: ui.LayoutView, item_id: str) -> ui.LayoutView:
    """What a message says, in one container."""
    plainer = ui.LayoutView(timeout=None)
    plainer.add_item(ui.Container(ui.TextDisplay(bare_text(view) or "…"), id=compute_marker(item_id)))
    return plainer


def bare_text(view: ui.LayoutView) -> str:
    """What a message says."""
    return "\n".join(part.content for part in view.walk_children() if isinstance(part, ui.TextDisplay))


def fit_layout(view: ui.LayoutView) -> ui.LayoutView:
    """A layout whose body Discord takes: while it is too long, the longest of its texts is cut short."""
    texts = [part for part in view.walk_children() if isinstance(part, ui.TextDisplay)]
    for part in sorted(texts, key=lambda part: -count_bytes(part.content)):
        over = _measure_body(view) - (BODY - _BESIDE)
        if over <= 0:
            break
        part.content = next(
            iter(fit_lines([part.content], max(0, measure_size(part.content) - over // 2 - _SPARE))), "…"
        )
    return view


def _measure_body(view: ui.LayoutView) -> int:
    return len(json.dumps(view.to_components()))  # type: ignore[no-untyped-call]


def format_sources(citations: Sequence[Citation], words: Words) -> str:
    """The numbered links in small print, as many as there is room for; "" without any."""
    heading = f"-# **{to_literal(words.labels['sources'])}**"
    lines = [heading, *(_format_source(citation, words) for citation in citations)]
    while sum(map(measure_size, lines)) + len(lines) > SOURCES:
        lines.pop()
    return "\n".join(lines) if len(lines) > 1 else ""


def _format_source(citation: Citation, words: Words) -> str:
    origin = describe_origin(citation, words)
    behind = f" · {to_literal(origin)}" if origin else ""
    return f"-# {citation.number}. {format_link(citation.title[:150] or citation.url[:150], citation.url)}{behind}"


def _build_buttons(turn: Turn, words: Words, *, handoff: bool, post: bool) -> list[FeedbackButton]:
    if not turn.decision.searched:
        return []
    buttons = [
        FeedbackButton("up", turn.id, words.labels["helpful"], "👍"),
        FeedbackButton("down", turn.id, words.labels["not_helpful"], "👎"),
    ]
    return [*buttons, *draw_onward_buttons(turn, handoff=handoff, post=post)]


def draw_onward_buttons(turn: Turn, *, handoff: bool, post: bool) -> list[FeedbackButton]:
    """The buttons that call people, and that end a forum's post."""
    labels = words_for(turn.language).labels
    calling = [FeedbackButton("human", turn.id, labels["ask_human"], "🙋")] if handoff else []
    return [*calling, *([FeedbackButton("solved", turn.id, labels["solved"], "✅")] if post else [])]


class Why(ui.Modal):
    """Asks why an answer was not helpful. What is sent is read from the interaction: the process that showed the form
    may be gone by then."""

    def __init__(self, turn_id: str, words: Words) -> None:
        super().__init__(title=words.labels["why_title"][:45], custom_id=f"frontdesk:why:{turn_id}")
        field: ui.TextInput[Why] = ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id="why", required=False, max_length=2_000
        )
        self.add_item(ui.Label(text=words.labels["why_label"][:45], component=field))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """See `FrontdeskClient.on_interaction`."""
