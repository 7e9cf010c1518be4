"""Commands that tell how Frontdesk is doing and who may steer it: status, gaps, handoffs, audit, admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import AsJson, open_output, print_json, print_line, run_on_application
from bot.cli.steering import current_operator, record_action, run_command

if TYPE_CHECKING:
    from bot.access.models import AuditEntry
    from bot.app import Application
    from bot.chat.people import Actor
    from bot.gaps.service import Gap, GapReport
    from bot.handoff.models import Handoff
    from bot.sources.status import Status

admins_app = typer.Typer(no_args_is_help=True)


def show_status(as_json: AsJson = False) -> None:
    """What Frontdesk knows, since when, and what is wrong."""
    if not as_json:
        run_command("status")
        return

    async def load_status(application: Application) -> Status:
        async with record_action(application, "status"):
            return await application.status.status()

    print_json(_status_as_dict(run_on_application(load_status)))


def show_gaps(
    days: Annotated[int, typer.Option(min=1, max=366, help="Of the last so many days.")] = 7,
    csv: Annotated[
        str, typer.Option("--csv", metavar="FILE", help="Write every question as CSV; '-': to stdout.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """What people asked and was not answered well, grouped by meaning: the FAQ entries that are missing."""
    from bot.cli.cards import print_card
    from bot.errors import InputError
    from bot.gaps.cards import gaps_card
    from bot.gaps.service import to_csv

    if csv and as_json:
        raise InputError("--csv and --json contradict each other: leave one out.")

    async def build_report(application: Application) -> GapReport:
        async with record_action(application, "gaps", f"{days} days"):
            return await application.gaps.report(days=days)

    report = run_on_application(build_report)
    if as_json:
        print_json(_gaps_as_dict(report))
    elif csv:
        with open_output(None if csv == "-" else Path(csv)) as stream:
            stream.write(to_csv(report))
        print_line(f"{report.questions} questions in {len(report.gaps)} groups written.", err=True)
    else:
        print_card(gaps_card(report))
        if report.gaps:
            print_line("Every question with its reasons: frontdesk gaps --csv FILE", err=True)


def list_handoffs(as_json: AsJson = False) -> None:
    """The conversations that people are busy with, or should be."""
    if not as_json:
        run_command("handoffs")
        return

    async def load_handoffs(application: Application) -> Sequence[Handoff]:
        from bot.handoff.models import HandoffState

        async with record_action(application, "handoffs"):
            return await application.handoffs.list_handoffs(HandoffState.OPEN, HandoffState.CLAIMED)

    print_json([_handoff_as_dict(each) for each in run_on_application(load_handoffs)])


def show_audit(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Who did what, newest first."""
    from bot.access.cards import audit_card
    from bot.cli.cards import print_card

    async def load_entries(application: Application) -> Sequence[AuditEntry]:
        async with record_action(application, "audit"):
            return await application.audit.list(limit)

    entries = run_on_application(load_entries)
    if as_json:
        print_json([asdict(entry) for entry in entries])
    else:
        print_card(audit_card(entries))


class Platform(StrEnum):
    """Where admins are named."""

    SLACK = "slack"
    DISCORD = "discord"


UserId = Annotated[
    str, typer.Argument(metavar="USER", help="The user's id: U0123456789 in Slack, 123456789012345678 in Discord.")
]
PlatformName = Annotated[Platform | None, typer.Option("--platform", help="Default: as the id tells.")]
WorkspaceId = Annotated[
    str, typer.Option("--workspace", help="The Slack team's or Discord server's id. Default: what the platform says.")
]


@admins_app.command("list")
def list_admins(as_json: AsJson = False) -> None:
    """List those who were named. Workspace admins and those who may manage the server need not be."""
    if not as_json:
        run_command("admins")
        return

    async def load_admins(application: Application) -> Sequence[Actor]:
        async with record_action(application, "admins"):
            return await application.admins.list()

    print_json(
        [
            {"platform": each.platform, "workspace": each.workspace, "user": each.user}
            for each in run_on_application(load_admins)
        ]
    )


@admins_app.command("add")
def add_admin(user: UserId, platform: PlatformName = None, workspace: WorkspaceId = "") -> None:
    """Let somebody steer the bot from their chat platform."""
    user, where = bare_id(user), _infer_platform(user, platform)

    async def name_admin(application: Application) -> bool:
        team = workspace or await _find_workspace(application, where)
        async with record_action(application, "admins add", f"{where}:{team}:{user}"):
            return await application.admins.add(where, team, user, current_operator().id)

    print_line(f"{user} may steer me now." if run_on_application(name_admin) else f"{user} was named an admin already.")


@admins_app.command("remove")
def remove_admin(user: UserId, platform: PlatformName = None, workspace: WorkspaceId = "") -> None:
    """Take that back."""
    user, where = bare_id(user), _infer_platform(user, platform)

    async def revoke_admin(application: Application) -> bool:
        team = workspace or await _find_workspace(application, where)
        async with record_action(application, "admins remove", f"{where}:{team}:{user}"):
            return await application.admins.remove(where, team, user)

    print_line(
        f"{user} may steer me no more." if run_on_application(revoke_admin) else f"{user} was not named an admin."
    )


def bare_id(user: str) -> str:
    """A user's id without what a mention has around it. Raises InputError for none."""
    from bot.errors import InputError

    if not (bare := user.strip().strip("<@!>").partition("|")[0]):
        raise InputError(f"{user!r} is no user's id: copy it from their profile.")
    return bare


def _infer_platform(user: str, platform: Platform | None) -> str:
    """Whose id it is: Discord's are numbers."""
    return (platform or (Platform.DISCORD if bare_id(user).isdecimal() else Platform.SLACK)).value


async def _find_workspace(application: Application, platform: str) -> str:
    """Slack's token belongs to one team; the Discord server is that of the bot's own channels."""
    known = application.platforms[platform]
    return await known.platform.find_workspace(known.settings)


def _status_as_dict(status: Status) -> dict[str, Any]:
    from bot.cli.sources import state_as_dict

    last = status.last
    return {
        "version": status.version,
        "created_at": status.created_at,
        "pages": status.pages,
        "passages": status.passages,
        "sources": [
            {
                "name": each.source.name,
                "location": each.source.location,
                "documents": each.documents,
                "passages": each.passages,
            }
            | state_as_dict(each.schedule, each.trouble)
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
        "generators": [{"url": url, "serves": serves, "fault": fault} for url, serves, fault in status.generators],
        "refused": [asdict(each) for each in status.refused],
    }


def _gaps_as_dict(report: GapReport) -> dict[str, Any]:
    return {
        "since": report.since,
        "until": report.until,
        "questions": report.questions,
        "gaps": [_gap_as_dict(gap) for gap in report.gaps],
    }


def _gap_as_dict(gap: Gap) -> dict[str, Any]:
    return {
        "title": gap.title,
        "language": gap.language,
        "askers": gap.askers,
        "answered": gap.answered,
        "reasons": {reason.value: count for reason, count in gap.reasons.items()},
        "examples": gap.examples,
        "first_at": gap.first_at,
        "last_at": gap.last_at,
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


COMMANDS = {"status": show_status, "gaps": show_gaps, "handoffs": list_handoffs, "audit": show_audit}
