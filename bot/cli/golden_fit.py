"""`frontdesk eval --fit`: fits the search to a team's own questions, and shows what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bot.cli.golden import Wanted, find_questions, find_sides, progress_bar
from bot.cli.output import format_figure, json_figure, print_json, print_line, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from bot.evaluation.fit import OwnFit
    from bot.evaluation.judge import Judged
    from bot.evaluation.sample import Compared

_SHOWN = ("right_of_answered", "answered", "suggested", "false_answers", "ECE")


def fit_to_golden(wanted: Wanted) -> None:
    """Fit, write and show. Raises InputError and what asking raises."""
    from bot.app import fit_on_golden, keep_own_fit

    [side] = find_sides(wanted)
    questions, beside = find_questions(wanted)
    with progress_bar(wanted.progress) as on_done:
        own, path = fit_on_golden(questions, side, beside, on_done=on_done)
    keep_own_fit(own, path)
    show_fit(own, path, wanted.as_json)
    set_by_hand = [
        f"FRONTDESK_{name.upper()}"
        for name in ("answer_threshold", "suggest_threshold")
        if getattr(side.settings, name) is not None
    ]
    if set_by_hand:
        print_line(f"frontdesk: {' and '.join(set_by_hand)} is set and comes before the fitted threshold.", err=True)


def show_fit(own: OwnFit, path: Path, as_json: bool) -> None:
    """The profiles before and after, how the questions fare by a fit to the others, and where it lies."""
    from bot.evaluation.sample import compare_sides

    profiles = list(_describe_profiles(own))
    rows = [row for row in compare_sides(own.before, own.after) if row.figure in _SHOWN]
    if as_json:
        print_json({"written": str(path), "profiles": profiles, "compared": [_figure_dict(row) for row in rows]})
        return
    print_table(
        f"Fitted to {len(own.before)} questions",
        ["profile", ">questions", ">answers", ">right of them", ">answers from", ">suggests from"],
        [
            (
                each["profile"],
                each["questions"] if each["fitted"] else f"{each['questions']}, too few",
                *(
                    _format_change(each["before"][key], each["after"][key])
                    for key in ("answers", "right", "answer", "suggest")
                ),
            )
            for each in profiles
        ],
        empty="",
    )
    print_table(
        "Each question by a fit to the others",
        ["=figure", ">before", ">after", "=difference, 95% interval"],
        [
            (
                row.figure,
                format_figure(row.here),
                format_figure(row.other),
                f"{format_figure(row.difference, '+')}, {row.interval.low:+.2f} to {row.interval.high:+.2f}",
            )
            for row in rows
        ],
        empty="",
    )
    print_line(
        f"Written to {path}: a running 'frontdesk serve' takes it up when it is started again; delete it to go back."
    )
    if sum(each.outcome.right for each in own.after if each.answered) < sum(
        each.outcome.right for each in own.before if each.answered
    ):
        print_line(
            "Fewer of these questions are answered rightly than before: more of them may help; or delete the file."
        )
    if not any(each.golden.unanswerable for each in own.before):
        print_line(
            "No question here is one that nothing should answer, so no threshold was lowered: add some with an empty "
            "'expected'."
        )


def _describe_profiles(own: OwnFit) -> Iterator[dict[str, Any]]:
    for before, after in zip(own.base.profiles, own.fitted.profiles, strict=True):
        if questions := own.counts.get(before.name, 0):
            yield {
                "profile": before.name,
                "questions": questions,
                "fitted": before != after,
                "before": _count_answers(before.name, own.before)
                | {"answer": before.answer, "suggest": before.suggest},
                "after": _count_answers(before.name, own.after) | {"answer": after.answer, "suggest": after.suggest},
            }


def _count_answers(profile: str, judged: Sequence[Judged]) -> dict[str, float]:
    """The answers that a profile gave."""
    answers = [each for each in judged if each.profile == profile and each.answered]
    return {"answers": len(answers), "right": sum(each.outcome.right for each in answers)}


def _format_change(before: float, after: float) -> str:
    return str(before) if before == after else f"{before} → {after}"


def _figure_dict(row: Compared) -> dict[str, Any]:
    return {
        "figure": row.figure,
        "before": json_figure(row.here),
        "after": json_figure(row.other),
        "interval": [json_figure(row.interval.low), json_figure(row.interval.high)],
    }
