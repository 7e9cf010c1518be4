"""What arrives from a chat platform and what is owed for it: the pure data of the inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.chat.conversation import OptionPress
from bot.chat.reply_target import ReplyTarget


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
    COMMAND = "command"  # a slash command, or a line at a terminal: always answered
    CHANNEL = "channel"  # in a channel, not naming the bot
    POST = "post"  # a new post of a forum: a question by being one


class Party(StrEnum):
    """Who said something in a handoff."""

    CUSTOMER = "customer"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A file that came with a message, as its platform tells of it: its media type ("" where it tells none), its size
    in bytes (0 likewise), and where it can be fetched."""

    name: str
    type: str
    size: int
    url: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A person's message. `id` is unique within its channel for ever, and outlives edits: a second message of that id
    is taken for the first one, told of again; `text` is without platform markup and without the bot's own mention;
    `names_others` tells that it is addressed to somebody else by name, `names_bot` to the bot, in private, too;
    `reply_target` is what its platform needs to reply, in that one's own terms. `chosen`: it is a button that was
    pressed below a clarification, in the place and way in which that was asked for. `edited_at`: of which edit this is
    the text, in the platform's seconds; 0.0 as it was written first. `gesture` is the same wherever the platform tells
    one writing of this user's in this channel under several ids; "" where that is not known.

    What a platform may tell besides: `author` is what the author is called, `link` where the message can be read;
    `links` are the messages it links to, in the platform's own terms, and `replies_to` is the id of the one it replies
    to; `begins_thread`: a thread begins with it that hangs on no message; `unseen` is why its words are hidden from the
    bot; `handoff_thread`: in which thread what people say in a handoff of it is posted, where that is not its own;
    `conversation_id`: which conversation it goes on with ("": its place's). Of its author: `groups` are those they are
    in beside the place's own (of a press: all), `is_guest` that they belong to another workspace than the place.
    `language`: the one that they speak, as a tag of ours; "" where what they write is to tell.

    What is found out once it is here: whether it is `in_help_channel`; the handoff it belongs to, and on whose `side`;
    and, where it called the bot to somebody else's question, by whose id that was `asked_by`: a press below the answer
    keeps that."""

    place: ThreadRef
    id: str
    user: str
    text: str
    audience: Audience
    names_others: bool = False
    reply_target: ReplyTarget = field(default_factory=dict)
    chosen: OptionPress | None = None
    edited_at: float = 0.0
    gesture: str = ""
    author: str = ""
    link: str = ""
    links: tuple[str, ...] = ()
    files: tuple[MessageFile, ...] = ()
    replies_to: str = ""
    begins_thread: bool = False
    unseen: str = ""
    handoff_thread: str | None = None
    in_help_channel: bool = False
    handoff_id: str = ""
    side: Party | None = None
    asked_by: str = ""
    conversation_id: str = ""
    names_bot: bool = False
    groups: frozenset[str] = frozenset()
    is_guest: bool = False
    language: str = ""

    @property
    def opens_thread(self) -> bool:
        """Whether this is a message of the channel itself, or the first of a thread that hangs on none; not a reply."""
        return self.place.thread == self.id or self.begins_thread

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


def mask_file_names(files: Sequence[MessageFile], mask: Callable[[str], str]) -> tuple[MessageFile, ...]:
    """A message's files, whose names hide what `mask` hides."""
    return tuple(replace(file, name=mask(file.name)) for file in files)


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
    replied since the bot was last addressed. `side`: this party of a handoff speaks here;
    `claimed`: a person has taken it. `quiet`: an admin wants the bot silent in the whole channel."""

    answering: bool = False
    muted: bool = False
    human: bool = False
    askers: frozenset[str] = frozenset()
    conversation_id: str = ""
    side: Party | None = None
    claimed: bool = False
    quiet: bool = False


class Disposition(StrEnum):
    """What a message calls for."""

    ANSWER = "answer"
    QUIET = "quiet"  # the bot is asked to be quiet in this thread
    HUMAN = "human"  # a person has taken the thread over
    RELAY = "relay"  # it is for a person on the other side of a handoff
    SILENT = "silent"


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
    """Where a message is answered whose own place takes no answer. `reply_target` is the one that holds there; `left`
    are replies that were begun in places before, and may still stand there."""

    place: ThreadRef
    audience: Audience
    reply_target: ReplyTarget
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
        moved = self.moved
        there = replace(self.message, place=moved.place, audience=moved.audience, reply_target=moved.reply_target)
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
