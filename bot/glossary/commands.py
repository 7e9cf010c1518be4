"""`/faq glossary …`: terms that mean the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import Card, File
from bot.chat.people import Role
from bot.commands.registry import Kind, Parameter, Terminal, command
from bot.glossary.cards import glossary_card, put_card, shown, suggestions_card

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.glossary.service import GlossaryService

_OF = Parameter("source", "Of which one. Without it: all.", Kind.SOURCE, required=False, named=True)
_FOR = Parameter("source", "For which one alone. Without it: all.", Kind.SOURCE, required=False, named=True)
_SUGGESTION = Parameter("id", "Its id, or the first digits of it, as /faq glossary suggest tells it.")


class GlossaryCommands:
    """The groups of terms: shown, added, removed, suggested, exported."""

    GROUPS: ClassVar[Mapping[str, str]] = {"glossary": "Terms that mean the same."}

    def __init__(self, glossary: GlossaryService) -> None:
        self._glossary = glossary

    @command("glossary", Role.ADMIN, "terms that mean the same, by which I understand questions", _OF)
    async def _show_entries(self, context: CommandContext) -> Answer:
        entries = await self._glossary.list(context.text("source"))
        return glossary_card(entries).with_data(entries)

    @command(
        "glossary add",
        Role.ADMIN,
        "name terms that mean the same: AP = access point",
        Parameter("terms", "AP = access point", Kind.REST),
        _FOR,
        terminal=Terminal(
            parameters=(Parameter("terms", "'AP = access point', or each by itself.", Kind.REST),),
            more="They are used from the next question on, and join the group that has one of them.",
        ),
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

    @command(
        "glossary suggest",
        Role.ADMIN,
        "what the pages themselves say to mean the same",
        _OF,
        terminal=Terminal(more="Nothing is used until it is approved."),
    )
    async def _suggest_entries(self, context: CommandContext) -> Answer:
        suggestions = await self._glossary.suggest(context.text("source"))
        return suggestions_card(suggestions).with_data(suggestions)

    @command("glossary approve", Role.ADMIN, "use a suggestion", _SUGGESTION)
    async def _approve_suggestion(self, context: CommandContext) -> Answer:
        return put_card(await self._glossary.approve(context.text("id")))

    @command("glossary dismiss", Role.ADMIN, "suggest it no more", _SUGGESTION)
    async def _dismiss_suggestion(self, context: CommandContext) -> Answer:
        return Card(text=f"Suggested no more: {shown(await self._glossary.dismiss(context.text('id')))}")

    @command("glossary export", Role.ADMIN, "all groups as CSV")
    async def _export_entries(self, context: CommandContext) -> Answer:
        entries = await self._glossary.list()
        if not entries and not context.at_terminal:  # a script is given a file with a header alone
            return glossary_card(entries)
        counted = "1 group." if len(entries) == 1 else f"{len(entries)} groups."
        return Card(text=counted, file=File("glossary.csv", await self._glossary.take_out()))
