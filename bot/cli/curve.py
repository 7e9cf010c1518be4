"""The coverage/accuracy curve as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bot.evaluation.curve import Curve
    from bot.evaluation.judge import Judged

_KINDS = {".png", ".svg", ".pdf"}
_STYLES = (("#1f5fa8", "-", "o"), ("#d9742b", (0, (4, 2)), "D"))  # told apart without colours too, and one on another
_INK, _FAINT = "#22272e", "#d8dde3"


def check_picture(path: Path) -> None:
    """Raises InputError for a name that is no picture's, before anything long is done."""
    if path.suffix.lower() not in _KINDS:
        raise InputError(f"{path} is no name of a picture: let it end in .png or .svg.")


def draw_curves(path: Path, sides: Sequence[tuple[str, Sequence[Judged]]]) -> None:
    """Draw the curve of each (name, judged questions). Raises InputError."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # without pyplot: no window, nothing global

    from bot.evaluation.curve import compute_curve

    curves = [(name, compute_curve(judged)) for name, judged in sides]
    with rc_context({"font.size": 10, "svg.hashsalt": "frontdesk", "text.color": _INK, "axes.labelcolor": _INK}):
        figure = Figure(figsize=(7.2, 5.2), layout="constrained")
        axes = figure.add_subplot()
        for (name, each), (colour, dashes, marker) in zip(curves, _STYLES, strict=False):
            _draw_curve(axes, each, colour, dashes, marker, f"{name}\n{_describe_working_point(each)}")
        _draw_frame(axes, [each for _, each in curves])
        figure.legend(loc="outside lower left", frameon=False, fontsize=9, handlelength=3.5, labelspacing=0.9)
        try:
            figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        except OSError as error:
            raise InputError(f"Cannot write {path} ({error.strerror}): name a file you may write.") from error


def _draw_curve(axes: Axes, curve: Curve, colour: str, dashes: Any, marker: str, label: str) -> None:
    at = curve.working
    coverage, accuracy = [point.coverage for point in curve.points], [point.accuracy for point in curve.points]
    axes.plot(coverage, accuracy, color=colour, linewidth=2, linestyle=dashes, solid_joinstyle="round", clip_on=False)
    axes.plot(
        [at.coverage] if at else [],
        [at.accuracy] if at else [],
        color=colour,
        linestyle=dashes,  # of the legend: a single point shows none
        linewidth=2,
        marker=marker,
        markersize=9,
        markeredgecolor="white",
        markeredgewidth=1.5,
        zorder=3,
        clip_on=False,
        label=label,
    )


def _describe_working_point(curve: Curve) -> str:
    if curve.working is None:
        return "nothing is answered at the threshold in use"
    at = curve.working
    return f"at the threshold in use: {at.coverage:.0%} answered, {at.accuracy:.0%} of the answers right"


def _draw_frame(axes: Axes, curves: Sequence[Curve]) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    heights = [point.accuracy for each in curves for point in (*each.points, *filter(None, [each.working]))]
    low = min(heights, default=0.0)
    axes.set_xlim(0, 1)
    axes.set_ylim(max(0.0, low - max(0.05, 0.15 * (1 - low))), 1.005)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.set_tick_params(length=0, labelcolor=_INK)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("share of the answerable questions that are answered")
    axes.set_ylabel("share of the answers that are right")
    axes.set_title("Coverage and accuracy, by confidence threshold", loc="left", fontsize=12, fontweight="bold", pad=12)
    axes.grid(color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
