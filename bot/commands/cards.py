"""What admins and teammates are shown. Pure; in English, as everything that is for the team alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot.access.models import AuditEntry
from bot.chat.card import Button, Card, Field, Form, Line, Style, Table
from bot.chat.conversation import Decision, Turn
from bot.chat.people import Actor
from bot.commands.parser import COMMANDS
from bot.handoff.models import Handoff
from bot.sources.models import RefreshRun
from bot.sources.preview import Preview
from bot.sources.refresh import CANCELLED, DIED, FAILED, RUNNING
from bot.sources.status import SourceStatus, Status
from bot.taught.models import Taught, TaughtState
from bot.taught.service import Proposal

_SHARES = {
    "crawl": (0.0, 0.6),
    "compare": (0.6, 0.6),
    "embed": (0.6, 0.9),
    "verify": (0.9, 0.93),
    "golden": (0.93, 1.0),
    "activate": (1.0, 1.0),
}
_STAGES = {
    "": "starting",
    "crawl": "reading pages",
    "embed": "embedding",
    "golden": "asking the golden questions",
}
_STOPPED = {  # by the setting that stopped a run: what forcing it does
    "FRONTDESK_MAX_VANISH": "This removes them from the index.",
    "FRONTDESK_GOLDEN_MAY_LOSE": "The new version then answers, these questions worse than before.",
}
_NAMES = {name.partition(" ")[0] for name in COMMANDS}
_COMMAND = re.compile(r"'frontdesk (?=(?P<name>[a-z-]+))")
_LIST = 8  # lines of a list; the rest is counted
_LONG = 300  # characters of a line
FORM_ANSWER = 3_000  # characters of an answer that fit into a form


def short(text: str, longest: int = _LONG) -> str:
    """`text` in one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def ago(moment: datetime | None) -> str:
    """How long ago, or in how long, in the largest fitting unit."""
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    minutes = int(abs(seconds) // 60)
    size = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
    return f"{size} ago" if seconds >= 0 else f"in {size}"


# -- re-crawls ---------------------------------------------------------------------------------------------------------


def run_card(run: RefreshRun, *, joined: bool = False, by: str = "") -> Card:
    """A refresh that runs or has ended. `joined`: it was somebody else's already; `by` is the name of who started it,
    which the log does not hold."""
    by = by or starter(run)
    report = run.report
    names = ", ".join(cast(Sequence[str], report.get("sources", ()))) or "all sources"
    what = "Dry run" if report.get("dry_run") or run.outcome == "dry_run" else "Re-crawl"
    if run.outcome == RUNNING:
        return _going(run, f"{what} of {short(names)}", joined, by)
    if run.outcome == FAILED:
        if run.error == CANCELLED:
            return Card(title=f"{what} cancelled", text="Nothing was changed: the version before goes on answering.")
        sure = next((text for setting, text in _STOPPED.items() if setting in run.error), "")
        force = Button("force", run.id, "Re-crawl with --force", Style.DANGER, sure)
        return Card(
            title=f"{what} {'stopped' if sure else 'failed'}",
            text=for_chat(run.error),
            lines=tuple(_golden(report)),
            footnote="" if run.error == DIED else "The version before goes on answering.",
            buttons=(force,) if sure else (),
        )
    return _ended(run, what, by)


def _going(run: RefreshRun, title: str, joined: bool, by: str) -> Card:
    progress = run.progress
    stage = str(progress.get("stage", ""))
    done, total = int(cast(Any, progress.get("done", 0))), int(cast(Any, progress.get("total", 0)))
    low, high = _SHARES.get(stage, (0.0, 0.0))
    facts = {"Stage": _STAGES.get(stage, stage)}
    if stage == "crawl":
        facts |= {
            "Pages": f"{done} of {total}" if total else str(done),
            "Pairs": str(progress.get("documents", 0)),
            "Failed": str(progress.get("failed", 0)),
        }
    elif stage in {"embed", "golden"}:
        facts["Texts" if stage == "embed" else "Questions"] = f"{done} of {total}"
    elif stage == "compare":
        facts["Changes"] = str(progress.get("detail", ""))
    return Card(
        title=title,
        text="This one runs already; yours was not started. Call again when it has ended." if joined else "",
        facts=facts,
        bar=low + (high - low) * (min(1.0, max(0.0, done / total)) if total else 0.0),
        footnote=f"Started {ago(run.started_at)}{_by(by)}. The version before answers meanwhile.",
        buttons=(Button("cancel", run.id, "Cancel", Style.PLAIN),),
    )


def _ended(run: RefreshRun, what: str, by: str) -> Card:
    report = cast(Mapping[str, Any], run.report)
    documents, pages = report.get("documents", {}), report.get("pages", {})
    counts = [f"{documents.get(name, 0)} {name}" for name in ("added", "changed", "removed", "unchanged")]
    read = f"{pages.get('fetched', 0)} read, {pages.get('unchanged', 0)} unchanged, {pages.get('gone', 0)} gone"
    facts = {"Pairs": ", ".join(counts), "Pages": f"{read}, {pages.get('failed', 0)} failed"}
    facts["Version"] = {
        "activated": f"{run.version} answers now",
        "unchanged": f"{run.version} goes on answering: nothing changed",
    }.get(run.outcome, f"{run.version or 'none'} goes on answering: nothing was changed")
    if golden := report.get("golden"):
        facts["Golden questions"] = golden_line(golden)
    took = report.get("seconds", 0)
    return Card(
        title=f"{what} done",
        facts=facts,
        lines=(*_golden(report), *_changes(report)),
        footnote=f"{took:g} s{_by(by)}.",
        buttons=(Button("rollback", str(run.version), "Roll back", Style.PLAIN, "Go back to the version before?"),)
        if run.outcome == "activated"
        else (),
    )


def golden_line(golden: Mapping[str, Any]) -> str:
    """What came of a refresh's golden questions, in one line."""
    text = f"{golden['right']} of {golden['asked']} answered as expected"
    if golden["right_before"] is None:
        return f"{text} (there was no version to compare with)"
    text += f" (before: {golden['right_before']}), {golden['better']} better, {len(golden['worse'])} worse"
    missing = len(golden["missing"])
    return f"{text}; {missing} expect an entry that is not there" if missing else text


def _golden(report: Mapping[str, Any]) -> list[Line]:
    """The golden questions that the new version answers worse."""
    worse = report.get("golden", {}).get("worse", ())
    lines = [
        Line(
            f"worse: {short(each['question'])}",
            note=f"was: {short(each['before'], 150)}; new: {short(each['after'], 150)}",
        )
        for each in worse[:_LIST]
    ]
    return [*lines, Line(f"worse: … and {len(worse) - _LIST} more")] if len(worse) > _LIST else lines


def _changes(report: Mapping[str, Any]) -> list[Line]:
    lines = []
    for kind in ("added", "changed", "removed"):
        found = report.get(kind, ())
        lines += [Line(f"{kind}: {short(each['question'])}", each["url"]) for each in found[:_LIST]]
        if len(found) > _LIST:
            lines.append(Line(f"{kind}: … and {len(found) - _LIST} more"))
    for kind in ("gone", "failed"):
        found = report.get(kind, ())
        lines += [Line(f"{kind}: {short(each['url'])}", each["url"], short(each["reason"])) for each in found[:_LIST]]
        if len(found) > _LIST:
            lines.append(Line(f"{kind}: … and {len(found) - _LIST} more"))
    return lines


def _by(name: str) -> str:
    return f", by {name}" if name else ""


def starter(run: RefreshRun) -> str:
    """Who called for a refresh, as far as the log tells in words: an id on a chat platform tells readers nothing."""
    platform, _, user = run.asked_by.partition(":")
    if not user:
        return platform  # the schedule
    return user.rpartition(":")[2] if platform == "cli" else ""


def for_chat(text: str) -> str:
    """An operator's line with its commands as they are typed in a chat; what only the command line has stays."""
    for cli, chat in (("'frontdesk refresh --force'", "/faq recrawl --force"), ("'frontdesk refresh", "'/faq recrawl")):
        text = text.replace(cli, chat)
    text = text.replace("'frontdesk crawl URL'", "/faq sources add")
    return _COMMAND.sub(lambda match: "'/faq " if match["name"] in _NAMES else match[0], text)


# -- what is known -----------------------------------------------------------------------------------------------------


def status_card(status: Status) -> Card:
    """`/faq status`."""
    facts = {"Version": f"{status.version}, made {ago(status.created_at)}" if status.version else "none yet"}
    if status.version:
        facts["Size"] = f"{status.pages} pages, {status.passages} passages"
    if status.last:
        why = f": {short(status.last.error)}" if status.last.error else ""
        facts["Last re-crawl"] = f"{_ending(status.last)}, {ago(status.last.started_at)}{why}"
    if status.queue is not None:
        facts["Questions"] = f"{status.queue[1]} being answered, {status.queue[0]} waiting"
    for refused in status.refused:
        facts[refused.platform.title()] = f"⚠ began {ago(refused.since)}: {short(refused.cause)}"
    for url, serves, wrong in status.generators:
        facts[f"Model at {url}"] = f"⚠ {short(wrong)}" if wrong else f"ok: {serves}"
    if not status.generators:
        facts["Model"] = "none: passages are quoted"
    return Card(title="Status", facts=facts, table=_source_table(status.sources), footnote=_ails(status.sources))


def _ending(run: RefreshRun) -> str:
    """How a refresh ended, in a few words."""
    failed = cast(Mapping[str, int], run.report.get("pages", {})).get("failed", 0)
    outcome = CANCELLED if run.error == CANCELLED else run.outcome
    return f"{outcome}, {failed} pages could not be read" if failed else outcome


def sources_card(sources: Sequence[SourceStatus]) -> Card:
    """`/faq sources`."""
    if not sources:
        return Card(title="Sources", text="No source yet: /faq sources add https://example.com/faq")
    lines = tuple(Line(each.source.name, each.source.location) for each in sources)
    return Card(title="Sources", table=_source_table(sources), lines=lines, footnote=_ails(sources))


def _source_table(sources: Sequence[SourceStatus]) -> Table | None:
    if not sources:
        return None
    return Table(
        ("source", ">pairs", ">passages", "schedule", "state"),
        tuple(
            (each.source.name, str(each.documents), str(each.passages), _schedule(each), _state(each))
            for each in sources
        ),
    )


def _schedule(each: SourceStatus) -> str:
    schedule = each.schedule
    if not schedule.every_hours:
        return "by hand"
    return f"every {schedule.every_hours:g} h, next {ago(schedule.next_at)}"


def _state(each: SourceStatus) -> str:
    if each.schedule.paused:
        return "paused"
    return "⚠ failing" if each.trouble else "ok"


def _ails(sources: Sequence[SourceStatus]) -> str:
    return " ".join(
        f"{each.source.name}: {short(each.trouble.reason)} ({ago(each.trouble.at)})."
        for each in sources
        if each.trouble and not each.schedule.paused
    )


def preview_card(preview: Preview) -> Card:
    """The first pairs of a site, to be confirmed."""
    documents = preview.documents
    return Card(
        title=f"{preview.source.location}: the first pairs I found",
        lines=tuple(Line(short(each.question, 150), each.url, short(each.answer, 200)) for each in documents[:5]),
        footnote=f"{len(documents)} on the first pages. Is that what you want me to know?",
        buttons=(
            Button("add_source", preview.id, "Add and read it", Style.PRIMARY),
            Button("drop_source", preview.id, "Leave it"),
        ),
    )


def versions_card(versions: Sequence[Any], active: str | None) -> Card:
    """`/faq versions`; `versions` are `retrieval`'s manifests, newest first."""
    if not versions:
        return Card(title="Versions", text="Nothing is indexed yet: /faq recrawl")
    rows = tuple(
        (
            f"{each.id}{' ← answers' if each.id == active else ''}",
            ago(datetime.fromisoformat(each.created_at)),
            str(each.counts["pages"]),
            str(each.counts["documents"]),
        )
        for each in versions
    )
    return Card(title="Versions", table=Table(("version", "made", ">pages", ">pairs"), rows))


def explanation_card(turn: Turn) -> Card:
    """Why an answer was given."""
    facts = {"Question": short(turn.question)}
    if turn.standalone_question != turn.question:
        facts["Searched as"] = short(turn.standalone_question)
    if turn.rewritten:
        facts["By the glossary"] = short(" · ".join(turn.rewritten))
    if turn.learned:
        facts["Learned"] = turn.learned
    if turn.decision is Decision.CHITCHAT or turn.decision is Decision.HUMAN:
        facts["Decision"] = f"{turn.decision.value}: nothing was searched"
    else:
        facts["Decision"] = f"{turn.decision.value}: {turn.measured}"
    facts["Written by"] = turn.model
    facts["Version"] = turn.index_version or "none"
    facts["Took"] = f"{turn.timings_ms.get('total', 0):.0f} ms"
    cited = {citation.passage_id: f"[{citation.number}] " for citation in turn.citations}
    lines = tuple(
        Line(
            f"{cited.get(passage.passage_id, '')}{short(passage.title, 150)}",
            passage.url,
            f"score {passage.score:.1f}; "
            + ", ".join(f"{name} {value:.2f}" for name, value in passage.signals.items() if value)
            + (f"; read {passage.crawled_at[:10]}" if passage.crawled_at else ""),
        )
        for passage in turn.passages[:_LIST]
    )
    return Card(title=f"Why this answer ({turn.id[:8]})", facts=facts, lines=lines)


# -- people ------------------------------------------------------------------------------------------------------------


def admins_card(admins: Sequence[Actor], platform: str) -> Card:
    """`/faq admins`."""
    others = {"slack": "the workspace's admins and owners", "discord": "whoever may manage the server"}.get(
        platform, ""
    )
    lines = tuple(Line(f"{each.platform}: {each.name or each.user}", note=each.workspace) for each in admins)
    always = f"And always: {others}." if others else ""
    return Card(title="Admins", text="" if lines else "Nobody was named.", lines=lines, footnote=always)


def audit_card(entries: Sequence[AuditEntry]) -> Card:
    """`/faq audit`."""
    rows = tuple(
        (
            f"{entry.at:%m-%d %H:%M}",
            f"{entry.platform}:{entry.user}",
            f"{entry.action} {entry.target}".strip(),
            entry.outcome,
        )
        for entry in entries
    )
    return Card(title="Who did what (UTC)", table=Table(("when", "who", "what", "outcome"), rows))


def handoffs_card(handoffs: Sequence[Handoff]) -> Card:
    """`/faq handoffs`."""
    if not handoffs:
        return Card(title="Handoffs", text="Nobody is waiting.")
    rows = tuple(
        (each.state.value, ago(each.created_at), each.claimed_name or "–", short(each.question, 60))
        for each in handoffs
    )
    return Card(title="Handoffs", table=Table(("state", "asked", "by whom", "question"), rows))


# -- taught answers ----------------------------------------------------------------------------------------------------


def proposal_card(proposal: Proposal) -> Card:
    """A taught answer to be looked at."""
    taught = proposal.taught
    card = taught_card(taught)
    if not proposal.alike:
        return card
    alike = tuple(
        Line(f"Known already: {short(each.question, 150)}", each.url, f"by {each.author}" if each.author else "")
        for each in proposal.alike
    )
    return Card(card.title, card.text, card.markdown, card.facts, None, alike, None, card.footnote, card.buttons)


def taught_card(taught: Taught) -> Card:
    """A taught answer with what can be done about it."""
    titles = {
        TaughtState.PROPOSED: "Shall I answer so from now on?",
        TaughtState.APPROVED: "Taught answer, in use",
        TaughtState.REVIEW: "Is this still right?",
        TaughtState.DISMISSED: "Taught answer, dismissed",
    }
    approve = Button("approve", taught.id, "Approve", Style.PRIMARY)
    edit, dismiss = Button("edit", taught.id, "Edit"), Button("dismiss", taught.id, "Dismiss")
    buttons = {
        TaughtState.PROPOSED: (approve, edit, dismiss),
        TaughtState.REVIEW: (approve, edit, dismiss),
        TaughtState.APPROVED: (edit, Button("dismiss", taught.id, "Take it out")),
        TaughtState.DISMISSED: (Button("approve", taught.id, "Use it again"),),
    }.get(taught.state, ())
    facts = {"Question": taught.question}
    if taught.note:
        facts["Note"] = taught.note
    until = f", until {taught.expires_at - timedelta(seconds=1):%Y-%m-%d}" if taught.expires_at else ""
    return Card(
        title=titles[taught.state],
        facts=facts,
        markdown=taught.answer,
        footnote=f"By {taught.author or 'a teammate'}, {taught.updated_at:%Y-%m-%d}{until} · {taught.id[:8]}",
        buttons=buttons,
    )


def taught_list(taught: Sequence[Taught]) -> Card:
    """`/faq taught`."""
    if not taught:
        return Card(title="Taught answers", text="None yet: /faq teach, or a message's own menu.")
    rows = tuple(
        (
            each.id[:8],
            "expired" if _expired(each) else each.state.value,
            each.author,
            _dates(each),
            short(each.question, 60),
        )
        for each in taught
    )
    return Card(
        title="Taught answers",
        table=Table(("id", "state", "by", "on", "question"), rows),
        footnote="/faq taught show <id> for one of them.",
    )


def _dates(taught: Taught) -> str:
    until = f" to {taught.expires_at - timedelta(seconds=1):%Y-%m-%d}" if taught.expires_at else ""
    return f"{taught.updated_at:%Y-%m-%d}{until}"


def _expired(taught: Taught) -> bool:
    return taught.expires_at is not None and taught.expires_at <= datetime.now(UTC)


def teach_form(action: str, value: str, taught: Taught | None = None, *, question: str = "", answer: str = "") -> Form:
    """The form that teaches or edits an answer."""
    expires = ""
    if taught:
        question, answer = taught.question, taught.answer
        if taught.expires_at and not _expired(taught):
            expires = f"{taught.expires_at - timedelta(seconds=1):%Y-%m-%d}"
    return Form(
        action,
        value,
        "Edit a taught answer" if taught else "Teach an answer",
        "Save",
        (
            Field("question", "Question", question[:1_000], longest=1_000),
            Field("answer", "Answer (Markdown)", answer[:FORM_ANSWER], multiline=True, longest=FORM_ANSWER),
            Field("expires", "Expires (2026-12-31, days, or empty)", expires, required=False, longest=20),
        ),
    )
