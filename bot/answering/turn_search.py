"""What the log of conversations can be searched by, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.conversation import Decision, Vote

MOST_WORDS, LONGEST_WORD = 8, 100
_WORD = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class TurnQuery:
    """All of it must hold. `words` stand in the question or the answer, in whatever case; `person` is a user's id, or
    "platform:id"; `channel` a platform's id; the times are from `since` until before `until`, aware. `sees_limited`:
    whoever searches may see what sources say that are for some alone; else their answers are neither searched nor
    told."""

    words: tuple[str, ...] = ()
    person: str = ""
    channel: str = ""
    decision: Decision | None = None
    vote: Vote | None = None
    since: datetime | None = None
    until: datetime | None = None
    sees_limited: bool = False

    @property
    def reads_turns(self) -> bool:
        """Whether turns have to be looked at to tell which of them it holds for."""
        return bool(self.words or self.channel or self.decision or self.vote)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a search goes on: before this turn."""

    at: datetime
    turn_id: str


@dataclass(frozen=True, slots=True)
class FoundTurn:
    """As much of a turn as a list shows. `answer` is "" where it is not told (`is_limited`); `channel` is "" where the
    conversation is in none."""

    id: str
    conversation_id: str
    created_at: datetime
    platform: str
    user: str
    question: str
    answer: str
    decision: Decision
    channel: str = ""
    votes: Mapping[Vote, int] = field(default_factory=dict)
    is_handed_over: bool = False
    is_limited: bool = False


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Turns, newest first. `next` is where it goes on, None where nothing is left to look at; `searched_to`: so far
    back was looked, since that was enough at a time; the page may not be full, then."""

    turns: tuple[FoundTurn, ...]
    next: Position | None = None
    searched_to: datetime | None = None


def split_words(text: str) -> tuple[str, ...]:
    """The words of a search; what stands in quotation marks is one."""
    found = (quoted or word for quoted, word in _WORD.findall(text.replace("“", '"').replace("”", '"')))
    return tuple(each.strip()[:LONGEST_WORD] for each in found if each.strip(' "'))[:MOST_WORDS]


def find_channel(platform: str, conversation_id: str) -> str:
    """The channel that a conversation of a chat platform is in; "" for one that is in none."""
    parts = conversation_id.split(":")
    return parts[2] if len(parts) > 2 and parts[0] == platform else ""
