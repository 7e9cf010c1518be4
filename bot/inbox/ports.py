"""What the inbox needs: a durable store of claims, and a meter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.chat.conversation import Turn
from bot.chat.message import Channel, ChannelKind, ChatMessage, Job, JobState, MessageRef, Move, Rule, Thread, ThreadRef


class InboxStore(Protocol):
    """What arrived and is owed. Every method raises StorageError when the database fails."""

    async def claim_message(self, message: ChatMessage, rule: Rule) -> Job | None:
        """Decide by `rule` what the message calls for, change its thread accordingly and, where something is owed,
        keep it as a job of this process: committed on return.

        None where nothing is owed, and where the message, or its gesture, was claimed before, by whomever.
        """

    async def find_thread(self, message: ChatMessage) -> tuple[Thread, bool] | None:
        """The thread of a message as a claim would find it at this moment, and whether its channel is a help channel;
        None where the message, or its gesture, was claimed before."""

    async def find_job(self, key: MessageRef) -> Job | None:
        """The job of a message, whatever its state."""

    async def find_job_of_turn(self, turn: Turn) -> Job | None:
        """The job that a turn was made for; None where it was made for none, or the job has another by now."""

    async def start_job(self, job: Job) -> Job | None:
        """Count a start of the work; -> the job as it is by then, with what others noted who began it before; None
        when it is not owed in this revision, or by this process, any more."""

    async def record_reply(self, job: Job, replies: Sequence[Mapping[str, str]]) -> None:
        """What stands on the platform for the job now, in place of what was kept before."""

    async def move_job(self, job: Job, move: Move) -> None:
        """The job is answered elsewhere from now on, where nothing stands for it yet."""

    async def clear_left(self, job: Job) -> None:
        """Nothing stands any more in the places that the job was moved from."""

    async def record_turn(self, job: Job, turn_id: str) -> None:
        """The turn that was made for the job, in case its delivery is cut off."""

    async def finish_job(self, job: Job, state: JobState) -> bool:
        """What became of the job; False when it is not open as it was any more."""

    async def revise_job(self, message: ChatMessage, rule: Rule, *, anew: bool = False) -> Job | None:
        """The message was edited: owe it a new answer, or silence where `rule` now hears a wish for that.

        None where it was never owed one, was withdrawn, reads the same, was edited again since (platforms tell in no
        order, and more than once), or is being answered by another process, which then finds the new revision.
        `anew`: what was relayed is relayed again though it reads the same here.
        """

    async def withdraw_job(self, key: MessageRef) -> Job | None:
        """The message was deleted: no answer is owed for it any more, but that what stands for it is removed. None for
        one that was not claimed (it will not be, should it be told of late), that was withdrawn before, or that another
        process is answering, which then finds that."""

    async def reclaim_expired(self, platforms: Collection[str], limit: int = 200) -> Sequence[Job]:
        """Jobs of these platforms that processes owe which stopped beating; they are this process's from now on,
        oldest first."""

    async def extend_lease(self) -> None:
        """This process lives: what it owes stays its own for another lease."""

    async def own_revisions(self) -> Mapping[MessageRef, int]:
        """The revision of each job that this process is to see to."""

    async def release_lease(self) -> None:
        """This process stops: what it still owes is free at once."""

    async def list_open(self, place: ThreadRef) -> Sequence[Job]:
        """The jobs of a thread with something still to be done, by whichever process, oldest first."""

    async def set_muted(self, place: ThreadRef, muted: bool) -> None:
        """A thread is to be left alone, or no more."""

    async def hand_over(self, place: ThreadRef, *, human: bool = True) -> None:
        """A human takes the thread over, or gives it back."""

    async def mark_channel(self, channel: Channel, kind: ChannelKind | None) -> None:
        """Make a channel one of that kind, or an ordinary one again."""

    async def list_marked_channels(self) -> Mapping[Channel, ChannelKind]:
        """The channels that are no ordinary ones, oldest first."""

    async def answered_since(self, channel: Channel, since: datetime) -> Sequence[Job]:
        """Jobs of a channel that came since then and were not withdrawn."""

    async def list_channels(self, platform: str, workspace: str) -> Sequence[str]:
        """Where messages were claimed: the ids of a workspace's channels."""


class InboxMeter(Protocol):
    """Counts what the inbox does."""

    def count_claim(self, platform: str, judgement: str) -> None: ...

    def count_outcome(self, platform: str, state: str, decision: str, seconds: float) -> None:
        """A job came to its end, so many seconds after it arrived."""

    def count_fault(self, platform: str, kind: str) -> None: ...
