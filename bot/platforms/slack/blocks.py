"""Block Kit: what stands around an answer, the modal that asks why, the App Home. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks (50 blocks a message, 100 a view, 3,000 characters a section,
12,000 in a message's `markdown` blocks together, 75 on a button).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.chat.conversation import Citation, Turn
from bot.chat.origins import describe_origin
from bot.chat.text import format_age
from bot.i18n import Words, words_for
from bot.platforms.slack.markdown import format_link, to_fallback, to_literal, to_mrkdwn, to_plain_text
from bot.sources.catalogue import Overview

Block = dict[str, Any]
Message = dict[str, Any]
"""The `blocks` and the `text` of a message."""

PIECE = 8_000  # characters of an answer in one message, so that with its sources it stays below Slack's 13,200 in all
PLAIN_PIECE = 2_600  # of one without `markdown` blocks: it grows by entities, and by the sources where none are taken
SECTION = 2_900
SOURCES = 4_000  # characters of all sources together
FALLBACK = 1_000  # characters of the text beside blocks: chat.update takes 4,000 bytes
FEEDBACK, ASK_HUMAN, SHARE, WHY = "feedback", "ask_human", "share", "why"
UP, DOWN = "up", "down"
_OLD = frozenset({"actions", "context", "divider", "section"})


def draw_body(markdown: str) -> list[Block]:
    """An answer's text (already Slack's Markdown), tables and code drawn."""
    return [{"type": "markdown", "text": markdown}] if markdown.strip() else []


def draw_message(markdown: str, below: Sequence[Block] = ()) -> Message:
    """A message of an answer's text as Slack draws it best."""
    return {"blocks": [*draw_body(markdown), *below], "text": to_fallback(markdown)[:FALLBACK]}


def draw_sections(markdown: str, below: Sequence[Block] = ()) -> Message:
    """The same in the blocks that Slack has had from the beginning."""
    written = to_mrkdwn(markdown)
    section = {"type": "section", "expand": True, "text": {"type": "mrkdwn", "text": written, "verbatim": True}}
    return {
        "blocks": [section, *(block for block in below if block["type"] in _OLD)],
        "text": to_fallback(markdown)[:FALLBACK],
    }


def write_message(markdown: str, below: Sequence[Block] = ()) -> Message:
    """The same without any block: of what stands below, what can be read."""
    texts = [block["text"]["text"] for block in below if block["type"] == "section"]
    return {"blocks": [], "text": "\n\n".join([to_mrkdwn(markdown), *texts])}


def draw_footer(turn: Turn, *, handoff: bool = False, share: bool = False) -> list[Block]:
    """Below an answer: its sources, feedback, and the way to a person."""
    words = words_for(turn.language)
    blocks: list[Block] = draw_sources(turn.citations, words)
    if not turn.decision.searched:
        return blocks
    blocks.append(_draw_feedback(turn, words))
    if buttons := draw_onward_buttons(turn, handoff=handoff, share=share):
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def draw_onward_buttons(turn: Turn, *, handoff: bool, share: bool) -> list[Block]:
    """The buttons that take a reply to others: to the channel, to people."""
    labels = words_for(turn.language).labels
    sharing = [_draw_button(SHARE, labels["share"], turn.id)] if share else []
    return [*sharing, *([_draw_button(ASK_HUMAN, labels["ask_human"], turn.id)] if handoff else [])]


def draw_sources(citations: Sequence[Citation], words: Words) -> list[Block]:
    """The numbered links, in as many sections as their length needs."""
    lines = [f"*{to_literal(words.labels['sources'])}*", *(_format_source(citation, words) for citation in citations)]
    while sum(map(len, lines)) > SOURCES:
        lines.pop()
    sections: list[str] = []
    for line in lines if citations else ():
        if sections and len(sections[-1]) + len(line) < SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [{"type": "section", "expand": True, "text": {"type": "mrkdwn", "text": text}} for text in sections]


def _format_source(citation: Citation, words: Words) -> str:
    linked = format_link(to_literal(citation.title)[:300] or to_literal(citation.url)[:300], citation.url)
    origin = describe_origin(citation, words)
    return f"[{citation.number}] {linked}" + (f" · {to_literal(origin)}" if origin else "")


