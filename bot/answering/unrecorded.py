"""Conversations of which nothing is kept: for asking what the product would answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bot.chat.conversation import Conversation, Feedback, Turn
from bot.errors import UnknownTurn


class UnrecordedConversations:
    """Implements `bot.chat.ports.ConversationStore`: every conversation is a new one. `last` is the turn that was
    answered last."""

    def __init__(self) -> None:
        self.last: Turn | None = None

    async def load_conversation(
        self, conversation_id: str, limit: int = 20, *, with_passages: bool = True
    ) -> Conversation:
        return Conversation(conversation_id)

    async def add_turn(self, turn: Turn) -> None:
        self.last = turn

    async def find_turn(self, turn_id: str) -> Turn:
        raise UnknownTurn(f"No turn {turn_id[:12]} is kept here.")

    async def load_around(self, turn_id: str, count: int = 20) -> Sequence[Turn]:
        return [await self.find_turn(turn_id)]

    async def list_turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        return ()

    async def export_turns(self, *, since: datetime | None = None) -> AsyncIterator[tuple[Turn, Sequence[Feedback]]]:
        nothing: Sequence[tuple[Turn, Sequence[Feedback]]] = ()
        for each in nothing:
            yield each

    async def record_vote(self, feedback: Feedback) -> None:
        """Nothing is kept."""

    async def list_feedback(self, turn_id: str) -> Sequence[Feedback]:
        return ()
