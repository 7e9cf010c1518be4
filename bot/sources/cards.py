"""What admins are shown of sources, re-crawls and versions. Pure; in English, as all that is for the team alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from bot.chat.card import Button, Card, Line, Style, Table
from bot.chat.groups import describe_audience
from bot.chat.text import ago, short
from bot.commands.chat_lines import to_chat_line
from bot.sources.models import CANCELLED, DIED, FAILED, RUNNING, RefreshRun

if TYPE_CHECKING:
    from bot.sources.preview import Preview
    from bot.sources.status import SourceStatus, Status
    from retrieval.coverage import CoverageSummary

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


_CHAT_COMMANDS = ("recrawl", "sources", "status", "versions", "rollback")  # of those that an error may name
_BUTTONS = 3  # for one kind of thing
_LIST = 8  # lines of a list; the rest is counted
_NAMED = 3  # texts in a sentence


def run_card(run: RefreshRun, *, joined: bool = False, by: str = "") -> Card:
    """A refresh that runs or has ended. `joined`: it was somebody else's already; `by` is the name of who started it,
    which the log does not hold."""
    return _draw_run(run, joined, by or starter(run)).with_data(run)


def _draw_run(run: RefreshRun, joined: bool, by: str) -> Card:
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
            text=to_chat_line(run.error, _CHAT_COMMANDS),
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
    coverage = report.get("coverage", {})
    if coverage.get("share") is not None:
        below = [each["share"] for each in coverage["below"]]
        facts["Known"] = coverage_line(coverage["share"], coverage["pages"], below, coverage["threshold"])
    if line := repeated_line(coverage.get("repeated", ())):
        facts["Left out as repeated"] = line
    if golden := report.get("golden"):
        facts["Golden questions"] = golden_line(golden)
    if line := contradictions_line(report):
        facts["Contradictions"] = line
    if line := wordings_line(report):
        facts["Wordings by the model"] = line
    took = report.get("seconds", 0)
    return Card(
        title=f"{what} done",
        facts=facts,
        lines=(*_golden(report), *_touched(report), *_changes(report), *_missing(report)),
        footnote=f"{took:g} s{_by(by)}.",
        buttons=(*_rendering(report), *_rolling_back(run)),
    )


def summary_line(coverage: CoverageSummary) -> str:
    """How much of all pages' text is known, in one line."""
    below = [page.coverage.share for page in coverage.below if page.coverage]
    return coverage_line(coverage.share, coverage.measured, below, coverage.threshold)


def coverage_line(share: float | None, pages: int, below: Sequence[float], threshold: float) -> str:
    """The same by the figures: `below` are the shares of the pages of which too little is known. Those of which nothing
    is are told apart: a page that shows no text takes nothing from the share of the text."""
    text = f"{share:.0%} of the text of {pages} pages" if share is not None else f"no text on {pages} pages"
    nothing = sum(not each for each in below)
    parts = [f"of {nothing} {'page' if nothing == 1 else 'pages'} nothing"] if nothing else []
    parts += [f"of {len(below) - nothing} less than {threshold:.0%}"] if len(below) > nothing else []
    return "; ".join([text, *parts])


def repeated_line(texts: Sequence[Mapping[str, Any]]) -> str:
    """Which texts were left out because they stand on nearly every page of their source, "" for none."""
    if not texts:
        return ""
    named = "; ".join(f"“{short(each['start'], 60)}” on {each['pages']} pages" for each in texts[:_NAMED])
    more = f"; and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return f"{named}{more}"


def _rendering(report: Mapping[str, Any]) -> list[Button]:
    """Of each source that shows nothing without its scripts: to read it in a browser."""
    names = dict.fromkeys(str(line["source"]) for line in report.get("scripted", ()))
    return [
        Button("render", name, f"Read {short(name, 40)} in a browser", Style.PRIMARY) for name in list(names)[:_BUTTONS]
    ]


def _rolling_back(run: RefreshRun) -> list[Button]:
    if run.outcome != "activated":
        return []
    return [Button("rollback", str(run.version), "Roll back", Style.PLAIN, "Go back to the version before?")]


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


def contradictions_line(report: Mapping[str, Any]) -> str:
    """How many pairs of entries contradict each other, "" for none."""
    counts = report.get("contradictions") or {}
    if not counts.get("waiting"):
        return ""
    new = f"{counts['new']} new, " if counts.get("new") else ""
    return f"{new}{counts['waiting']} to be settled: /faq contradictions list"


def wordings_line(report: Mapping[str, Any]) -> str:
    """What a model wrote that customers might ask, "" for nothing."""
    counts = report.get("wordings") or {}
    if not (counts.get("entries") or counts.get("left")):
        return ""
    left = f"; {counts['left']} entries are left for the next ones" if counts["left"] else ""
    return f"{counts['kept']} for {counts['entries']} entries, searched from the next re-crawl on{left}"


def touched_line(entry: Mapping[str, Any]) -> str:
    """How many customers an entry answered that changed, or is gone, and since when."""
    people = "1 customer" if entry["customers"] == 1 else f"{entry['customers']} customers"
    return f"{people} asked this since {datetime.fromisoformat(entry['since']):%B %Y}"


def _touched(report: Mapping[str, Any]) -> list[Line]:
    """The changed and removed entries that customers were answered with, those of most customers first."""
    found = report.get("touched", ())
    lines = [Line(f"asked: {short(each['question'])}", each["url"], touched_line(each)) for each in found[:_LIST]]
    return [*lines, Line(f"asked: … and {len(found) - _LIST} more")] if len(found) > _LIST else lines


