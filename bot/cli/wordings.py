"""How `frontdesk wordings list` tells scripts of what a model wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.cli.commands import TerminalForm

if TYPE_CHECKING:
    from bot.wordings.models import WrittenWording


def _wordings_as_json(wordings: Sequence[WrittenWording]) -> list[dict[str, Any]]:
    return [asdict(each) for each in wordings]


FORMS = {"wordings": TerminalForm(as_json=_wordings_as_json)}
