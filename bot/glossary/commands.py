"""`/faq glossary …`: terms that mean the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.chat.card import Card, File, Line, Table
from bot.glossary.service import AddResult, GlossaryService, shown

if TYPE_CHECKING:
    from bot.commands.context import CommandContext
    from retrieval.searching.glossary import Entry
    from retrieval.searching.suggesting import Suggestion

_ROWS, _SUGGESTED = 40, 10
_ID = 8  # digits shown of an id
_NOW = "Used from the next question on."

Work = Callable[["CommandContext"], Awaitable[Card]]


def commands(keeping: Callable[[], GlossaryService]) -> Mapping[str, Work]:
    """What each command does, by its name."""

    async def listed(asked: CommandContext) -> Card:
        return glossary_card(await keeping().list(asked.text("source")))

    async def add(asked: CommandContext) -> Card:
        return put_card(await keeping().add(asked.text("terms"), asked.text("source")))

    async def remove(asked: CommandContext) -> Card:
        return Card(text=f"Taken out: {shown(await keeping().remove(asked.text('entry'), asked.text('source')))}")

    async def suggest(asked: CommandContext) -> Card:
        return suggestions_card(await keeping().suggest(asked.text("source")))

    async def approve(asked: CommandContext) -> Card:
        return put_card(await keeping().approve(asked.text("id")))

    async def dismiss(asked: CommandContext) -> Card:
        return Card(text=f"Suggested no more: {shown(await keeping().dismiss(asked.text('id')))}")

    async def export(_asked: CommandContext) -> Card:
        entries = await keeping().list()
        if not entries:
            return glossary_card(entries)
        return Card(text=_counted(len(entries)), file=File("glossary.csv", await keeping().take_out()))

    return {
        "glossary": listed,
        "glossary add": add,
        "glossary remove": remove,
        "glossary suggest": suggest,
        "glossary approve": approve,
        "glossary dismiss": dismiss,
        "glossary export": export,
    }


def glossary_card(entries: Sequence[Entry]) -> Card:
    """The groups in use."""
    if not entries:
        return Card(title="Glossary", text="Nothing yet: /faq glossary add AP = access point, or /faq glossary suggest")
    rows = tuple(
        (each.id[:_ID], " = ".join(each.terms), each.source or "all", "the pages" if each.suggested else "an admin")
        for each in entries[:_ROWS]
    )
    left = len(entries) - len(rows)
    return Card(
        title="Glossary",
        table=Table(("id", "terms", "source", "given by"), rows),
        footnote=f"And {left} more: /faq glossary export" if left else "",
    )


def put_card(put: AddResult) -> Card:
    """What became of terms that were added."""
    merged = "; ".join(map(shown, put.merged))
    return Card(text=f"{shown(put.entry)}. {_NOW}", footnote=f"Joined with what was there: {merged}" if merged else "")


def suggestions_card(suggestions: Sequence[Suggestion]) -> Card:
    """What the pages say to mean the same, and where."""
    if not suggestions:
        return Card(title="Suggested by the pages", text="No suggestions left to decide on.")
    lines = tuple(
        Line(f"{each.id[:_ID]} {shown(each.entry)}", each.url, each.excerpt) for each in suggestions[:_SUGGESTED]
    )
    left = len(suggestions) - len(lines)
    return Card(
        title="Suggested by the pages",
        lines=lines,
        footnote="/faq glossary approve <id> to use one, /faq glossary dismiss <id> to see it no more."
        + (f" {left} more come after these." if left else ""),
    )


def _counted(groups: int) -> str:
    return "1 group." if groups == 1 else f"{groups} groups."
