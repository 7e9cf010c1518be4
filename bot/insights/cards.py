"""What is shown of the numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.chat.card import Card, Table
from bot.chat.conversation import Decision
from bot.insights.models import FEW, Ending, Grouping, Share, Tally, Times
from bot.insights.service import resolution_of, share_of

if TYPE_CHECKING:
    from bot.insights.service import Report

_ROWS = 40  # of a table: the newest of days and weeks, else those with most questions
_SURE = 0.05  # a share whose interval reaches no further to either side stands alone
_OUTCOMES = {
    "Answered": Decision.ANSWER,
    "Nearest entry shown": Decision.SUGGEST,
    "Asked back": Decision.CLARIFY,
    "Nothing found": Decision.ABSTAIN,
    "A person asked for": Decision.HUMAN,
}


def insights_card(report: Report) -> Card:
    """The report of some days, with its groups as a table."""
    days = max(1, round((report.window.until - report.window.since).total_seconds() / 86_400))
    title = "The last day" if days == 1 else f"The last {days} days"
    if not report.tally.questions:
        return Card(title=title, text="Nobody asked anything.")
    hours = report.window.quiet.total_seconds() / 3600
    return Card(
        title=title,
        facts=_list_facts(report),
        table=_draw_groups(report.grouping, report.groups) if report.grouping else None,
        footnote=(
            "Resolved: the last answer of a conversation was confirmed by its customer, or for "
            f"{hours:g} hours nobody asked on, voted it down or got a person. "
            f"{_tell_left_out(report)}"
            "In brackets: where the true share lies 19 times out of 20, and the days before."
        ),
    )


def _tell_left_out(report: Report) -> str:
    left = len(report.groups) - _ROWS
    return f"{left} rows are left out: 'frontdesk insights --json' has them. " if left > 0 else ""


def _list_facts(report: Report) -> dict[str, str]:
    tally, before = report.tally, report.before
    facts = {
        "Questions": _compare_counts(tally.questions, before.questions),
        "Conversations resolved": _compare_shares(resolution_of(tally), resolution_of(before)),
        "of these confirmed": str(tally.endings.get(Ending.CONFIRMED, 0)),
    }
    for name, decision in _OUTCOMES.items():
        facts[name] = _compare_shares(share_of(tally, decision.value), share_of(before, decision.value))
    facts["Handed over"] = _compare_shares(
        Share(tally.handed_over, tally.questions), Share(before.handed_over, before.questions)
    )
    facts["Votes"] = f"{tally.votes.get('up', 0)} up, {tally.votes.get('down', 0)} down"
    if report.helped.total:
        facts["Said that people helped"] = _compare_shares(report.helped, report.helped_before)
    facts["First reply"] = _describe_times(report.first_replies)
    facts["A person's first words"] = _describe_times(report.people)
    if report.reasons:
        facts["Why down"] = "; ".join(f"{reason[:60]} ({count})" for reason, count in list(report.reasons.items())[:5])
    return facts


def _compare_counts(count: int, before: int) -> str:
    return f"{count} (before: {before})"


def _compare_shares(share: Share, before: Share) -> str:
    shown = f"{share.count} of {share.total}"
    if share.total < FEW:
        return shown
    low, high = share.interval
    wide = max(share.value - low, high - share.value) > _SURE
    notes = [f"{low:.0%} to {high:.0%}"] if wide else []
    if before.total >= FEW:
        notes.append(f"before: {before.value:.0%}")
    return f"{share.value:.0%}, {shown}" + (f" ({'; '.join(notes)})" if notes else "")


def _describe_times(times: Times) -> str:
    if not times.count:
        return "nobody waited"
    return f"{_describe_seconds(times.median)}; 19 of 20 within {_describe_seconds(times.p95)} ({times.count})"


def _describe_seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _draw_groups(grouping: Grouping, groups: Mapping[str, Tally]) -> Table:
    columns = (grouping.value.capitalize(), ">Questions", ">Resolved", ">Answered", ">Nothing found", ">Handed over")
    shown = list(groups.items())
    shown = shown[-_ROWS:] if grouping in {Grouping.DAY, Grouping.WEEK} else shown[:_ROWS]
    rows = (
        (
            name or "(none)",
            str(tally.questions),
            _show_share(resolution_of(tally)),
            _show_share(share_of(tally, Decision.ANSWER.value)),
            _show_share(share_of(tally, Decision.ABSTAIN.value)),
            str(tally.handed_over),
        )
        for name, tally in shown
    )
    return Table(columns, tuple(rows))


def _show_share(share: Share) -> str:
    return f"{share.value:.0%}" if share.total >= FEW else f"{share.count} of {share.total}"


def report_to_json(report: Report) -> dict[str, Any]:
    """All of it, for scripts; times in seconds, null where nobody waited."""
    return {
        "since": report.window.since.isoformat(),
        "until": report.window.until.isoformat(),
        "quiet_hours": report.window.quiet.total_seconds() / 3600,
        **_tally_to_json(report.tally),
        "before": _tally_to_json(report.before),
        "first_reply_seconds": _times_to_json(report.first_replies),
        "person_seconds": _times_to_json(report.people),
        "reasons": dict(report.reasons),
        "helped": {
            "yes": report.helped.count,
            "said": report.helped.total,
            "interval": [round(bound, 4) for bound in report.helped.interval],
        },
        "by": report.grouping.value if report.grouping else None,
        "groups": {name: _tally_to_json(tally) for name, tally in report.groups.items()},
    }


def _tally_to_json(tally: Tally) -> dict[str, Any]:
    resolution = resolution_of(tally)
    return {
        "questions": tally.questions,
        "decisions": dict(tally.decisions),
        "endings": {ending.value: count for ending, count in tally.endings.items()},
        "resolved": None if math.isnan(resolution.value) else round(resolution.value, 4),
        "resolved_interval": [round(bound, 4) for bound in resolution.interval],
        "handed_over": tally.handed_over,
        "votes": dict(tally.votes),
    }


def _times_to_json(times: Times) -> dict[str, Any]:
    if not times.count:
        return {"median": None, "p95": None, "count": 0}
    return {"median": round(times.median, 3), "p95": round(times.p95, 3), "count": times.count}
