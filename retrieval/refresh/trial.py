"""The trial of a new version before it answers: questions with known answers, asked of it and of the active one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from retrieval.errors import AnswersWorse

if TYPE_CHECKING:
    from retrieval.index.index import Index


@dataclass(frozen=True, slots=True)
class WorseLine:
    """A question that the new version answers worse: what is expected ("" for no answer), and what either says."""

    question: str
    expected: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TrialReport:
    """How many questions were asked, how many the new version answers as expected, and the active one
    (`right_before`; None when there is none that can be asked), how many it answers better, and which worse.
    `missing` are the expected entries that it does not hold."""

    asked: int
    right: int
    right_before: int | None = None
    better: int = 0
    worse: tuple[WorseLine, ...] = ()
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self) | {"worse": [asdict(line) for line in self.worse], "missing": list(self.missing)}


class Trial(Protocol):
    """Asks the questions. An exception of it, or of `on_done(asked, of)`, leaves the active version as it was."""

    def __call__(self, before: Index | None, after: Index, on_done: Callable[[int, int], None]) -> TrialReport:
        """`before` is the active version's index, None when there is none that the embedder fits."""


def stop_if_worse(report: TrialReport, may_lose: int) -> None:
    """Raises AnswersWorse when more questions than `may_lose` are answered worse."""
    worse = len(report.worse)
    if worse > may_lose:
        raise AnswersWorse(
            f"The new version answers {worse} of {report.asked} golden questions worse than the active one "
            f"(FRONTDESK_GOLDEN_MAY_LOSE allows {may_lose}), so nothing was changed: mend the pages or the golden "
            "questions. To activate it all the same, run 'frontdesk refresh --force'.",
            report,
        )
