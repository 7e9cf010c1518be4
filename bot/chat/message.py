"""What arrives from a chat platform and what is owed for it: the pure data of the desk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.chat.conversation import OptionPress

FIRST = "first"
"""In the context of a message with which a thread begins that hangs on no message."""


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A thread of a channel; `thread` is the platform's id of the message that opened it."""

    platform: str
    workspace: str
    channel: str
    thread: str


class Audience(StrEnum):
    """How a message was addressed."""

    DIRECT = "direct"  # a private conversation with the bot
    ASSISTANT = "assistant"  # the platform's own pane for agents
    MENTION = "mention"  # in a channel, naming the bot
    COMMAND = "command"  # a slash command
    CHANNEL = "channel"  # in a channel, not naming the bot
    POST = "post"  # a new post of a forum: a question by being one


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A person's message. `id` is unique within its channel and outlives edits; `text` is without platform markup and
    without the bot's own mention; `names_others` tells that it is addressed to somebody else by name; `context` is
    what the adapter needs to reply (a response URL, the recipient's team). `chosen`: it is a button that was pressed
    below a clarification, in the place and way in which that was asked for. `edited_at`: of which edit this is the
    text, in the platform's seconds; 0.0 as it was written first. `gesture` is the same wherever the platform tells one
    writing of this user's in this channel under several ids; "" where that is not known."""

    place: ThreadRef
    id: str
    user: str
    text: str
    audience: Audience
    names_others: bool = False
    context: Mapping[str, str] = field(default_factory=dict)
    chosen: OptionPress | None = None
    edited_at: float = 0.0
    gesture: str = ""

    @property
    def opens_thread(self) -> bool:
        """Whether this is a message of the channel itself, or the first of a thread that hangs on none; not a reply."""
        return self.place.thread == self.id or FIRST in self.context

    @property
    def key(self) -> MessageRef:
        """What it is claimed under."""
        return MessageRef(self.place.platform, self.place.workspace, self.place.channel, self.id)

    @property
    def written(self) -> MessageRef:
        """What its author wrote: for a button that was pressed, the question."""
        message_id = self.chosen.question if self.chosen else self.id
        return MessageRef(self.place.platform, self.place.workspace, self.place.channel, message_id)


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message that stands above another, or that one links to. `user` is its author's id, `name` what they are called
    if the platform tells with it; `mine`: the bot's own; `pointed`: the other one replies to it; `answered`: somebody
    but its author has replied to it in a thread of its own."""

    user: str
    text: str
    name: str = ""
    mine: bool = False
    pointed: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: its name, and its text, if it could be read. `picture` is where it can be fetched if it is
    said to be a picture; then `text` is what it shows, if a model could tell."""

    name: str
    text: str | None = None
    picture: str = ""


def mask_file_names(context: Mapping[str, str], mask: Callable[[str], str]) -> Mapping[str, str]:
    """A message's context in which the names of its files hide what `mask` hides."""
    if not context.get("files"):
        return context
    files = [{**file, "name": mask(file["name"])} for file in json.loads(context["files"])]
    return {**context, "files": json.dumps(files)}


def quote_lines(text: str) -> str:
    """A text as what somebody else said: each line behind a ">", as people quote in chats."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def separate_quotation(text: str) -> tuple[str, str]:
    """The words of a text's author, and those that they quote."""
    own, quoted = [], []
    for line in text.splitlines():
        if line.startswith(">"):
            quoted.append(line.lstrip("> "))
        else:
            own.append(line)
    return "\n".join(own).strip(), "\n".join(quoted).strip()


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Names a message: the same for each delivery of it, in whatever event."""

    platform: str
    workspace: str
    channel: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Thread:
    """What is known of a thread. `askers` are the users the bot answers there; `human` tells that somebody else has
    replied since the bot was last addressed. `side`: a handoff's customer ("customer") or team ("support") speaks here;
    `claimed`: a person has taken it. `quiet`: an admin wants the bot silent in the whole channel."""

    answering: bool = False
    muted: bool = False
    human: bool = False
    askers: frozenset[str] = frozenset()
    conversation_id: str = ""
    side: str = ""
    claimed: bool = False
    quiet: bool = False


class Disposition(StrEnum):
    """What a message calls for."""

    ANSWER = "answer"
    QUIET = "quiet"  # the bot is asked to be quiet in this thread
    HUMAN = "human"  # a person has taken the thread over
    RELAY = "relay"  # it is for a person on the other side of a handoff
    SILENT = "silent"


BESIDE = frozenset({"links", "files"})
"""Of a message's context, what it says besides its text: an edit may change it."""

TAKEN = "asked_by"
"""In the context of a message that called the bot to somebody else's question: their id. Who forgets them finds it."""

Rule = Callable[[ChatMessage, Thread, bool], Disposition]
"""(message, its thread, whether its channel is a help channel) -> what it calls for."""


class JobState(StrEnum):
    """What became of an item."""

    PENDING = "owed"
    ANSWERED = "answered"
    RELAYED = "relayed"
    EXCUSED = "excused"  # there was no answer, and the customer was told so
    RETRACTING = "retracting"  # its message was deleted: what stands for it is still to be removed
    WITHDRAWN = "withdrawn"  # its message was deleted, and nothing stands for it
    FAILED = "failed"  # the platform lets nothing be said there

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self in {JobState.PENDING, JobState.RETRACTING}


@dataclass(frozen=True, slots=True)
class Move:
    """Where a message is answered whose own place takes no answer. `context` is what its own gains by that; `left` are
    replies that were begun in places before, and may still stand there."""

    place: ThreadRef
    audience: Audience
    context: Mapping[str, str]
    left: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed message. `replies` are what stands on the platform for it, in the adapter's own terms, where it was
    `moved` to if it was; `revision` counts its edits, and `received_at` is the latest one's; `turn_id` is the turn made
    for this revision, if one was; `attempts` counts starts of the work. `mine`: this process is the one that is to see
    to it."""

    id: str
    message: ChatMessage
    judgement: Disposition
    conversation_id: str
    received_at: datetime
    state: JobState = JobState.PENDING
    revision: int = 0
    replies: tuple[Mapping[str, str], ...] = ()
    turn_id: str = ""
    attempts: int = 0
    mine: bool = True
    moved: Move | None = None

    @property
    def where_answered(self) -> Job:
        """The item as if it had been asked where it is answered."""
        if self.moved is None:
            return self
        context = {**self.message.context, **self.moved.context}
        there = replace(self.message, place=self.moved.place, audience=self.moved.audience, context=context)
        return replace(self, message=there)


class ChannelKind(StrEnum):
    """What an admin marked a channel as."""

    HELP = "help"  # every new question is answered
    QUIET = "quiet"  # nothing is but commands


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a platform."""

    platform: str
    workspace: str
    channel: str
