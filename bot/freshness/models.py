"""Contradictions, and what has gone stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retrieval.documents import Document


class State(StrEnum):
    """Where a contradiction stands."""

    OPEN = "open"
    SETTLED = "settled"  # one of the two is set aside
    DISMISSED = "dismissed"  # both are right


class Keep(StrEnum):
    """Which of two entries is answered from."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


class Verdict(StrEnum):
    """What a model says of two entries that were found to contradict each other. It settles nothing."""

    NONE = ""
    CONTRADICTS = "contradicts"
    SCOPE = "scope"  # they are about different things
    SAME = "same"  # in other words, or one adds to the other

    @property
    def is_harmless(self) -> bool:
        """Whether it says that they do not contradict each other."""
        return self in {Verdict.SCOPE, Verdict.SAME}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's verdict, and the phrase of each entry that it rests on, word for word."""

    verdict: Verdict
    model: str
    phrase_one: str = ""
    phrase_other: str = ""


@dataclass(frozen=True, slots=True)
class ContradictionRow:
    """A contradiction as it is kept. `one` and `other` are `Document.entry_id`s, `kind` what they differ in (see
    `retrieval.search.contradictions`), `set_aside` the one of them that is not answered from, "" for none.
    `settled_by` is the `Actor.id` of whoever decided; `verdict_by` the model that was asked, with what it said, if
    that could be used."""

    id: str
    one: str
    other: str
    kind: str
    probability: float
    state: State
    set_aside: str
    found_at: datetime
    settled_at: datetime | None = None
    settled_by: str = ""
    verdict: Verdict = Verdict.NONE
    verdict_by: str = ""
    phrase_one: str = ""
    phrase_other: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One entry of a contradiction, and since when it reads so."""

    document: Document
    since: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A contradiction with both entries; `one` is None where an entry that was kept is gone by now, and only `other`,
    which is set aside, is left. `kept_is_limited`: not all whom the entry set aside is for may see the one kept.
    `is_over`: the decision was taken back, and nothing is left to decide."""

    row: ContradictionRow
    one: Side | None
    other: Side
    kept_is_limited: bool = False
    is_over: bool = False

    @property
    def needs_decision(self) -> bool:
        """Whether nobody has decided yet, or what was decided for is gone, or not for all any more."""
        return not self.is_over and (self.row.state is State.OPEN or self.one is None or self.kept_is_limited)


class StaleReason(StrEnum):
    """Why an answer may have gone stale."""

    PAGE_CHANGED = "page_changed"  # a page that asks the same has changed since it was taught
    CHANGED_SINCE_VOTE = "changed_since_vote"  # customers found it helpful when it read otherwise
    PAST_DATE = "past_date"  # it names a day that is past
    UNCHANGED = "unchanged"  # not changed for long, asked often, and voted down


@dataclass(frozen=True, slots=True)
class StaleSign:
    """A reason with what it rests on: `date` is that of the change, or the day that is past; `count` how many people
    voted."""

    reason: StaleReason
    date: datetime
    count: int = 0


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry that may have gone stale, and since when it reads as it does. `askers` are the different people whom it
    answered lately."""

    document: Document
    since: datetime
    signs: tuple[StaleSign, ...]
    askers: int


@dataclass(frozen=True, slots=True)
class PassageVote:
    """What somebody thought of an answer, and the passage that it was taken from."""

    at: datetime
    helpful: bool
    passage_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """How an entry, named by its address and question, was of use: to how many different people since some day, and
    the votes on it, newest first."""

    url: str
    title: str
    askers: int = 0
    votes: tuple[PassageVote, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """An entry that a refresh changes or removes: how many different customers it answered, since when."""

    url: str
    title: str
    customers: int
    since: datetime
