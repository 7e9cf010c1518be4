"""Fits the search's confidence to golden questions, and tries the fit on questions that it was made without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import InputError
from bot.evaluation.judge import Judged
from bot.evaluation.questions import GoldenQuestion
from retrieval.search.fit import FEWEST, Case, fit_own, keep_enough, split_in_folds
from retrieval.search.profiles import Fitted

AskBy = Callable[[Sequence[GoldenQuestion], Fitted], Sequence[Judged]]
Cases = Mapping[str, Mapping[int, Case]]  # by the profile's name and the question's place

_AT_ONCE, _NEVER = 0.0, 2.0  # no confidence is below the one, or reaches the other


@dataclass(frozen=True)
class OwnFit:
    """What came of a fit: `before` are the questions by what there was, `after` each by a fit to the others alone."""

    base: Fitted
    fitted: Fitted
    counts: Mapping[str, int]
    before: Sequence[Judged]
    after: Sequence[Judged]


def fit_golden(questions: Sequence[GoldenQuestion], base: Fitted, ask_by: AskBy) -> OwnFit:
    """Fit `base` to the questions whose answer is known. Raises InputError where they are too few."""
    known = [each for each in questions if each.answerable or each.unanswerable]
    cases = collect_cases(known, base, ask_by)
    enough = keep_enough({name: list(some.values()) for name, some in cases.items()})
    if not enough:
        most = max(map(len, cases.values()), default=0)
        raise InputError(
            f"Too few questions for a fit: {most} are searched in one way and have an answer in the index, or rightly "
            f"none; {FEWEST} are needed. Add some of your customers' to the file."
        )
    after: dict[int, Judged] = {}
    for learnt, left_out in split_in_folds(len(known)):
        others = {name: [cases[name][place] for place in learnt if place in cases[name]] for name in enough}
        judged = ask_by([known[place] for place in left_out], fit_own(base, others))
        after |= dict(zip(left_out, judged, strict=True))
    return OwnFit(
        base,
        fit_own(base, enough),
        {name: len(some) for name, some in cases.items()},
        ask_by(known, base),
        [after[place] for place in range(len(known))],
    )


def collect_cases(known: Sequence[GoldenQuestion], base: Fitted, ask_by: AskBy) -> Cases:
    """What each profile makes of the questions that it may be tried on, whatever another was sure of.

    Left out are questions that are not searched, and those whose entry the index does not have.
    """
    cases: dict[str, dict[int, Case]] = {each.name: {} for each in base.profiles}
    for threshold in (_AT_ONCE, _NEVER):  # the profile tried first decides, then the one after it
        forced = replace(base, profiles=tuple(replace(each, answer=threshold) for each in base.profiles))
        for place, judged in enumerate(ask_by(known, forced)):
            if judged.profile and not judged.missing:
                outcome = judged.outcome
                cases[judged.profile][place] = Case(judged.confidence, outcome.right, outcome.answerable)
    return {name: some for name, some in cases.items() if some}
