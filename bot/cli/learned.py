"""How `frontdesk learned …` tells scripts of the wordings that customers have shown the entries of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.cli.commands import TerminalForm

if TYPE_CHECKING:
    from bot.learned.models import Evidence
    from bot.learned.service import Wording


def _wordings_as_json(wordings: Sequence[Wording]) -> list[dict[str, Any]]:
    return [asdict(each) for each in wordings]


def _wording_as_json(data: tuple[Wording, Sequence[Evidence]]) -> dict[str, Any]:
    """Without who it was."""
    wording, evidence = data
    gestures = [{"gesture": each.gesture.value, "turn_id": each.turn_id, "at": each.created_at} for each in evidence]
    return asdict(wording) | {"evidence": gestures}


FORMS = {
    "learned": TerminalForm(as_json=_wordings_as_json),
    "learned show": TerminalForm(as_json=_wording_as_json),
}
