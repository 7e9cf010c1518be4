"""The golden questions: asked now, what came of them, and how that was before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from starlette.responses import Response

from bot.chat.card import Card
from bot.chat.people import Actor, Role
from bot.console.requests import Page, PageRequest
from bot.console.screens import Screen, Screens
from bot.errors import BotError
from bot.evaluation.runs import EvaluationRun, EvaluationRunStore
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.commands.console import Guard
    from bot.evaluation.judge import Judged


class GoldenAsking(Protocol):
    """Asks the golden questions of the settings."""

    async def ask_golden(self, on_done: Callable[[int, int], None] = ...) -> Sequence[Judged]:
        """Raises BotError, RetrievalError."""


class EvaluationPage:
    """`file` is where the golden questions stand, None where there are none; `find_version` tells which version answers
    now."""

    def __init__(
        self,
        asking: GoldenAsking,
        runs: EvaluationRunStore,
        screens: Screens,
        guard: Guard,
        file: Path | None,
        find_version: Callable[[], str | None],
    ) -> None:
        self._asking = asking
        self._runs = runs
        self._screens = screens
        self._guard = guard
        self._file = file
        self._find_version = find_version
        self._busy = asyncio.Lock()

    @property
    def pages(self) -> Sequence[Page]:
        """The page, and a run."""
        return (
            Page("/evaluation", Role.ADMIN, self._show_runs, title="Evaluation"),
            Page("/evaluation", Role.ADMIN, self._start_run, ("POST",)),
        )

    async def _show_runs(self, page: PageRequest) -> Response:
        runs = await self._runs.list()
        chosen = next((each for each in runs if each.id == page.query("run")), runs[0] if runs else None)
        return page.render("evaluation.html", file=self._file, runs=runs, chosen=chosen, series=_make_series(chosen))

    async def _start_run(self, page: PageRequest) -> Response:
        screen = self._screens.open_screen(page.actor.id)
        if self._busy.locked():
            await screen.show_card(Card(text="The golden questions are being asked already."))
        else:
            await screen.follow_task(asyncio.create_task(self._ask_questions(screen, page.actor)))
            await asyncio.sleep(0)
        template = "_answer.html" if page.is_partial else "answer.html"
        return page.render(template, answer=screen.card, screen=screen if screen.is_going_on else None)

    async def _ask_questions(self, screen: Screen, actor: Actor) -> None:
        def note_progress(done: int, of: int) -> None:
            screen.card = Card(
                title="Asking the golden questions", text=f"{done} of {of}", bar=done / of if of else 0.0
            )

        async with self._busy:
            note_progress(0, 0)
            try:
                async with self._guard.allowed(actor, Role.ADMIN, "evaluation"):
                    judged = await self._asking.ask_golden(note_progress)
                    run = EvaluationRun.of(judged, self._find_version() or "", datetime.now(UTC))
                    await self._runs.add(run)
            except (BotError, RetrievalError) as error:
                screen.card = Card(text=str(error), fault=True)
                return
            right = len(judged) - len(run.amiss)
            screen.card = Card(
                title="Done", text=f"{right} of {len(judged)} are answered as expected. Load the page again for more."
            )


def _make_series(run: EvaluationRun | None) -> dict[str, list[float]]:
    """The curve as it is drawn: by coverage, which grows; of equal ones the last."""
    points = {coverage: (accuracy, threshold) for threshold, coverage, accuracy in (run.curve if run else ())}
    ordered = sorted(points)
    return {
        "coverage": ordered,
        "accuracy": [points[each][0] for each in ordered],
        "threshold": [points[each][1] for each in ordered],
    }
