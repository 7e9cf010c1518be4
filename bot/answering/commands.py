"""`/faq explain`: why an answer was given."""

from __future__ import annotations

from bot.answering.cards import explanation_card
from bot.chat.people import Role
from bot.chat.ports import ConversationStore
from bot.commands.context import Answer, CommandContext
from bot.commands.registry import Parameter, command, on_button


class ExplainCommands:
    """Explanations of answers."""

    def __init__(self, conversations: ConversationStore) -> None:
        self._conversations = conversations

    @command(
        "explain",
        Role.TEAMMATE,
        "why an answer was given, by its id; or use the answer's own menu",
        Parameter("answer", "Its id, or the beginning of it."),
    )
    @on_button("explain", Role.TEAMMATE)
    async def _explain(self, context: CommandContext) -> Answer:
        return explanation_card(await self._conversations.find_turn(context.value or context.text("answer")))
