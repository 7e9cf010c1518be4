"""The first page: how well questions are answered, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from bot.chat.conversation import Decision
from bot.chat.people import Role
from bot.console.requests import Page, PageRequest
from bot.insights.models import FEW, Grouping, Share, Tally
from bot.insights.service import resolution_of, share_of

if TYPE_CHECKING:
    from bot.insights.service import Insights, Report

_SPANS = (7, 28, 90)
_DECISIONS = (Decision.ANSWER, Decision.SUGGEST, Decision.CLARIFY, Decision.ABSTAIN, Decision.HUMAN)


class OverviewPage:
    """The numbers of some days."""

    def __init__(self, insights: Insights) -> None:
        self._insights = insights

    @property
    def pages(self) -> Sequence[Page]:
        """That one."""
        return (Page("/", Role.ADMIN, self._show_overview, title="Overview"),)

    async def _show_overview(self, page: PageRequest) -> Response:
        wanted, by = page.query("days"), page.query("by")
        days = int(wanted) if wanted.isdecimal() and int(wanted) in _SPANS else _SPANS[0]
        grouping = Grouping(by) if by in set(Grouping) - {Grouping.DAY} else Grouping.LANGUAGE
        report = await self._insights.report(days, Grouping.DAY if days < max(_SPANS) else Grouping.WEEK)
        told_by = await self._insights.count_groups(days, grouping)
        return page.render(
            "overview.html",
            report=report,
            told_by=told_by,
            grouping=grouping,
            groupings=[each for each in Grouping if each is not Grouping.DAY],
            spans=_SPANS,
            days=days,
            shares=_list_shares(report),
            series=_make_series(report),
            few=FEW,
            resolution_of=resolution_of,
            share_of=share_of,
        )


def _list_shares(report: Report) -> Mapping[str, tuple[Share, Share]]:
    """By what they are shares of, now and before."""

    def pair(*decisions: str) -> tuple[Share, Share]:
        return share_of(report.tally, *decisions), share_of(report.before, *decisions)

    def handed(tally: Tally) -> Share:
        return Share(tally.handed_over, tally.questions)

    return {
        "resolved": (resolution_of(report.tally), resolution_of(report.before)),
        "answered": pair(Decision.ANSWER.value),
        "suggested": pair(Decision.SUGGEST.value),
        "asked back": pair(Decision.CLARIFY.value),
        "nothing found": pair(Decision.ABSTAIN.value),
        "handed over": (handed(report.tally), handed(report.before)),
    }


def _make_series(report: Report) -> Mapping[str, object]:
    """What is drawn: for each day (or week) of the window, how many questions were decided how, and what share of its
    conversations was resolved, None of few. Times are Unix seconds."""
    by_week = report.grouping is Grouping.WEEK
    moment = report.window.since.replace(hour=0, minute=0, second=0, microsecond=0)
    if by_week:
        moment -= timedelta(days=moment.weekday())
    moments = []
    while moment <= report.window.until:
        moments.append(moment)
        moment += timedelta(days=7 if by_week else 1)
    tallies = [report.groups.get(f"{each:%Y-%m-%d}", Tally()) for each in moments]
    resolved = [resolution_of(each) for each in tallies]
    return {
        "times": [round(each.timestamp()) for each in moments],
        "decisions": {
            decision.value: [each.decisions.get(decision.value, 0) for each in tallies] for decision in _DECISIONS
        },
        "resolved": [None if each.total < FEW else round(each.value, 4) for each in resolved],
    }
