"""How `frontdesk contradictions …` and `frontdesk stale` tell scripts what may be true no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.cli.commands import TerminalForm

if TYPE_CHECKING:
    from bot.freshness.models import Found, Side, Stale


def _contradictions_as_json(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [_contradiction_as_dict(each) for each in found]


def _contradiction_as_dict(found: Found) -> dict[str, Any]:
    row = found.row
    return {
        "id": row.id,
        "kind": row.kind,
        "probability": row.probability,
        "state": row.state.value,
        "needs_decision": found.needs_decision,
        "found_at": row.found_at,
        "settled_at": row.settled_at,
        "settled_by": row.settled_by,
        "verdict": {
            "says": row.verdict.value,
            "model": row.verdict_by,
            "phrases": [row.phrase_one, row.phrase_other],
        }
        if row.verdict
        else None,
        "first": _side_as_dict(found.one, row.set_aside) if found.one else None,
        "second": _side_as_dict(found.other, row.set_aside),
    }


def _side_as_dict(side: Side, set_aside: str) -> dict[str, Any]:
    document = side.document
    return {
        "question": document.question,
        "answer": document.answer,
        "url": document.url,
        "author": document.author,
        "since": side.since,
        "set_aside": document.entry_id == set_aside,
    }


def _stale_as_json(stale: Sequence[Stale]) -> list[dict[str, Any]]:
    return [
        {
            "question": each.document.question,
            "url": each.document.url,
            "author": each.document.author,
            "since": each.since,
            "askers": each.askers,
            "reasons": [{"reason": sign.reason.value, "date": sign.date, "count": sign.count} for sign in each.signs],
        }
        for each in stale
    ]


FORMS = {
    "contradictions": TerminalForm(as_json=_contradictions_as_json),
    "contradictions settled": TerminalForm(as_json=_contradictions_as_json),
    "contradictions show": TerminalForm(as_json=_contradiction_as_dict),
    "contradictions settle": TerminalForm(as_json=_contradiction_as_dict),
    "contradictions reopen": TerminalForm(as_json=_contradiction_as_dict),
    "stale": TerminalForm(as_json=_stale_as_json),
}
