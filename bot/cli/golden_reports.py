"""What came of golden questions, as a person reads it and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.cli.output import format_figure, json_figure, make_console, print_json, print_table

if TYPE_CHECKING:
    from bot.evaluation.judge import Judged
    from bot.evaluation.sample import Compared, Interval

_SHOWN = 20  # questions of a list; the rest is counted, and --json has all
_LOWER_IS_BETTER = {"FA@90", "ECE", "false_answers"}
_NEITHER_IS_BETTER = {"answered", "suggested"}
NO_DIFFERENCE = "no difference that could be told"


def show_one(name: str, judged: Sequence[Judged], as_json: bool) -> None:
    """The figures, by language too, and the questions that are not answered as expected."""
    from bot.evaluation.judge import Verdict, golden_figures
    from bot.evaluation.sample import bootstrap_intervals

    figures, between = golden_figures(judged), bootstrap_intervals(judged)
    if as_json:
        print_json({"version": name} | _as_dict(judged, figures, between))
        return
    print_table(
        f"{_format_question_counts(figures)}, {name}",
        ["=figure", ">value", "=95% interval"],
        [(key, format_figure(value), _format_interval(between.get(key))) for key, value in figures.items()],
        empty="",
    )
    _print_languages(judged)
    _print_missing(judged)
    amiss = [each for each in judged if each.verdict is not Verdict.RIGHT]
    print_table(
        "Not as expected" if amiss else "",
        ["", "question", "expected", "it says"],
        [
            (each.verdict.value, each.golden.question, each.golden.wanted or "–", each.given_answer)
            for each in amiss[:_SHOWN]
        ],
        empty="Every question is answered as expected.",
    )
    _print_rest(amiss)


def show_two(names: Sequence[str], here: Sequence[Judged], other: Sequence[Judged], as_json: bool) -> None:
    """The figures of both sides, whether they differ, and the questions that one side answers worse or better."""
    from bot.evaluation.judge import golden_figures
    from bot.evaluation.sample import bootstrap_intervals, compare_sides

    rows = compare_sides(here, other)
    figures = [golden_figures(each) for each in (here, other)]
    between = [bootstrap_intervals(each) for each in (here, other)]
    pairs = list(zip(here, other, strict=True))
    worse = [(a, b) for a, b in pairs if b.verdict.worse_than(a.verdict)]
    better = [(a, b) for a, b in pairs if a.verdict.worse_than(b.verdict)]
    if as_json:
        print_json(
            {
                "A": {"version": names[0]} | _as_dict(here, figures[0], between[0]),
                "B": {"version": names[1]} | _as_dict(other, figures[1], between[1]),
                "compared": [_compared_dict(row) for row in rows],
                "worse": [_pair_dict(*pair) for pair in worse],
                "better": [_pair_dict(*pair) for pair in better],
            }
        )
        return
    from rich.text import Text

    out = make_console()
    for letter, name in zip("AB", names, strict=True):
        out.print(Text(f"{letter}: {name}"))
    print_table(
        _format_question_counts(figures[0]),
        ["=figure", ">A", ">B", ">B - A", "so"],
        [
            (
                row.figure,
                f"{format_figure(row.here)}\n{_format_interval(between[0][row.figure])}",
                f"{format_figure(row.other)}\n{_format_interval(between[1][row.figure])}",
                f"{format_figure(row.difference, '+')}\n{_format_interval(row.interval, '+')}",
                _describe_difference(row),
            )
            for row in rows
        ],
        empty="",
    )
    alike_figures = ", ".join(row.figure for row in rows if not row.is_significant)
    if alike_figures:
        out.print(Text(f"{NO_DIFFERENCE[0].upper()}{NO_DIFFERENCE[1:]} in: {alike_figures}."))
    out.print(Text("Below each figure: its 95% interval. A difference is told where its interval does not hold 0."))
    _print_missing(other)
    for title, changed in (("B answers worse", worse), ("B answers better", better)):
        if changed:
            print_table(
                title,
                ["question", "expected", "A says", "B says"],
                [
                    (a.golden.question, a.golden.wanted or "–", a.given_answer, b.given_answer)
                    for a, b in changed[:_SHOWN]
                ],
                empty="",
            )
            _print_rest(changed)
    alike = len(pairs) - len(worse) - len(better)
    out.print(f"{len(worse)} question{'s' * (len(worse) != 1)} answered worse, {len(better)} better, {alike} alike.")


def _describe_difference(row: Compared) -> str:
    if not row.is_significant:
        return "–"
    if row.figure in _NEITHER_IS_BETTER:
        return "B more" if row.difference > 0 else "B less"
    return "B worse" if (row.difference > 0) == (row.figure in _LOWER_IS_BETTER) else "B better"


def _print_languages(judged: Sequence[Judged]) -> None:
    shares = _summarise_languages(judged)
    if len(shares) > 1:
        print_table(
            "By language",
            ["language", ">questions", ">as_expected"],
            [(language, each["n"], format_figure(each["as_expected"])) for language, each in shares.items()],
            empty="",
        )


def _summarise_languages(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    from bot.evaluation.judge import golden_figures

    spoken: dict[str, list[Judged]] = {}
    for each in judged:
        spoken.setdefault(each.golden.spoken_language, []).append(each)
    return {
        language: {"n": len(group), "as_expected": golden_figures(group)["as_expected"]}
        for language, group in sorted(spoken.items())
    }


def _print_missing(judged: Sequence[Judged]) -> None:
    """Golden questions whose entry is gone: none is answered rightly until somebody mends the one or the other."""
    missing = [(each, entry) for each in judged for entry in each.missing]
    if missing:
        print_table(
            "Expected entry not found (until it is, no answer is right)",
            ["line", "question", "expected"],
            [(each.golden.line or "", each.golden.question, entry) for each, entry in missing[:_SHOWN]],
            empty="",
        )
        _print_rest(missing)


def _print_rest(rows: Sequence[object]) -> None:
    if len(rows) > _SHOWN:
        make_console().print(f"… and {len(rows) - _SHOWN} more: --json has all.", style="dim")


def _format_question_counts(figures: Mapping[str, float | int]) -> str:
    parts = [(figures.get("n", 0), "answerable"), (figures.get("n_unanswerable", 0), "unanswerable")]
    parts.append((figures.get("n_refused", 0), "with an entry that must not answer"))
    told = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f"{figures['n_golden']} golden question{'s' * (figures['n_golden'] != 1)} ({told})"


def _format_interval(interval: Interval | None, sign: str = "") -> str:
    if interval is None or math.isnan(interval.low):
        return ""
    return f"{interval.low:{sign}.2f} to {interval.high:{sign}.2f}"


def _as_dict(
    judged: Sequence[Judged], figures: Mapping[str, float | int], between: Mapping[str, Interval]
) -> dict[str, Any]:
    return {
        "figures": {name: json_figure(value) for name, value in figures.items()},
        "intervals": {name: [json_figure(each.low), json_figure(each.high)] for name, each in between.items()},
        "languages": _summarise_languages(judged),
        "missing": [
            {"line": each.golden.line, "question": each.golden.question, "expected": str(entry)}
            for each in judged
            for entry in each.missing
        ],
        "questions": [judged_dict(each) for each in judged],
    }


def judged_dict(judged: Judged) -> dict[str, Any]:
    """One question, JSON-ready."""
    golden = judged.golden
    return {
        "question": golden.question,
        "expected": [str(each) for each in golden.expected],
        "not": [str(each) for each in golden.never],
        "verdict": judged.verdict.value,
        "decision": judged.decision.value,
        "confidence": judged.confidence,
        "ranked": [{"question": each.question, "url": each.url} for each in judged.ranked],
    }


def _compared_dict(row: Compared) -> dict[str, Any]:
    return {
        "figure": row.figure,
        "A": json_figure(row.here),
        "B": json_figure(row.other),
        "difference": json_figure(row.difference),
        "interval": [json_figure(row.interval.low), json_figure(row.interval.high)],
        "told": row.is_significant,
        "meaning": _describe_difference(row) if row.is_significant else NO_DIFFERENCE,
    }


def _pair_dict(here: Judged, other: Judged) -> dict[str, Any]:
    return {
        "question": here.golden.question,
        "expected": here.golden.wanted,
        "A": here.given_answer,
        "B": other.given_answer,
    }
