"""Whom a new taught answer is for, unless somebody says otherwise: it may repeat what only some may read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from bot.chat.groups import find_viewer, keep_narrowest
from retrieval.audiences import EVERYBODY
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.chat.message import ThreadRef
    from bot.chat.ports import ConversationStore
    from bot.handoff.models import Handoff
    from bot.sources.audiences import LiveAudiences
    from retrieval.audiences import Audience
    from retrieval.interfaces import Retriever

_CORRECTS = 0.5  # likelier than not, the entry that is found answers the question


class TaughtAudiences:
    """`team_channels` are those where the team works for customers everywhere: what is taught there is not for them."""

    def __init__(
        self,
        audiences: LiveAudiences,
        conversations: ConversationStore,
        retriever: Callable[[], Retriever],
        team_channels: Collection[tuple[str, str]],
    ) -> None:
        self._audiences = audiences
        self._conversations = conversations
        self._retriever = retriever
        self._team_channels = team_channels

    async def inherit_from_handoff(self, handoff: Handoff) -> Audience:
        """Of what people said to a customer who saw more than everybody: those who see that, too. Raises
        StorageError."""
        await self._audiences.load()
        conversation = await self._conversations.load_conversation(handoff.conversation_id, with_passages=False)
        granted = self._audiences.find_granted(find_viewer(handoff.customer))
        return keep_narrowest(granted.union(*(turn.granted for turn in conversation.turns)))

    async def find_inherited_audience(self, question: str, place: ThreadRef | None = None) -> Audience:
        """Of an answer that is taught in a place: those of the entry that answers its question so far, else those who
        see more than everybody there. Raises StorageError."""
        await self._audiences.load()
        if not self._audiences.are_limits:
            return EVERYBODY
        return await self._find_corrected(question) or self._find_local(place)

    async def _find_corrected(self, question: str) -> Audience:
        try:
            found = await self._retriever().retrieve(question, limit=1)
        except RetrievalError:
            return EVERYBODY
        return found.passages[0].audience if found.confidence >= _CORRECTS else EVERYBODY

    def _find_local(self, place: ThreadRef | None) -> Audience:
        if place is None or (place.platform, place.channel) in self._team_channels:
            return EVERYBODY
        return keep_narrowest(self._audiences.find_granted(find_viewer(place)))
