"""The port of a chat platform: what is known of it before anything is connected, and, while it is, how answers, cards
and admin replies reach people there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any, Protocol

from bot.chat.card import Card
from bot.chat.conversation import AnswerEvent, ClarificationOutcome
from bot.chat.message import Attachment, ChatMessage, Job, MessageRef, ThreadMessage, ThreadRef
from bot.errors import DeliveryError
from bot.sections import PlatformSettings
from inference.interfaces import Picture


@dataclass(frozen=True, slots=True)
class Finding:
    """What `frontdesk doctor` found: well, wrong, or (None) worth knowing."""

    ok: bool | None
    text: str


class Platform(Protocol):
    """A chat platform, connected or not: what its people and channels are called, and what an operator is told of it.
    Cheap to import: vendors' libraries are imported where they are needed. `settings` are its own section's."""

    name: str
    """As the database, the metrics and the settings name it: "slack"."""

    section: type[PlatformSettings]
    """What an operator sets."""

    user_id: Pattern[str]
    """What a whole user's id matches. A name that was only typed ("@ann") belongs to nobody."""

    channel_id: Pattern[str]
    workspace_id: Pattern[str]

    role_id: Pattern[str]
    """What the id of a role matches; nothing where its events do not tell the roles of who writes."""

    born_admins: str
    """Who is an admin without having been named one: "the workspace's admins and owners"; "" for nobody."""

    needs: str
    """The variables without which it is not served: "SLACK_BOT_TOKEN and SLACK_APP_TOKEN"; "" where it never is."""

    how_to_begin: str
    """What `frontdesk doctor` says where it is not set up: "no DISCORD_TOKEN: to answer in Discord, see
    docs/discord.md"; "" for nothing."""

    async def check(self, settings: Any) -> Sequence[Finding]:
        """What is wrong with it, where it is configured. Raises PlatformError."""

    async def find_workspace(self, settings: Any, channel: str = "") -> str:
        """The id of the workspace or server that a channel (or, without one, the bot) belongs to. Raises InputError
        where it cannot be known, SettingsError, PlatformError."""


KeepReplies = Callable[[Sequence[Mapping[str, str]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StandingReplies:
    """What a platform shows that may be replies to a job, oldest first: `marked` are its own. `unmarked` are begun
    answers that bear no mark yet, to it or to another job of the same thread."""

    marked: Sequence[Mapping[str, str]] = ()
    unmarked: Sequence[Mapping[str, str]] = ()


class ReplySender(Protocol):
    """A platform, as the inbox speaks to it. Every method raises DeliveryError."""

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        """Show an answer as it comes, in place of the job's `replies` if it has some.

        `keep` is awaited with what stands on the platform as soon as something does, so that no crash leaves an
        answer half open or gives a second one.
        """

    def can_replace(self, job: Job) -> bool:
        """Whether an answer to it is shown before it is complete, and can be replaced by another then."""

    async def send_text(self, job: Job, text: str, keep: KeepReplies) -> None:
        """A short line of the bot's own, in place of whatever stands for the job."""

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        """Tell the customer that `ahead` questions come first. What then stands for the job is kept."""

    async def retract_reply(self, job: Job) -> None:
        """Remove what stands for the job."""

    async def close_clarification(self, job: Job, settled: ClarificationOutcome, by: Job) -> None:
        """Take the buttons off the clarification that stands for the job, and show what was chosen, by `by`."""

    async def find_standing_replies(self, job: Job) -> StandingReplies:
        """What stands on the platform for a job that a dead process may have begun to answer."""

    async def find_other_place(self, job: Job, refusal: DeliveryError) -> Job | None:
        """The job as one that is answered in another place where its customer can be reached, since `refusal` keeps
        the bot from its own; None where there is none that was not tried."""

    async def check_access(self) -> None:
        """Ask the platform whether it knows the bot."""


class MessageContext(Protocol):
    """A platform, as the inbox looks around a message that it has claimed. Every method raises DeliveryError."""

    async def fetch_messages_above(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        """What stands above it in its thread, and what it replies to: the first message and the newest 50, oldest
        first. Where it is a message of a channel itself: the channel's newest 50, of the last hour."""

    async def fetch_linked_messages(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        """The messages whose addresses stand in it, as far as the bot can read them and its author may."""

    async def fetch_files(self, message: ChatMessage) -> Sequence[Attachment]:
        """Its files, with the text of those that are one and not too large."""

    async def fetch_picture(self, file: Attachment) -> Picture | None:
        """The picture that one of them is said to be; None where it cannot be had, or is none."""

    async def fetch_author_name(self, message: ChatMessage, said: ThreadMessage) -> str:
        """What the author of a message near `message` is called, or ""."""


class ChannelPoster(Protocol):
    """A platform, as notices, handoffs and admins' messages speak to it. Every method that waits raises
    DeliveryError."""

    files_open_by_address: bool
    """Whether whoever is told the address of a message's file can open it."""

    def is_direct(self, place: ThreadRef) -> bool:
        """Whether it is a private conversation with the bot: nobody but its customer can open it."""

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        """A new message in a thread (in the channel itself where `thread` is "")."""

    async def ensure_thread(self, message: MessageRef, name: str) -> ThreadRef:
        """The thread below a message of the bot's, made if need be."""

    async def update_card(self, message: MessageRef, card: Card) -> None:
        """Show something else in a message's place. Where it is gone, nothing is done."""

    async def open_direct_thread(self, workspace: str, user: str) -> ThreadRef:
        """The private conversation with a user."""

    async def fetch_link(self, message: MessageRef) -> str:
        """Where a message can be read, or ""."""

    async def fetch_user_name(self, workspace: str, user: str) -> str:
        """What a user is called there, or ""."""

    async def is_teammate(self, workspace: str, user: str) -> bool:
        """Whether the user belongs to the team, as the platform says now."""


class AdminReply(Protocol):
    """Where an admin's command is answered: one message, which what is shown next replaces."""

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        """-> the message, if it can be shown something else later by whichever process. The first card tells whether
        others see it. Raises DeliveryError."""

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """See to work that goes on showing things: beside others in a chat, to its end at a terminal."""
