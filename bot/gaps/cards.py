"""What is shown of gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.chat.card import Button, Card, File, Line
from bot.chat.text import short

if TYPE_CHECKING:
    from bot.gaps.models import GapDraft
    from bot.gaps.service import GapReport

_SHOWN = 10
_TAKEN = 5  # drafts that have a button
_TITLE, _DRAFTED, _LABEL = 150, 300, 40  # characters


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def gaps_card(report: GapReport, file: File | None = None) -> Card:
    """What people asked and was not answered well, the most asked for first."""
    days = max(1, round((report.until - report.since).total_seconds() / 86_400))
    title = f"Gaps of the last {days} days" if days > 1 else "Gaps of the last day"
    if not report.gaps:
        return Card(title=title, text="Nothing: every question was answered, and nobody complained.", file=file)
    lines = []
    for gap in report.gaps[:_SHOWN]:
        reasons = ", ".join(
            f"{count} {reason.value.replace('_', ' ')}" for reason, count in gap.reasons.items() if count
        )
        examples = " · ".join(example for example in gap.examples if _folded(example) != _folded(gap.title))
        people = "1 person" if gap.askers == 1 else f"{gap.askers} people"
        done = "answered by now; " if gap.answered else ""
        lines.append(Line(gap.title, note=done + f"{people}, {reasons}" + (f" — also: {examples}" if examples else "")))
        if gap.draft and not gap.answered:
            lines.append(_draft_line(gap.draft))
    left = len(report.gaps) - _SHOWN
    more = f" {left} more are in the file." if left > 0 else ""
    return Card(
        title=title,
        text=f"{report.questions} questions in {len(report.gaps)} groups. Each is a title for your FAQ.",
        lines=tuple(lines),
        footnote=f"The file has every question.{more}" if file else "",
        buttons=tuple(_draft_buttons(report)),
        file=file,
    )


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
