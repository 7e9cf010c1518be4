"""`/faq glossary …`: terms that mean the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import Card, File, Line, Table
from bot.chat.people import Role
from bot.commands.context import Answer, CommandContext
from bot.commands.registry import Kind, Parameter, command
from bot.glossary.service import AddResult, GlossaryService, shown

if TYPE_CHECKING:
    from retrieval.searching.glossary import Entry
    from retrieval.searching.suggesting import Suggestion

_ROWS, _SUGGESTED = 40, 10
_ID = 8  # digits shown of an id
_NOW = "Used from the next question on."

_OF = Parameter("source", "Of which one. Without it: all.", Kind.SOURCE, required=False, named=True)
_FOR = Parameter("source", "For which one alone. Without it: all.", Kind.SOURCE, required=False, named=True)
_SUGGESTION = Parameter("id", "As /faq glossary suggest tells it.")


class GlossaryCommands:
    """The groups of terms: shown, added, removed, suggested, exported."""

    GROUPS: ClassVar[Mapping[str, str]] = {"glossary": "Terms that mean the same."}

    def __init__(self, glossary: GlossaryService) -> None:
        self._glossary = glossary

    @command("glossary", Role.ADMIN, "terms that mean the same, by which I understand questions", _OF)
    async def _show_entries(self, context: CommandContext) -> Answer:
        return glossary_card(await self._glossary.list(context.text("source")))

    @command(
        "glossary add",
        Role.ADMIN,
        "name terms that mean the same: AP = access point",
        Parameter("terms", "AP = access point", Kind.REST),
        _FOR,
    )
    async def _add_entry(self, context: CommandContext) -> Answer:
        return put_card(await self._glossary.add(context.text("terms"), context.text("source")))

    @command(
        "glossary remove",
        Role.ADMIN,
        "take a group out, by its id or one of its terms",
        Parameter("entry", "Its id, or one of its terms.", Kind.REST),
        _FOR,
    )
    async def _remove_entry(self, context: CommandContext) -> Answer:
        removed = await self._glossary.remove(context.text("entry"), context.text("source"))
        return Card(text=f"Taken out: {shown(removed)}")

    @command("glossary suggest", Role.ADMIN, "what the pages themselves say to mean the same", _OF)
    async def _suggest_entries(self, context: CommandContext) -> Answer:
        return suggestions_card(await self._glossary.suggest(context.text("source")))

    @command("glossary approve", Role.ADMIN, "use a suggestion", _SUGGESTION)
    async def _approve_suggestion(self, context: CommandContext) -> Answer:
        return put_card(await self._glossary.approve(context.text("id")))

    @command("glossary dismiss", Role.ADMIN, "suggest it no more", _SUGGESTION)
    async def _dismiss_suggestion(self, context: CommandContext) -> Answer:
        return Card(text=f"Suggested no more: {shown(await self._glossary.dismiss(context.text('id')))}")

    @command("glossary export", Role.ADMIN, "all groups as CSV")
    async def _export_entries(self, _context: CommandContext) -> Answer:
        entries = await self._glossary.list()
        if not entries:
            return glossary_card(entries)
        return Card(text=_counted(len(entries)), file=File("glossary.csv", await self._glossary.take_out()))


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
