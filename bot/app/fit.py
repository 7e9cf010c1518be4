"""Whose fit a search goes by, and the making of a team's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.app.factories import own_fit_of
from bot.app.measurement import Beside, Side, open_side
from bot.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.evaluation.ask import OnDone
    from bot.evaluation.fit import OwnFit
    from bot.evaluation.judge import Judged
    from bot.evaluation.questions import GoldenQuestion
    from retrieval.search.profiles import Fitted

_ROUNDS = 4  # that every question is asked: two to fit, one before and one after


def fit_on_golden(
    questions: Sequence[GoldenQuestion], side: Side, beside: Beside, *, on_done: OnDone
) -> tuple[OwnFit, Path]:
    """Fit the search to the questions, as what Frontdesk comes with; and where that is kept. For a thread without an
    event loop. Raises InputError, and what `ask_golden` raises."""
    from bot.evaluation.fit import fit_golden
    from retrieval.search.fitted import load_fitted

    opened = open_side(side, beside)
    asked = 0

    def ask_by(some: Sequence[GoldenQuestion], fitted: Fitted) -> list[Judged]:
        nonlocal asked
        judged = opened.ask(some, lambda done, _: on_done(asked + done, _ROUNDS * len(questions)), fitted)
        asked += len(some)
        return judged

    own = fit_golden(questions, load_fitted(opened.models), ask_by)
    return own, own_fit_of(side.settings, opened.models)


def keep_own_fit(own: OwnFit, path: Path) -> None:
    """Write a team's own fit, which a search then goes by. Raises InputError."""
    from retrieval.search.fitted import write_fitted

    try:
        write_fitted(own.fitted, path, "frontdesk eval --fit")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): mend the rights of the data folder.") from error
