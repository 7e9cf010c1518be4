"""In-memory implementations of ports, for tests of what stands on those ports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bot.conversation import Conversation, Feedback, Turn
from bot.errors import StorageError, UnknownTurn
from retrieval.documents import Document, Passage, RetrievalResult, ScoredPassage


class MemoryConversations:
    """A ConversationStore that forgets when the test ends. With `broken` every write fails as a database does."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.stored: list[Turn] = []
        self.votes: dict[tuple[str, str], Feedback] = {}

    async def load(self, conversation_id: str, limit: int = 20) -> Conversation:
        turns = [turn for turn in self.stored if turn.conversation_id == conversation_id]
        return Conversation(conversation_id, tuple(turns[-limit:]))

    async def add(self, turn: Turn) -> None:
        if self.broken:
            raise StorageError("The database is gone: start it again.")
        self.stored.append(turn)

    async def turn(self, turn_id: str) -> Turn:
        found = [turn for turn in self.stored if turn.id.startswith(turn_id)]
        if len(turn_id) < 4 or len(found) != 1:
            raise UnknownTurn(f"No turn {turn_id}.")
        return found[0]

    async def turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        def wanted(turn: Turn) -> bool:
            return (
                (since is None or turn.created_at >= since)
                and (decision is None or turn.decision == decision)
                and (conversation_id is None or turn.conversation_id == conversation_id)
            )

        return [turn for turn in reversed(self.stored) if wanted(turn)][:limit]

    async def export(self, *, since: datetime | None = None) -> AsyncIterator[Turn]:
        for turn in self.stored:
            if since is None or turn.created_at >= since:
                yield turn

    async def vote(self, feedback: Feedback) -> None:
        await self.turn(feedback.turn_id)
        self.votes[feedback.turn_id, feedback.user] = feedback

    async def feedback(self, turn_id: str) -> Sequence[Feedback]:
        return [vote for (turn, _), vote in self.votes.items() if turn == turn_id]


def passage(document: Document, text: str = "") -> Passage:
    """The passage of a document that is not split, or its part `text`."""
    return Passage(document.id, document, text or document.answer)


def found(
    *documents: Document, query: str = "", confidence: float = 0.9, scores: Sequence[float] = ()
) -> RetrievalResult:
    """A result that holds `documents` in this order."""
    values = scores or [1.0 - 0.1 * rank for rank in range(len(documents))]
    passages = (ScoredPassage(passage(d), score, {"dense": score}) for d, score in zip(documents, values, strict=True))
    return RetrievalResult(query, "en", tuple(passages), confidence, "v1", "test", {"top": 1.0})
