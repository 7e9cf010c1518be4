"""`/faq wordings …`: what a model wrote that customers might ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bot.chat.people import Role
from bot.commands.registry import Parameter, Terminal, command
from bot.wordings.cards import removed_card, wordings_card

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.wordings.service import Wordings


class WordingCommands:
    """Wordings by a model: shown, and taken out."""

    GROUPS: ClassVar[Mapping[str, str]] = {"wordings": "What a model wrote that customers might ask."}

    def __init__(self, wordings: Wordings) -> None:
        self._wordings = wordings

    @command(
        "wordings",
        Role.ADMIN,
        "other wordings of entries that a model wrote",
        terminal=Terminal(more="Each was kept because the search finds its entry by it, and nothing else."),
    )
    async def _list_wordings(self, _context: CommandContext) -> Answer:
        wordings = await self._wordings.list()
        return wordings_card(wordings).with_data(wordings)

    @command(
        "wordings remove",
        Role.ADMIN,
        "take one out; it is not written again",
        Parameter("id", "Its id, or the first digits of it, as /faq wordings list tells it."),
    )
    async def _remove_wording(self, context: CommandContext) -> Answer:
        return removed_card(await self._wordings.remove(context.text("id")))
