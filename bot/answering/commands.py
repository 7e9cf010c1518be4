"""`/faq explain`: why an answer was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.answering.cards import explanation_card
from bot.chat.groups import find_viewer
from bot.chat.people import Role
from bot.commands.registry import Parameter, Terminal, command, on_button

if TYPE_CHECKING:
    from bot.chat.people import Actor
    from bot.chat.ports import ConversationStore
    from bot.commands.context import Answer, CommandContext

_LAST = Parameter("answer", "Its id, or the first digits of it (at least 4). Without it: the last.", required=False)


class ExplainCommands:
    """Explanations of answers."""

    def __init__(self, conversations: ConversationStore, find_role: Callable[[Actor], Awaitable[Role]]) -> None:
        self._conversations = conversations
        self._find_role = find_role

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
        if await self._find_role(context.actor) < Role.ADMIN:
            turn = turn.show_to(find_viewer(context.place))
        return explanation_card(turn).with_data(turn)
