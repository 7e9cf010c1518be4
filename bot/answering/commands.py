"""`/faq explain`: why an answer was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.cards import explanation_card
from bot.chat.people import Role
from bot.commands.registry import Parameter, Terminal, command, on_button

if TYPE_CHECKING:
    from bot.chat.ports import ConversationStore
    from bot.commands.context import Answer, CommandContext

_LAST = Parameter("answer", "Its id, or the first digits of it (at least 4). Without it: the last.", required=False)


class ExplainCommands:
    """Explanations of answers."""

    def __init__(self, conversations: ConversationStore) -> None:
        self._conversations = conversations

    @command(
        "explain",
        Role.TEAMMATE,
        "why an answer was given, by its id (in chats its own menu tells, too)",
        Parameter("answer", "Its id, or the beginning of it."),
        terminal=Terminal(
            parameters=(_LAST,), more="Passages, each signal, the threshold, the version and the crawl date."
        ),
    )
    @on_button("explain", Role.TEAMMATE)
    async def _explain(self, context: CommandContext) -> Answer:
        turn = await self._conversations.find_turn(context.value or context.text("answer"))
        return explanation_card(turn).with_data(turn)
