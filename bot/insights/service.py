"""How well questions are answered: the numbers of some days, beside those of the days before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.insights.models import Grouping, Share, Tally, Times, Window
from bot.insights.ports import InsightStore

GROUPS_SHOWN = 100  # of a grouping, those with most questions


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of a window, and of the equally long time `before` it; `helped` are the customers who said that
    people had helped them, of those who said anything; `groups` are by `grouping`, in the order of time or those with
    most questions first."""

    window: Window
    tally: Tally
    before: Tally
    first_replies: Times
    people: Times
    reasons: Mapping[str, int]
    helped: Share
    helped_before: Share
    grouping: Grouping | None
    groups: Mapping[str, Tally]


class Insights:
    """Asks the store for what a report needs."""

    def __init__(
        self,
        store: InsightStore,
        quiet: timedelta = timedelta(hours=24),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._quiet = quiet
        self._now = now

    async def count_groups(self, days: int, grouping: Grouping) -> Mapping[str, Tally]:
        """The numbers of the last `days` told by something, as in a report. Raises StorageError."""
        return _order_groups(await self._store.count(self._open_window(days), grouping), grouping)

    def _open_window(self, days: int) -> Window:
        now = self._now()
        return Window(now - timedelta(days=days), now, now, self._quiet)

    async def report(self, days: int, grouping: Grouping | None = None) -> Report:
        """Of the last `days`. Raises StorageError."""
        window = self._open_window(days)
        groups, before, first_replies, people, reasons = await asyncio.gather(
            self._store.count(window, grouping),
            self._store.count(window.before),
            self._store.measure_first_replies(window),
            self._store.measure_people(window),
            self._store.count_reasons(window),
        )
        return Report(
            window=window,
            tally=Tally.sum(groups.values()),
            before=Tally.sum(before.values()),
            first_replies=first_replies,
            people=people,
            reasons=reasons,
            helped=await self._store.count_helped(window),
            helped_before=await self._store.count_helped(window.before),
            grouping=grouping,
            groups=_order_groups(groups, grouping) if grouping else {},
        )


def _order_groups(groups: Mapping[str, Tally], grouping: Grouping) -> dict[str, Tally]:
    groups = {name: tally for name, tally in groups.items() if tally.questions}
    if grouping in {Grouping.DAY, Grouping.WEEK}:
        return {_name_day(seconds): groups[seconds] for seconds in sorted(groups, key=_count_seconds)}
    most = sorted(groups, key=lambda name: (-groups[name].questions, name))
    return {name: groups[name] for name in most[:GROUPS_SHOWN]}


def _count_seconds(name: str) -> int:
    return int(name or 0)


def _name_day(seconds: str) -> str:
    return f"{datetime.fromtimestamp(_count_seconds(seconds), UTC):%Y-%m-%d}"


def share_of(tally: Tally, *decisions: str) -> Share:
    """The share of questions that were decided so."""
    return Share(sum(tally.decisions.get(each, 0) for each in decisions), tally.questions)


def resolution_of(tally: Tally) -> Share:
    """The share of ended conversations that were resolved."""
    return Share(tally.resolved, tally.ended)
