"""What admins are shown of contradictions, and of what may be out of date. Pure; in the words of their language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.card import Button, Card, Line, Style
from bot.chat.text import short
from bot.freshness.models import ContradictionRow, Found, Side, Stale, StaleSign, State
from bot.i18n import Words

_LISTED = 10  # entries of a list; the rest is counted
_ID = 8  # digits shown of an id
_QUESTION, _ANSWER = 100, 240  # characters shown in a list
_PHRASE = 100


def contradictions_card(found: Sequence[Found], words: Words) -> Card:
    """Those that wait for a decision; of each both texts, with their links and dates."""
    waiting = [each for each in found if each.needs_decision]
    title = words.label("contradictions_title")
    if not waiting:
        return Card(title=title, text=words.say("contradictions_none"))
    lines = tuple(line for each in waiting[:_LISTED] for line in _list_sides(each, words))
    left = len(waiting) - _LISTED
    more = f" {words.say('contradictions_more', count=left)}" if left > 0 else ""
    return Card(title=title, lines=lines, footnote=words.say("contradictions_how") + more)


def settled_card(settled: Sequence[Found], words: Words) -> Card:
    """What was decided, the newest first; of each both texts."""
    title = words.label("settled_title")
    if not settled:
        return Card(title=title, text=words.say("settled_none"))
    newest = sorted(settled, key=lambda each: each.row.settled_at or each.row.found_at, reverse=True)
    lines = tuple(line for each in newest[:_LISTED] for line in _list_sides(each, words))
    left = len(newest) - _LISTED
    more = f" {words.say('settled_more', count=left)}" if left > 0 else ""
    return Card(title=title, lines=lines, footnote=words.say("settled_how") + more)


def contradiction_card(
    found: Found, words: Words, *, asked: bool = False, overruled: bool = False, at_terminal: bool = False
) -> Card:
    """One contradiction with both texts, and what can be decided. `asked`: somebody wants to decide, and has not said
    what; `overruled`: somebody else decided first; `at_terminal`: where the choice is an option."""
    row = found.row
    text = ""
    if not found.needs_decision:
        text = words.say("settled_before", decision=_describe_decision(found, words)) if asked or overruled else ""
    elif asked and row.state is State.OPEN:
        text = words.say("settle_choices", command=_tell_command(row.id[:_ID], at_terminal))
    sides = [(f"{words.label('contradiction_first')}: ", found.one)] if found.one else []
    sides.append((f"{words.label('contradiction_second')}: " if found.one else "", found.other))
    facts = {
        words.label("contradiction_differ"): words.label(f"kind_{row.kind}"),
        words.label("decision"): _describe_decision(found, words),
    }
    if row.verdict:
        facts[words.label("verdict")] = _describe_verdict(row, words)
    lines = tuple(
        Line(
            f"{which}{short(side.document.question, _QUESTION)}",
            side.document.url,
            f"{short(side.document.answer, 700)} — {_origin(side, words)}",
        )
        for which, side in sides
    )
    confirm = words.say("keep_confirm")
    keep = (
        Button("keep_first", row.id, words.label("keep_first"), confirm=confirm),
        Button("keep_second", row.id, words.label("keep_second"), confirm=confirm),
        Button("keep_both", row.id, words.label("keep_both")),
    )
    reopen = (Button("reopen_contradiction", row.id, words.label("reopen"), Style.PRIMARY),)
    return Card(
        title=words.label("contradiction_title", id=row.id[:_ID]),
        text=text,
        facts=facts,
        lines=lines,
        buttons=() if found.is_over else keep if row.state is State.OPEN else reopen,
    )


def stale_card(stale: Sequence[Stale], words: Words) -> Card:
    """What may be out of date, and why; what reaches most people first."""
    title = words.label("stale_title")
    if not stale:
        return Card(title=title, text=words.say("stale_none"))
    lines = tuple(
        Line(
            short(each.document.question, _QUESTION),
            each.document.url,
            "; ".join(
                [
                    *([words.label("entry_by", name=each.document.author)] if each.document.author else []),
                    *([words.say("stale_askers", count=each.askers)] if each.askers else []),
                    *(describe_sign(sign, words) for sign in each.signs),
                ]
            ),
        )
        for each in stale[:_LISTED]
    )
    left = len(stale) - len(lines)
    return Card(title=title, lines=lines, footnote=words.say("stale_more", count=left) if left else "")


def describe_sign(sign: StaleSign, words: Words) -> str:
    """Why an entry may be out of date, in a few words."""
    return words.say(f"stale_{sign.reason.value}", date=_day(sign.date), count=sign.count)


def _tell_command(shown_id: str, at_terminal: bool) -> str:
    return f"/faq contradictions settle {shown_id} {'--keep ' if at_terminal else ''}first"


def _list_sides(found: Found, words: Words) -> list[Line]:
    row = found.row
    head = f"{row.id[:_ID]} · {words.label(f'kind_{row.kind}')}"
    if row.state is not State.OPEN:
        head += f" · {_describe_decision(found, words)}"
    elif row.verdict.is_harmless:
        head += f" · {words.label('verdict')}: {words.label(f'verdict_{row.verdict.value}')}"
    sides = [side for side in (found.one, found.other) if side]
    return [
        Line(
            f"{head if number == 0 else f'{row.id[:_ID]} ↔'}: {short(side.document.question, _QUESTION)}",
            side.document.url,
            f"{short(side.document.answer, _ANSWER)} — {_origin(side, words)}",
        )
        for number, side in enumerate(sides)
    ]


def _origin(side: Side, words: Words) -> str:
    """Who says so, and since when."""
    since = words.label("entry_unchanged", date=_day(side.since))
    return f"{words.label('entry_by', name=side.document.author)}, {since}" if side.document.author else since


def _describe_decision(found: Found, words: Words) -> str:
    """What was decided, and by whom and when."""
    decision = words.label(_decision_label(found))
    if found.kept_is_limited:
        decision = f"{decision}; {words.label('decision_limited')}"
    if found.needs_decision or found.row.settled_at is None:
        return decision
    parts = [decision, _day(found.row.settled_at)]
    if who := found.row.settled_by.rpartition(":")[2]:
        parts.append(words.label("entry_by", name=who))
    return ", ".join(parts)


def _describe_verdict(row: ContradictionRow, words: Words) -> str:
    """What a model says, by which words, and which model."""
    by = words.label("entry_by", name=row.verdict_by.rpartition("/")[2])
    phrases = " ↔ ".join(f"“{short(phrase, _PHRASE)}”" for phrase in (row.phrase_one, row.phrase_other))
    return f"{words.label(f'verdict_{row.verdict.value}')}: {phrases} ({by})"


def _decision_label(found: Found) -> str:
    row = found.row
    if found.is_over:
        return "decision_undone"
    if found.one is None:
        return "decision_gone"
    if row.state is State.OPEN:
        return "decision_open"
    if row.state is State.DISMISSED:
        return "decision_both"
    return "decision_second" if row.set_aside == row.one else "decision_first"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
