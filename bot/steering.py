"""What people steer: schedules, handoffs, taught answers, and the record of who did what. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.messages import Place


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a source is read by itself: every so many hours (None: never), next at `next_at`. `failures` counts those in
    a row. A paused source is left out, and what it holds stays."""

    source: str
    paused: bool = False
    every_hours: float | None = None
    next_at: datetime | None = None
    failures: int = 0


FORGOTTEN = "forgotten"
"""Stands for whoever was forgotten where what they did is kept."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what. `target` names a thing (a source, a version, a hash of a user), never a message's text;
    `outcome` is "done", "refused" or "failed"."""

    id: str
    at: datetime
    platform: str
    workspace: str
    user: str
    action: str
    target: str = ""
    outcome: str = "done"


class HandoffState(StrEnum):
    """Where a handoff stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    FAILED = "failed"  # the support channel could not be told, and the customer knows


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
    in the support channel, whose `thread` is "" until it is posted."""

    id: str
    state: HandoffState
    reason: HandoffReason
    conversation_id: str
    turn_id: str
    question: str
    language: str
    customer: Place
    customer_user: str
    customer_name: str
    support: Place
    created_at: datetime
    updated_at: datetime
    claimed_by: str = ""
    claimed_name: str = ""
    reminders: int = 0
    remind_at: datetime | None = None


class Side(StrEnum):
    """Who said something in a handoff."""

    CUSTOMER = "customer"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Relayed:
    """What was said in a handoff, as it is kept: masked."""

    handoff_id: str
    side: Side
    message_id: str
    author: str
    text: str
    at: datetime


class TaughtState(StrEnum):
    """Where a taught answer stands. Only an approved one is searched."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REVIEW = "review"  # was approved, and a customer found it not helpful
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Taught:
    """An answer that a person gave, in Markdown. `url` is where it was given ("" if nowhere to link to); `author` is
    shown in citations, `author_id` is `Actor.id`; `customer` is whose words the question is in (`Actor.id`, "" once a
    teammate has worded it anew); `note` says why it is to be looked at again; from `expires_at` on it is searched no
    more."""

    id: str
    state: TaughtState
    question: str
    answer: str
    language: str
    author: str
    author_id: str
    created_at: datetime
    updated_at: datetime
    url: str = ""
    handoff_id: str = ""
    customer: str = ""
    note: str = ""
    expires_at: datetime | None = None


class Gesture(StrEnum):
    """What somebody did that tells which entry some words mean."""

    CHOSEN = "chosen"  # of several that were offered
    CONFIRMED = "confirmed"  # that a suggestion is what was meant
    VOTED_UP = "voted_up"
    VOTED_DOWN = "voted_down"
    NOT_IT = "not_it"  # it was offered, and is not what was meant

    @property
    def speaks_for(self) -> bool:
        """Whether the words mean the entry by this; else they do not."""
        return self not in {Gesture.VOTED_DOWN, Gesture.NOT_IT}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One person's last word on whether `question` means an entry, which is named by its `url` and `title`.

    `words` names the question whatever its case and punctuation, `wording_id` these words with this entry. `asked_id`
    is the turn that the question is from, `turn_id` the one that showed the entry as passage `passage_id`: with either
    the evidence goes, too.
    """

    wording_id: str
    words: str
    question: str
    language: str
    url: str
    title: str
    passage_id: str
    platform: str
    user_id: str
    gesture: Gesture
    asked_id: str
    turn_id: str
    created_at: datetime


class Reason(StrEnum):
    """Why a question counts as not answered well."""

    ABSTAINED = "abstained"
    ABANDONED = "abandoned"  # the nearest entry, or a choice, was offered and nothing came of it
    VOTED_DOWN = "voted_down"
    HANDED_OFF = "handed_off"


@dataclass(frozen=True, slots=True)
class Missed:
    """One question that was not answered well; `comment` is what its asker said was wrong. `first`: nothing was said
    before it that could explain it. `refused` is the passage that a voted down answer was taken from, "" for none."""

    turn_id: str
    question: str
    language: str
    asker: str
    at: datetime
    reasons: frozenset[Reason]
    comment: str = ""
    first: bool = False
    refused: str = ""
