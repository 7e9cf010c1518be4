"""A handoff to people, its states, and what is said in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.message import Party, ThreadRef

NOWHERE = ThreadRef("", "", "", "")
INTERNAL = ("//", "／／")  # begins what a teammate writes for the team alone


class HandoffState(StrEnum):
    """Where a handoff stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    FAILED = "failed"  # the support channel could not be told, and the customer knows


LIVE = (HandoffState.OPEN, HandoffState.CLAIMED)
"""The states in which people have the conversation."""


class HandoffReason(StrEnum):
    """Why a person was asked for."""

    BUTTON = "button"
    WORDS = "words"
    ABSTENTION = "abstention"


@dataclass(frozen=True, slots=True)
class Handoff:
    """A conversation that people take over. `question` is what it is about, as asked in the turn `turn_id` ("" where
    nothing but a wish for a person was uttered: that is then the question). `customer` is where the customer reads and
    writes (in a private conversation any message of the channel belongs to it); `support` is the thread of the packet
    in the support channel, whose `thread` is "" until it is posted. `asked_in` is the customer's place before it moved
    to a private conversation (`NOWHERE` if it has not): what they write there belongs to it still. `helped_asked_at` is
    when the customer was asked whether that helped, `helped` what they said last."""

    id: str
    state: HandoffState
    reason: HandoffReason
    conversation_id: str
    turn_id: str
    question: str
    language: str
    customer: ThreadRef
    customer_user: str
    customer_name: str
    support: ThreadRef
    created_at: datetime
    updated_at: datetime
    claimed_by: str = ""
    claimed_name: str = ""
    reminders: int = 0
    remind_at: datetime | None = None
    asked_in: ThreadRef = NOWHERE
    helped_asked_at: datetime | None = None
    helped: bool | None = None


@dataclass(frozen=True, slots=True)
class HandoffMessage:
    """What was said in a handoff, as it is kept: masked."""

    handoff_id: str
    side: Party
    message_id: str
    author: str
    text: str
    at: datetime
