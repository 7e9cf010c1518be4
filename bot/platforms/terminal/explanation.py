"""Why a turn was answered as it was, for a terminal of any width: `/why` and `frontdesk explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.chat.conversation import Decision, Turn, UsedPassage
from bot.chat.links import defuse_text
from retrieval.text.cleaning import collapse_whitespace


def draw_explanation(turn: Turn, *, passages: int | None = None, measures: bool = False) -> RenderableType:
    """The decision, and a block for each of the first `passages` behind it (None: all) with the value of each signal.

    With `measures` also what the confidence was computed from, and how long each stage took.
    """
    facts = Table.grid(padding=(0, 2))
    for key, value in _list_facts(turn, measures):
        facts.add_row(Text(key, style="dim"), Text(value) if isinstance(value, str) else value)
    shown = turn.passages[:passages]
    if not shown:
        return facts
    numbers = {citation.passage_id: f"[{citation.number}]" for citation in turn.citations}
    blocks = Table.grid(padding=(0, 1))
    blocks.add_column(justify="right", no_wrap=True)
    for passage in shown:
        if blocks.row_count:
            blocks.add_row()
        blocks.add_row(
            Text(str(passage.rank), style="bold"), _draw_passage(passage, numbers.get(passage.passage_id, ""))
        )
    left = len(turn.passages) - len(shown)
    more = [Text(f"\n… and {left} more: frontdesk explain {turn.id[:8]}", style="dim")] if left else []
    return Group(facts, Text(), blocks, *more)


def _list_facts(turn: Turn, measures: bool) -> Iterator[tuple[str, RenderableType]]:
    yield "turn", f"{turn.id}, {turn.created_at:%Y-%m-%d %H:%M} UTC"
    yield "question", collapse_whitespace(turn.question)
    if collapse_whitespace(turn.standalone_question) != collapse_whitespace(turn.question):
        yield "searched as", collapse_whitespace(turn.standalone_question)
    for each in turn.rewritten:
        yield "and as", f"{collapse_whitespace(each)} (by the glossary)"
    if turn.learned:
        yield "learned", turn.learned
    yield "decision", format_verdict(turn)
    version = f"index {turn.index_version}, " if turn.index_version else ""
    yield "answer", f"{version}written by {turn.model}, {turn.timings_ms.get('total', 0):.0f} ms"
    if measures and turn.features:
        own = {name: value for name, value in turn.features.items() if value and ":" not in name}
        yield "features", _draw_values(own)  # those of the models stand among the first passage's signals
    if measures and turn.timings_ms:
        yield "took", _draw_values(turn.timings_ms, "{} {:.1f} ms")


def format_verdict(turn: Turn) -> str:
    """The decision in one line; small talk is not held against a threshold."""
    if turn.decision is Decision.CHITCHAT:
        return "chitchat: a greeting, thanks or goodbye; nothing was searched"
    if turn.decision is Decision.HUMAN:
        return "human: a person was asked for; nothing was searched"
    return f"{turn.decision.value}: confidence {turn.measured}"


def _draw_passage(passage: UsedPassage, number: str) -> RenderableType:
    """Title, address, signals: a line each where the width allows."""
    title = Text.assemble(
        (f"{number} " if number else "", "bold"),
        (defuse_text(collapse_whitespace(passage.title)), link_style(passage.url)),
    )
    made = (
        f"answered by {collapse_whitespace(passage.author)}"
        if passage.author
        else "crawled"
        if passage.crawled_at
        else ""
    )
    origin = "  ".join(filter(None, [collapse_whitespace(passage.url), f"{made} {passage.crawled_at[:10]}".strip()]))
    signals = _draw_values({"score": passage.score} | {name: value for name, value in passage.signals.items() if value})
    return Group(title, Text(origin, style="dim", overflow="fold"), signals)


def _draw_values(values: Mapping[str, float], shape: str = "{} {:.2f}") -> RenderableType:
    """Names with their values, never parted from each other, in columns that are the same for every passage."""
    return Columns([Text(shape.format(name, value)) for name, value in values.items()], padding=(0, 2))


def link_style(url: str) -> Style:
    """Makes text a link to `url`, if a terminal may be handed it."""
    return Style(link=url) if is_followable(url) else Style()


def is_followable(url: str) -> bool:
    """An address is page data: a terminal is handed only what it cannot misread."""
    return url.startswith(("https://", "http://")) and url == collapse_whitespace(url)