def _changes(report: Mapping[str, Any]) -> list[Line]:
    lines = []
    for kind in ("added", "changed", "removed"):
        found = report.get(kind, ())
        lines += [Line(f"{kind}: {short(each['question'])}", each["url"]) for each in found[:_LIST]]
        if len(found) > _LIST:
            lines.append(Line(f"{kind}: … and {len(found) - _LIST} more"))
    for kind in ("gone", "failed", "scripted"):
        found = report.get(kind, ())
        lines += [
            Line(f"{kind}: {short(each['url'])}", each["url"], short(to_chat_line(each["reason"], _CHAT_COMMANDS), 200))
            for each in found[:_LIST]
        ]
        if len(found) > _LIST:
            lines.append(Line(f"{kind}: … and {len(found) - _LIST} more"))
    return lines


def _missing(report: Mapping[str, Any]) -> list[Line]:
    """The sources that gave nothing, and the pages of which too little is known."""
    lines = [Line(f"nothing found: {each['source']}", note=each["reason"]) for each in report.get("sources_empty", ())]
    below = report.get("coverage", {}).get("below", ())
    lines += [
        Line(f"{each['share']:.0%} known: {short(each['url'])}", each["url"], short(each["reason"], 200))
        for each in below[:_LIST]
    ]
    return [*lines, Line(f"known in part: … and {len(below) - _LIST} more")] if len(below) > _LIST else lines


def pages_card(coverage: CoverageSummary) -> Card:
    """`/faq sources pages`."""
    if not coverage.pages:
        return Card(title="Pages", text="No page is known yet: /faq recrawl")
    if not coverage.measured:
        return Card(title="Pages", text="How much of these pages is known was not measured yet: /faq recrawl")
    below = coverage.below
    lines = [
        Line(f"{page.coverage.share:.0%} {short(page.url)}", page.url, short(page.coverage.explain_loss(), 200))
        for page in below[:_LIST]
        if page.coverage
    ]
    if len(below) > _LIST:
        lines.append(Line(f"… and {len(below) - _LIST} more"))
    text = summary_line(coverage)
    repeated = repeated_line([each.as_dict() for each in coverage.repeated])
    facts = {"Known": text} | ({"Left out as repeated": repeated} if repeated else {})
    return Card(title="Pages", facts=facts, lines=tuple(lines))


def _by(name: str) -> str:
    return f", by {name}" if name else ""


def starter(run: RefreshRun) -> str:
    """Who called for a refresh, as far as the log tells in words: an id on a chat platform tells readers nothing."""
    platform, _, user = run.asked_by.partition(":")
    if not user:
        return platform  # the schedule
    return user.rpartition(":")[2] if platform == "cli" else ""


def status_card(status: Status) -> Card:
    """`/faq status`."""
    facts = {"Version": f"{status.version}, made {ago(status.created_at)}" if status.version else "none yet"}
    if status.version:
        facts["Size"] = f"{status.pages} pages, {status.passages} passages"
    if status.coverage.measured:
        known = status.coverage
        line = summary_line(known)
        facts["Known"] = f"⚠ {line}: /faq sources pages" if known.below else line
    if status.last:
        why = f": {short(status.last.error)}" if status.last.error else ""
        facts["Last re-crawl"] = f"{_ending(status.last)}, {ago(status.last.started_at)}{why}"
    if status.queue is not None:
        facts["Questions"] = f"{status.queue[1]} being answered, {status.queue[0]} waiting"
    for refused in status.refused:
        facts[refused.platform.title()] = f"⚠ began {ago(refused.since)}: {short(refused.cause)}"
    for server in status.generators:
        ill = server.fault or server.too_slow
        facts[f"Model at {server.url}"] = f"⚠ {short(server.finding)}" if ill else f"ok: {server.finding}"
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
    columns: tuple[str, ...] = ("source", ">pairs", ">passages", ">known", "schedule", "state")
    rows: Sequence[tuple[str, ...]] = [
        (
            each.source.name,
            str(each.documents),
            str(each.passages),
            format_share(each.coverage.share),
            _schedule(each),
            _state(each),
        )
        for each in sources
    ]
    if any(each.audience for each in sources):
        columns = (*columns, "for")
        rows = [(*row, describe_audience(each.audience)) for row, each in zip(rows, sources, strict=True)]
    return Table(columns, tuple(rows))


def _schedule(each: SourceStatus) -> str:
    schedule = each.schedule
    if not schedule.every_hours:
        return "by hand"
    return f"every {schedule.every_hours:g} h, next {ago(schedule.next_at)}"


def format_share(share: float | None) -> str:
    """A part of pages' text as people read it."""
    return "–" if share is None else f"{share:.0%}"


def _state(each: SourceStatus) -> str:
    return each.state if each.state in ("paused", "ok") else f"⚠ {each.state}"


def _ails(sources: Sequence[SourceStatus]) -> str:
    return " ".join(
        f"{each.source.name}: {short(to_chat_line(each.trouble.reason, _CHAT_COMMANDS), 200)} ({ago(each.trouble.at)})."
        for each in sources
        if each.trouble and not each.schedule.paused
    )


def preview_card(preview: Preview) -> Card:
    """The first pairs of a site, to be confirmed."""
    documents = preview.documents
    limited = f" Only for {describe_audience(preview.audience)}." if preview.audience else ""
    return Card(
        title=f"{preview.source.location}: the first pairs I found",
        lines=tuple(Line(short(each.question, 150), each.url, short(each.answer, 200)) for each in documents[:5]),
        footnote=f"{len(documents)} on the first pages.{limited} Is that what you want me to know?",
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
