"""What is shown of gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.chat.card import Button, Card, File, Line
from bot.chat.text import short

if TYPE_CHECKING:
    from bot.gaps.models import GapDraft, GapMark
    from bot.gaps.service import Gap, GapReport

RESTORE = "gap_restore"
MARKING = "/faq gaps assign <gap> <person> gives one to somebody; /faq gaps dismiss <gap> marks one as none of ours."
_SHOWN = 10
_ID = 8  # digits shown of an id
_TAKEN = 5  # drafts that have a button
_TITLE, _DRAFTED, _LABEL = 150, 300, 40  # characters


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def gaps_card(report: GapReport, file: File | None = None) -> Card:
    """What people asked and was not answered well, the most asked for first."""
    days = max(1, round((report.until - report.since).total_seconds() / 86_400))
    title = f"Gaps of the last {days} days" if days > 1 else "Gaps of the last day"
    if not report.gaps:
        text = "Nothing: every question was answered, and nobody complained."
        if report.dismissed:
            text = "Nothing but what was marked as none of ours: /faq gaps --dismissed lists that."
        return Card(title=title, text=text, file=file)
    lines = []
    for gap in report.gaps[:_SHOWN]:
        lines.append(_gap_line(gap))
        if gap.draft and not gap.answered:
            lines.append(_draft_line(gap.draft))
    left = len(report.gaps) - _SHOWN
    more = f" {left} more are in the file." if left > 0 else ""
    return Card(
        title=title,
        text=f"{report.questions} questions in {len(report.gaps)} groups. Each is a title for your FAQ.",
        lines=tuple(lines),
        footnote=(f"The file has every question.{more} " if file else "") + MARKING,
        buttons=tuple(_draft_buttons(report)),
        file=file,
    )


def dismissed_gaps_card(report: GapReport) -> Card:
    """Those of the time that are marked as none of ours."""
    if not report.dismissed:
        return Card(title="Dismissed gaps", text="None of what was asked in this time is marked as none of ours.")
    left = len(report.dismissed) - _SHOWN
    return Card(
        title="Dismissed gaps",
        lines=tuple(_gap_line(gap) for gap in report.dismissed[:_SHOWN]),
        footnote=(f"{left} more are not listed. " if left > 0 else "") + "/faq gaps restore <gap> shows one again.",
    )


def assigned_card(mark: GapMark) -> Card:
    """It is somebody's now, or nobody's any more."""
    return Card(text=f"Assigned to {mark.assignee}." if mark.assignee else "Assigned to nobody any more.")


def dismissed_card(mark: GapMark) -> Card:
    """It is nobody's business here, and how to take that back."""
    back = Button(RESTORE, mark.id, "Show it again")
    return Card(text="Marked as none of ours: it is shown no more, however often it is asked.", buttons=(back,))


def restored_card(mark: GapMark) -> Card:
    """It is shown again."""
    whose = f" It is {mark.assignee}'s." if mark.assignee else ""
    return Card(text=f"It is shown among the gaps again.{whose}")


def _gap_line(gap: Gap) -> Line:
    """Its title; who met it and why, whose it is, and its id."""
    reasons = ", ".join(f"{count} {reason.value.replace('_', ' ')}" for reason, count in gap.reasons.items() if count)
    people = "1 person" if gap.askers == 1 else f"{gap.askers} people"
    done = "answered by now; " if gap.answered else ""
    whose = f"for {gap.assignee}; " if gap.assignee else ""
    examples = " · ".join(example for example in gap.examples if _folded(example) != _folded(gap.title))
    also = f" — also: {examples}" if examples else ""
    return Line(gap.title, note=f"{done}{whose}{people}, {reasons} · {gap.id[:_ID]}{also}")


def _draft_line(draft: GapDraft) -> Line:
    """What a model drafted, said to be that."""
    model = draft.model.rpartition("/")[2]
    lacks = f"To be added: {short(draft.missing, _DRAFTED)}" if draft.missing else ""
    text = short(draft.answer, _DRAFTED) or "the pages hold no answer."
    note = " ".join(filter(None, [text, lacks]))
    return Line(f"Draft by {model}, seen by nobody yet: {short(draft.question, _TITLE)}", note=note)


def _draft_buttons(report: GapReport) -> Iterator[Button]:
    """Of the first drafts: to take them over into the form that teaches an answer."""
    drafts = [gap.draft for gap in report.gaps[:_SHOWN] if gap.draft and not gap.answered]
    for draft in drafts[:_TAKEN]:
        yield Button("draft", draft.turn_id, f"Edit the draft: {short(draft.question, _LABEL)}")
