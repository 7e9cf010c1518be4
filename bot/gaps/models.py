"""A question that was not answered well, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a question counts as not answered well."""

    ABSTAINED = "abstained"
    ABANDONED = "abandoned"  # the nearest entry, or a choice, was offered and nothing came of it
    VOTED_DOWN = "voted_down"
    HANDED_OFF = "handed_off"


@dataclass(frozen=True, slots=True)
class Missed:
    """One question that was not answered well; `comment` is what its asker said was wrong. `first`: nothing was said
    before it that could explain it. `refused` is the passage that a voted down answer was taken from, "" for none;
    `granted` are the groups by which its asker saw more than everybody."""

    turn_id: str
    question: str
    language: str
    asker: str
    at: datetime
    reasons: frozenset[Reason]
    comment: str = ""
    first: bool = False
    refused: str = ""
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GapDraft:
    """An entry that a model drafted for a gap, for a person to edit: never searched or shown to customers as it is.
    `turn_id` is the question that it is made from, and goes with; `answer` is "" where the pages hold none, and
    `missing` says what they lack."""

    turn_id: str
    question: str
    answer: str
    missing: str
    model: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GapMark:
    """What admins said of a gap: it is nobody's business here (`dismissed`), or somebody's, `assignee` being their
    name. It finds its gap by `questions` that were asked in it: a later gap that means the same has it, too. With the
    last of them it is gone. `by` is the `Actor.id` of who said it last."""

    id: str
    dismissed: bool
    assignee: str
    by: str
    updated_at: datetime
    questions: tuple[Missed, ...] = ()