def _draw_feedback(turn: Turn, words: Words) -> Block:
    def draw_vote_button(label: str, vote: str) -> Block:
        text = words.labels[label]
        return {"text": _draw_plain_text(text, 75), "value": f"{vote}:{turn.id}", "accessibility_label": text[:75]}

    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": FEEDBACK,
                "positive_button": draw_vote_button("helpful", UP),
                "negative_button": draw_vote_button("not_helpful", DOWN),
            }
        ],
    }


def draw_reason_modal(turn_id: str, words: Words) -> Block:
    """The modal that a thumbs-down opens."""
    return {
        "type": "modal",
        "callback_id": WHY,
        "private_metadata": turn_id,
        "title": _draw_plain_text(words.labels["why_title"], 24),
        "submit": _draw_plain_text(words.labels["send"], 24),
        "close": _draw_plain_text(words.labels["cancel"], 24),
        "blocks": [
            {
                "type": "input",
                "block_id": WHY,
                "optional": True,
                "label": _draw_plain_text(words.labels["why_label"], 2_000),
                "element": {"type": "plain_text_input", "action_id": WHY, "multiline": True, "max_length": 2_000},
            }
        ],
    }


def draw_home_view(
    overview: Overview | None, words: Words, now: datetime | None = None, *, steers: bool = False
) -> Block:
    """The App Home: what the bot knows, since when, and how to ask; for an admin, who `steers`, buttons too."""
    blocks: list[Block] = [_draw_header(words.labels["home_title"])]
    if overview is None:
        blocks.append(_draw_section(to_literal(words.labels["home_empty"])))
    else:
        age = format_age(overview.created_at, now)
        facts = words.label("home_versions", pages=overview.pages, passages=overview.passages, age=age)
        named = "\n".join(f"• {_format_location(location)}" for location in overview.locations[:20])
        blocks.append(_draw_section(to_literal(facts) + (f"\n{named}" if named else "")))
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"version {overview.version}"}]})
    blocks += [
        {"type": "divider"},
        _draw_header(words.labels["home_how"]),
        _draw_section(words.labels["home_how_text"]),
    ]
    if overview and overview.examples:
        blocks.append(_draw_header(words.labels["home_examples"]))
        blocks.append(_draw_section("\n".join(f"• {to_literal(question)}" for question in overview.examples)))
    if steers:
        steering = (("status", "Status"), ("sources", "Sources"), ("recrawl", "Re-crawl"), ("gaps", "Gaps"))
        buttons = [_draw_button(f"do:{action}:{n}", label, "-") for n, (action, label) in enumerate(steering)]
        blocks += [{"type": "divider"}, _draw_header("For admins"), {"type": "actions", "elements": buttons}]
        blocks.append(_draw_section("All that you can do: `/faq help`"))
    return {"type": "home", "blocks": blocks}


def build_prompts(overview: Overview | None) -> list[dict[str, str]]:
    """Suggested prompts of the agent pane (at most 4), taken from the FAQ itself."""
    return [{"title": question, "message": question} for question in (overview.examples if overview else ())[:4]]


LINE_METADATA: Mapping[str, Any] = {"event_type": "frontdesk_line", "event_payload": {}}
"""What marks a message as no answer: without a mark it might be one that was begun."""


def build_metadata(item_id: str) -> Mapping[str, Any]:
    """What marks a message as the answer to an item, so that a restart finds it."""
    return {"event_type": "frontdesk_answer", "event_payload": {"item": item_id}}


def _format_location(location: str) -> str:
    if location.startswith(("https://", "http://")):
        return format_link(to_literal(location)[:300], location)
    return to_literal(location.rstrip("/").rpartition("/")[2])  # a folder's place on our disk is nobody's business


def _draw_button(action: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": _draw_plain_text(label, 75), "value": value}


def _draw_header(text: str) -> Block:
    return {"type": "header", "text": _draw_plain_text(text, 150)}


def _draw_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION]}}


def _draw_plain_text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": to_plain_text(text)[:limit], "emoji": True}
