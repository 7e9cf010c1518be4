"""The ports of the core. Implementations are named by `bootstrap` only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.conversation import Conversation, Feedback, RefreshRun, Turn
from retrieval.documents import RetrievalResult, Source


class ConversationStore(Protocol):
    """Conversations, turns and feedback. Every method raises StorageError when the database fails."""

    async def load(self, conversation_id: str, limit: int = 20) -> Conversation:
        """The last `limit` turns, oldest first; an unknown id is an empty conversation."""

    async def add(self, turn: Turn) -> None:
        """Store a turn with its passages, creating its conversation if needed, in one transaction."""

    async def turn(self, turn_id: str) -> Turn:
        """A turn by its id or an unambiguous prefix of at least 4 digits. Raises UnknownTurn."""

    async def turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        """Newest first, without passages' texts being left out."""

    def export(self, *, since: datetime | None = None) -> AsyncIterator[Turn]:
        """Every turn, oldest first, streamed in bounded memory."""

    async def vote(self, feedback: Feedback) -> None:
        """Keep a user's last vote on a turn (one row a user and turn). Raises UnknownTurn."""

    async def feedback(self, turn_id: str) -> Sequence[Feedback]: ...


class SourceStore(Protocol):
    """The sources an admin named."""

    async def add(self, source: Source) -> None:
        """Raises DuplicateSource when the name or the location is taken."""

    async def list(self) -> Sequence[Source]: ...

    async def get(self, name: str) -> Source:
        """Raises UnknownSource."""

    async def remove(self, name: str) -> None:
        """Raises UnknownSource."""


class RefreshLog(Protocol):
    """What refreshes did and when."""

    async def start(self, run: RefreshRun) -> None: ...

    async def finish(self, run: RefreshRun) -> None: ...

    async def list(self, limit: int = 20) -> Sequence[RefreshRun]:
        """Newest first."""


class AnswerWriter(Protocol):
    """Writes an answer from retrieved passages."""

    @property
    def name(self) -> str:
        """Goes into the log as the turn's model."""

    def write(self, question: str, language: str, result: RetrievalResult) -> AsyncIterator[str]:
        """Pieces of Markdown with [n] markers, n being the 1-based rank of the passage in `result.passages`."""
