"""The ports of the core. Implementations are named by `bootstrap` only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.conversation import AnswerEvent, Brief, Conversation, Feedback, Reading, RefreshRun, Turn, Written
from bot.messages import Channel, ChatMessage, Item, MessageKey, Place, Rule, State
from retrieval.documents import RetrievalResult, Source

KeepReplies = Callable[[Sequence[Mapping[str, str]]], Awaitable[None]]


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

    def write(self, brief: Brief) -> AsyncIterator[Written]:
        """Pieces of Markdown with [n] markers, n being the 1-based rank of the passage in `brief.result.passages`; or
        one refusal, before anything else."""


class QuestionReader(Protocol):
    """Understands what is hard to tell by rules. Both methods give None where they cannot tell, never a fault."""

    async def read(self, message: str, language: str, earlier: Sequence[Turn]) -> Reading | None:
        """What a message means after the `earlier` turns."""

    async def answerable(self, question: str, result: RetrievalResult) -> Sequence[int] | None:
        """The 1-based ranks of the passages that answer the question, the best first; none if it is not answered."""


class GenerationMeter(Protocol):
    """Counts what a language model does."""

    def generated(self, outcome: str, seconds: float) -> None:
        """An answer came to its end: "written", "rewritten", "refused", "cut_off" or "quoted"."""

    def shown(self, seconds: float) -> None:
        """The first piece of an answer was let out, so many seconds after it was asked for."""

    def withheld(self, fault: str) -> None:
        """A sentence was not let out."""

    def generator_fault(self, kind: str) -> None: ...


class Inbox(Protocol):
    """What arrived and is owed. Every method raises StorageError when the database fails."""

    async def claim(self, message: ChatMessage, rule: Rule) -> Item | None:
        """Decide by `rule` what the message calls for, change its thread accordingly and, where something is owed,
        keep it as an item of this process: committed on return.

        None where nothing is owed, and where the message was claimed before, by whomever.
        """

    async def find(self, key: MessageKey) -> Item | None:
        """The item of a message, whatever its state."""

    async def started(self, item: Item) -> bool:
        """Count a start of the work; False when the item is not owed in this revision, or by this process, any more."""

    async def keep_reply(self, item: Item, replies: Sequence[Mapping[str, str]]) -> None:
        """What stands on the platform for the item now, in place of what was kept before."""

    async def keep_turn(self, item: Item, turn_id: str) -> None:
        """The turn that was made for the item, in case its delivery is cut off."""

    async def finish(self, item: Item, state: State) -> bool:
        """What became of the item; False when it is not owed in this revision any more."""

    async def revise(self, message: ChatMessage, rule: Rule) -> Item | None:
        """The message was edited: owe it a new answer, or silence where `rule` now hears a wish for that.

        None where it was never owed one, was withdrawn, reads the same, or is being answered by another process,
        which then finds the new revision.
        """

    async def withdraw(self, key: MessageKey) -> Item | None:
        """The message was deleted: nothing is owed for it any more. None for one that was not claimed; it will not be,
        should it be told of late."""

    async def take_over(self, platforms: Collection[str], limit: int = 200) -> Sequence[Item]:
        """Items of these platforms that processes owe which stopped beating; they are this process's from now on,
        oldest first."""

    async def beat(self) -> None:
        """This process lives: what it owes stays its own for another lease."""

    async def release(self) -> None:
        """This process stops: what it still owes is free at once."""

    async def mute(self, place: Place, muted: bool) -> None:
        """A thread is to be left alone, or no more."""

    async def hand_over(self, place: Place) -> None:
        """A human takes the thread over."""

    async def mark(self, channel: Channel, *, help_channel: bool) -> None:
        """Make a channel a help channel, or an ordinary one again."""

    async def help_channels(self) -> Sequence[Channel]:
        """Oldest first."""

    async def channels(self, platform: str, workspace: str) -> Sequence[str]:
        """Where messages were claimed: the ids of a workspace's channels."""


class Markers(Protocol):
    """Short notes that outlive the process, by name. Every method raises StorageError when the database fails."""

    async def get(self, name: str) -> str:
        """What was set last, or ""."""

    async def set(self, name: str, value: str) -> None:
        """Keep a value in place of what was there."""


class Messenger(Protocol):
    """A platform, as the desk speaks to it. Every method raises DeliveryError."""

    async def answer(self, item: Item, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        """Show an answer as it comes, in place of the item's `replies` if it has some.

        `keep` is awaited with what stands on the platform as soon as something does, so that no crash leaves an
        answer half open or gives a second one.
        """

    async def say(self, item: Item, text: str, keep: KeepReplies) -> None:
        """A short line of the bot's own, in place of whatever stands for the item."""

    async def waiting(self, item: Item, ahead: int, keep: KeepReplies) -> None:
        """Tell the customer that `ahead` questions come first. What then stands for the item is kept."""

    async def retract(self, item: Item) -> None:
        """Remove what stands for the item."""

    async def recover(self, item: Item) -> Sequence[Mapping[str, str]]:
        """What stands on the platform for an item that a dead process may have begun to answer."""


class DeskMeter(Protocol):
    """Counts what the desk does."""

    def claimed(self, platform: str, judgement: str) -> None: ...

    def ended(self, platform: str, state: str, decision: str, seconds: float) -> None:
        """An item came to its end, so many seconds after it arrived."""

    def fault(self, platform: str, kind: str) -> None: ...
