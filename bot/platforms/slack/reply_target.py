"""What Slack needs to reply to a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.chat.message import ChatMessage
from bot.chat.reply_target import read_reply_target


class Elsewhere(StrEnum):
    """Where a message is answered whose own place takes no answer."""

    NOWHERE = ""  # it is answered where it was asked
    CHANNEL = "channel"  # beside its thread
    DIRECT = "direct"  # in a private conversation
    EPHEMERAL = "ephemeral"  # in the channel, seen by its author alone


@dataclass(frozen=True, slots=True)
class SlackReplyTarget:
    """`response_url` takes the response to a command or click; `recipient_team` is the workspace of the author, to whom
    a stream is addressed; `below` is the message that bears a button which was pressed. Where it is answered
    `elsewhere`, `asked_in` is the channel it was asked in."""

    response_url: str = ""
    recipient_team: str = ""
    below: str = ""
    elsewhere: Elsewhere = Elsewhere.NOWHERE
    asked_in: str = ""


def target_of(message: ChatMessage) -> SlackReplyTarget:
    """What was kept with a message."""
    return read_reply_target(SlackReplyTarget, message.reply_target)
