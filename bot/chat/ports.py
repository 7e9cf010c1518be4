"""Ports that every feature may use: the log of conversations, short notes, and the reading of a message's intent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.chat.conversation import Conversation, Feedback, Turn
from bot.chat.intent import MessageReading, OfferReply


class ConversationStore(Protocol):
    """Conversations, turns and feedback. Every method raises StorageError when the database fails."""

    async def load_conversation(
        self, conversation_id: str, limit: int = 20, *, with_passages: bool = True
    ) -> Conversation:
        """The last `limit` turns, oldest first; an unknown id is an empty conversation. Without passages, what was
        said alone: passages are most of what a turn holds."""

    async def add_turn(self, turn: Turn) -> None:
        """Store a turn with its passages, creating its conversation if needed, in one transaction."""

    async def find_turn(self, turn_id: str) -> Turn:
        """A turn by its id or an unambiguous prefix of at least 4 digits. Raises UnknownTurn."""

    async def load_around(self, turn_id: str, count: int = 20) -> Sequence[Turn]:
        """A turn (by its id, or an unambiguous prefix) in its conversation, with up to so many before and after it,
        oldest first. Raises UnknownTurn."""

    async def list_turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        """Newest first, without passages' texts being left out."""

    def export_turns(self, *, since: datetime | None = None) -> AsyncIterator[tuple[Turn, Sequence[Feedback]]]:
        """Every turn with the votes on it, oldest first, streamed in bounded memory."""

    async def record_vote(self, feedback: Feedback) -> None:
        """Keep a user's last vote on a turn (one row a user and turn). Raises UnknownTurn."""

    async def list_feedback(self, turn_id: str) -> Sequence[Feedback]: ...


class IntentReader(Protocol):
    """Tells what messages are. Synchronous and CPU-bound; safe to call from several threads. `language` is a BCP 47
    tag, of all texts; "" for English. Every method raises ModelError."""

    def read_messages(self, texts: Sequence[str], language: str = "") -> Sequence[MessageReading]: ...

    def read_replies(self, texts: Sequence[str], language: str = "") -> Sequence[OfferReply]:
        """What texts say to an offer of entries; OTHER for what is a message of its own."""

    def find_question(self, text: str, language: str = "") -> str:
        """The text without the courtesies before and after it, where anything else is left."""


class Markers(Protocol):
    """Short notes that outlive the process, by name. Every method raises StorageError when the database fails."""

    async def get(self, name: str) -> str:
        """What was set last, or ""."""

    async def set(self, name: str, value: str, *, urgent: bool = True) -> None:
        """Keep a value in place of what was there. What is not `urgent` may have to wait for seconds."""

    async def claim(self, name: str, value: str) -> bool:
        """Keep a value where another was, or none; False where it was there already: of several, one process has it."""


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message that stands in a channel, by its `name`, which is unique there; `version` counts its changes, `body` is
    JSON in its platform's own terms."""

    name: str
    version: int
    body: Mapping[str, Any]


class PostedMessages(Protocol):
    """What stands on a platform that has no server of its own to keep it, by channel. It goes with its `user` when that
    one is forgotten. Every method raises StorageError when the database fails."""

    async def put_message(self, platform: str, channel: str, user: str, name: str, body: Mapping[str, Any]) -> None:
        """Show a message, in the place of the one of that name if there is one, else below the others."""

    async def find_message(self, platform: str, channel: str, name: str) -> PostedMessage | None: ...

    async def remove_message(self, platform: str, channel: str, name: str) -> None: ...

    async def list_messages(self, platform: str, channel: str, limit: int = 200) -> Sequence[PostedMessage]:
        """The newest, oldest first."""

    async def load_versions(self, platform: str, channel: str, limit: int = 200) -> Mapping[str, int]:
        """The versions of the same messages by their names: whether one has to look again."""


def name_share(turn_id: str) -> str:
    """The marker that an answer was shared with everybody: `claim` it, since a press may be told to two processes."""
    return f"shared:{turn_id}"
