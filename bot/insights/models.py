"""The numbers of a time: what became of questions, and how conversations ended."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

FEW = 10
"""A share of fewer says nothing, and is not shown as one."""


class Ending(StrEnum):
    """How a conversation ended: what followed its last question within the time that is allowed for that."""

    CONFIRMED = "confirmed"  # resolved, hard: the customer said so, by a vote, by thanks or by confirming a suggestion
    QUIET = "quiet"  # resolved, soft: an answer or a suggestion, and nobody asked on, complained or got a person
    UNRESOLVED = "unresolved"
    RUNNING = "running"  # not known yet


class Grouping(StrEnum):
    """What numbers are told by."""

    DAY = "day"
    WEEK = "week"
    LANGUAGE = "language"
    PLATFORM = "platform"
    CHANNEL = "channel"
    SOURCE = "source"  # of an answer's or suggestion's first passage; "" where nothing was found
    PAGE = "page"  # of the same


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` to `until`, looked at `now`, all aware; conversations end when nothing is asked on for `quiet`."""

    since: datetime
    until: datetime
    now: datetime
    quiet: timedelta = timedelta(hours=24)

    @property
    def before(self) -> Window:
        """The equally long time right before it."""
        return replace(self, since=self.since - (self.until - self.since), until=self.since)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a time. `decisions` are of questions, by `Decision`'s values; `endings` of conversations; `handed_over`
    questions that people got; `votes` by "up" and "down"."""

    decisions: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[Ending, int] = field(default_factory=dict)
    handed_over: int = 0
    votes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """Of groups that share no question."""
        decisions, endings, votes, handed_over = Counter[str](), Counter[Ending](), Counter[str](), 0
        for each in tallies:
            decisions.update(each.decisions)
            endings.update(each.endings)
            votes.update(each.votes)
            handed_over += each.handed_over
        return cls(dict(decisions), dict(endings), handed_over, dict(votes))

    @property
    def questions(self) -> int:
        """All of them."""
        return sum(self.decisions.values())

    @property
    def ended(self) -> int:
        """Conversations of which it is known how they ended."""
        return sum(count for ending, count in self.endings.items() if ending is not Ending.RUNNING)

    @property
    def resolved(self) -> int:
        """Hard and soft together."""
        return self.endings.get(Ending.CONFIRMED, 0) + self.endings.get(Ending.QUIET, 0)


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`, and the interval in which the true share lies 19 times of 20."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """NaN of nothing."""
        return self.count / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (Wilson 1927, "Probable inference"), which holds for few as well."""
        if not self.total:
            return 0.0, 1.0
        share, total = self.value, self.total
        middle = share + _Z**2 / (2 * total)
        half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
        scale = 1 + _Z**2 / total
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


_Z = 1.959964  # of a normal distribution, 95% lie within so many standard deviations


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that half of all waited at most, and nineteen of twenty; NaN where nobody waited."""

    median: float = math.nan
    p95: float = math.nan
    count: int = 0
