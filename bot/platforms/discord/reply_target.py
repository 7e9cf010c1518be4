"""What Discord needs to reply to a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.chat.message import ChatMessage
from bot.chat.reply_target import read_reply_target


class MessageKind(StrEnum):
    """Where a message was written."""

    UNKNOWN = ""
    CHANNEL = "channel"  # in a channel itself
    THREAD = "thread"
    DIRECT = "direct"  # in a private conversation
    INTERACTION = "interaction"  # a command


@dataclass(frozen=True, slots=True)
class DiscordReplyTarget:
    """`token` of `application` takes the response to a command or click, which goes to its user alone where it is
    `private`. A button that was pressed stands in the channel or thread `where`, on the message `below`. `forum`: it
    was written in a post of one. `elsewhere` is the channel in which it is answered instead ("": its own place)."""

    kind: MessageKind = MessageKind.UNKNOWN
    token: str = ""
    application: str = ""
    private: bool = False
    where: str = ""
    below: str = ""
    forum: bool = False
    elsewhere: str = ""


def target_of(message: ChatMessage) -> DiscordReplyTarget:
    """What was kept with a message."""
    return read_reply_target(DiscordReplyTarget, message.reply_target)
