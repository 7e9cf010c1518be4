"""The coverage/accuracy curve, and its picture."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.chat.conversation import Decision
from bot.cli.curve import check_picture, draw_curves
from bot.errors import InputError
from bot.evaluation.curve import FEWEST, compute_curve
from bot.evaluation.judge import Judged, Verdict
from bot.evaluation.questions import Expected, GoldenQuestion
from retrieval.documents import Document

DOCUMENT = Document("https://shop.test/a", "Q", "A")


def asked(confidence: float, *, right: bool = True, answerable: bool = True, threshold: float = 0.75) -> Judged:
    golden = GoldenQuestion("q", (Expected("", "Q"),) if answerable else ())
    fitting = frozenset({DOCUMENT.id} if right and answerable else ())
    decision = Decision.ANSWER if confidence >= threshold else Decision.ABSTAIN
    return Judged(golden, decision, confidence, (DOCUMENT,), fitting, (), Verdict.RIGHT)


SET = [
    *(asked(0.9 - number / 100) for number in range(6)),
    asked(0.8, right=False),
    asked(0.7),
    asked(0.7, answerable=False),
    asked(0.2),
]


def test_each_threshold_is_a_point_and_ties_are_one() -> None:
    drawn = compute_curve(SET)
    assert [point.threshold for point in drawn.points] == pytest.approx([0.86, 0.85, 0.8, 0.7, 0.2])
    assert [point.coverage for point in drawn.points] == pytest.approx([5 / 9, 6 / 9, 7 / 9, 8 / 9, 1])
    assert [point.accuracy for point in drawn.points] == pytest.approx([1, 1, 6 / 7, 7 / 9, 8 / 10])
    assert drawn.working is not None
    assert (drawn.working.coverage, drawn.working.accuracy) == pytest.approx((7 / 9, 6 / 7))


def test_the_first_answers_are_too_few_for_a_point() -> None:
    assert len(compute_curve([asked(0.9 - number / 100) for number in range(FEWEST - 1)]).points) == 0


def test_where_nothing_is_answered_there_is_no_working_point() -> None:
    assert compute_curve([asked(0.5 + number / 100) for number in range(9)]).working is None
    assert compute_curve([]).points == ()


@pytest.mark.parametrize("sides", [1, 2])
def test_the_picture_is_a_real_png(tmp_path: Path, sides: int) -> None:
    path = tmp_path / "curve.png"
    draw_curves(path, [("A: version 1", SET), ("B: version 1, answer_threshold=0.99", SET[2:])][:sides])
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", content[16:24])
    assert width > 1000 and height > 700
    assert len(content) > 15_000


def test_the_svg_names_both_sides_and_is_the_same_every_time(tmp_path: Path) -> None:
    def svg(name: str) -> str:
        draw_curves(tmp_path / name, [("A: one", SET), ("B: other", SET[1:])])
        return (tmp_path / name).read_text(encoding="utf-8")

    first = svg("a.svg")
    assert first == svg("b.svg")
    assert "A: one" in first and "B: other" in first and "78% answered" in first


@pytest.mark.parametrize("name", ["curve.gif", "curve"])
def test_a_name_that_cannot_be_drawn_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        check_picture(tmp_path / name)


def test_an_empty_curve_is_drawn_too(tmp_path: Path, recwarn: Callable[..., object]) -> None:
    draw_curves(tmp_path / "curve.png", [("A", [asked(0.1, answerable=False)])])
    assert (tmp_path / "curve.png").stat().st_size > 10_000
    assert not list(recwarn)  # type: ignore[call-overload]
