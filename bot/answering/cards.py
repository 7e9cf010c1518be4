"""Why an answer was given, as a card. Pure."""

from __future__ import annotations

from bot.chat.card import Card, Line
from bot.chat.conversation import Decision, Turn
from bot.chat.text import short

_LIST = 8  # lines of a list; the rest is counted


def explanation_card(turn: Turn) -> Card:
    """Why an answer was given."""
    facts = {"Question": short(turn.question)}
    if turn.standalone_question != turn.question:
        facts["Searched as"] = short(turn.standalone_question)
    if turn.rewritten:
        facts["By the glossary"] = short(" · ".join(turn.rewritten))
    if turn.learned:
        facts["Learned"] = turn.learned
    if turn.decision is Decision.CHITCHAT or turn.decision is Decision.HUMAN:
        facts["Decision"] = f"{turn.decision.value}: nothing was searched"
    else:
        facts["Decision"] = f"{turn.decision.value}: {turn.measured}"
    facts["Written by"] = turn.model
    facts["Version"] = turn.index_version or "none"
    facts["Took"] = f"{turn.timings_ms.get('total', 0):.0f} ms"
    cited = {citation.passage_id: f"[{citation.number}] " for citation in turn.citations}
    lines = tuple(
        Line(
            f"{cited.get(passage.passage_id, '')}{short(passage.title, 150)}",
            passage.url,
            f"score {passage.score:.1f}; "
            + ", ".join(f"{name} {value:.2f}" for name, value in passage.signals.items() if value)
            + (f"; read {passage.crawled_at[:10]}" if passage.crawled_at else ""),
        )
        for passage in turn.passages[:_LIST]
    )
    return Card(title=f"Why this answer ({turn.id[:8]})", facts=facts, lines=lines)
