"""What `frontdesk status`, `gaps`, `handoffs`, `audit` and `admins …` tell scripts, and whose id a typed one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from bot.cli.commands import Given, TerminalForm, call_on_console, show_card
from bot.cli.output import print_line

if TYPE_CHECKING:
    from bot.access.models import AuditEntry
    from bot.app import Application
    from bot.chat.card import Card
    from bot.chat.people import Actor
    from bot.gaps.service import Gap, GapReport
    from bot.handoff.models import Handoff
    from bot.insights.service import Report
    from bot.sources.status import Status


async def _call_for_user(application: Application, name: str, given: Given) -> Card | None:
    """With what a chat knows by itself: the platform and the workspace that the user's id belongs to."""
    located = await application.platforms.locate_user(given["user"], given["platform"] or "", given["workspace"] or "")
    return await call_on_console(application, name, dict(zip(("platform", "workspace", "user"), located, strict=True)))


def _show_gaps(card: Card) -> None:
    from dataclasses import replace

    from bot.gaps.cards import MARKING

    listed = card.file is not None and bool(cast("GapReport", card.data).gaps)
    show_card(replace(card, footnote=MARKING) if listed else card)  # the card's own tells of a file
    if listed:
        print_line("Every question with its reasons: frontdesk gaps --csv FILE", err=True)


def _admins_as_json(admins: Sequence[Actor]) -> list[dict[str, str]]:
    return [{"platform": each.platform, "workspace": each.workspace, "user": each.user} for each in admins]


def _audit_as_json(entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    return [asdict(entry) for entry in entries]


def _handoffs_as_json(handoffs: Sequence[Handoff]) -> list[dict[str, Any]]:
    return [_handoff_as_dict(each) for each in handoffs]


def _status_as_dict(status: Status) -> dict[str, Any]:
    from bot.cli.sources import state_as_dict

    last = status.last
    return {
        "version": status.version,
        "created_at": status.created_at,
        "pages": status.pages,
        "passages": status.passages,
        "coverage": status.coverage.as_dict(),
        "sources": [
            {
                "name": each.source.name,
                "location": each.source.location,
                "documents": each.documents,
                "passages": each.passages,
            }
            | state_as_dict(each)
            for each in status.sources
        ],
        "last_refresh": {
            "id": last.id,
            "outcome": last.outcome,
            "started_at": last.started_at,
            "finished_at": last.finished_at,
            "version": last.version,
            "asked_by": last.asked_by,
            "error": last.error,
            "progress": dict(last.progress),
        }
        if last
        else None,
        "generators": [asdict(each) for each in status.generators],
        "refused": [asdict(each) for each in status.refused],
    }


def _insights_as_dict(report: Report) -> dict[str, Any]:
    from bot.insights.cards import report_to_json

    return report_to_json(report)


def _gaps_as_dict(report: GapReport) -> dict[str, Any]:
    return {
        "since": report.since,
        "until": report.until,
        "questions": report.questions,
        "gaps": [_gap_as_dict(gap) for gap in report.gaps],
        "dismissed": [_gap_as_dict(gap) for gap in report.dismissed],
    }


def _gap_as_dict(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.id,
        "title": gap.title,
        "language": gap.language,
        "askers": gap.askers,
        "answered": gap.answered,
        "assignee": gap.assignee,
        "reasons": {reason.value: count for reason, count in gap.reasons.items()},
        "examples": gap.examples,
        "first_at": gap.first_at,
        "last_at": gap.last_at,
        "draft": asdict(gap.draft) if gap.draft else None,
        "questions": [
            {
                "turn_id": each.turn_id,
                "question": each.question,
                "at": each.at,
                "reasons": sorted(reason.value for reason in each.reasons),
                "comment": each.comment,
            }
            for each in gap.questions
        ],
    }


def _handoff_as_dict(handoff: Handoff) -> dict[str, Any]:
    return {
        "id": handoff.id,
        "state": handoff.state.value,
        "reason": handoff.reason.value,
        "question": handoff.question,
        "language": handoff.language,
        "platform": handoff.customer.platform,
        "customer": handoff.customer_name,
        "turn_id": handoff.turn_id,
        "created_at": handoff.created_at,
        "updated_at": handoff.updated_at,
        "claimed_by": handoff.claimed_name,
        "reminders": handoff.reminders,
    }


FORMS = {
    "status": TerminalForm(as_json=_status_as_dict),
    "insights": TerminalForm(as_json=_insights_as_dict),
    "gaps": TerminalForm(show=_show_gaps, as_json=_gaps_as_dict, file="csv"),
    "handoffs": TerminalForm(as_json=_handoffs_as_json),
    "audit": TerminalForm(as_json=_audit_as_json),
    "admins": TerminalForm(as_json=_admins_as_json),
    "admins add": TerminalForm(call=_call_for_user),
    "admins remove": TerminalForm(call=_call_for_user),
}
