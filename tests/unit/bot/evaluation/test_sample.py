"""Bootstrap intervals: a resample has the figures of `metrics`, and differences are told only where there are any."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.conversation import Decision
from bot.evaluation import sample as sampling
from bot.evaluation.judge import Judged, Verdict, golden_figures
from bot.evaluation.questions import Expected, GoldenQuestion
from bot.evaluation.sample import RESAMPLES, _draw_weights, _Table, bootstrap_intervals, compare_sides
from retrieval.documents import Document

DOCUMENTS = tuple(Document(f"https://shop.test/{number}", f"Q{number}", "A") for number in range(8))
EXPECTED = Expected("", "Q")


def judged(kind: str, rank: int, confidence: float, answered: bool, name: str = "q") -> Judged:
    """An answerable, unanswerable or refused question whose expected document stands at `rank` (0 for none)."""
    golden = GoldenQuestion(name, (EXPECTED,) if kind == "answerable" else (), (EXPECTED,) if kind == "refused" else ())
    fitting = frozenset({DOCUMENTS[rank - 1].id} if rank and kind == "answerable" else ())
    if kind == "answerable":
        verdict = Verdict.UNANSWERED if not answered else Verdict.RIGHT if rank == 1 else Verdict.WRONG
    else:
        verdict = Verdict.WRONG if answered else Verdict.RIGHT
    decision = Decision.ANSWER if answered else Decision.ABSTAIN
    return Judged(golden, decision, confidence, DOCUMENTS, fitting, (), verdict)


some = st.builds(
    judged,
    st.sampled_from(["answerable", "answerable", "unanswerable", "refused"]),
    st.integers(0, 8),
    st.sampled_from([0.0, 0.2, 0.25, 0.5, 0.75, 0.9, 1.0]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(some, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_a_resample_has_the_figures_of_the_questions_drawn(questions: list[Judged], chance: random.Random) -> None:
    table = _Table(questions)
    for _ in range(3):
        drawn = [chance.randrange(len(questions)) for _ in questions]
        weights = np.bincount(drawn, minlength=len(questions)).astype(float)[None]
        truth = golden_figures([questions[number] for number in drawn])
        for name, [value] in table.compute_figures(weights).items():
            known = truth.get(name, math.nan)
            assert value == pytest.approx(known, nan_ok=True), name


def many(count: int, right: float, seed: int) -> list[Judged]:
    chance = random.Random(seed)
    return [
        judged("answerable", 1 if chance.random() < right else 2, chance.random(), True, f"q{number}")
        for number in range(count)
    ]


def as_told(rows: Sequence[object]) -> dict[str, object]:
    return {row.figure: row for row in rows}  # type: ignore[attr-defined]


def test_the_same_answers_show_no_difference() -> None:
    questions = many(80, 0.8, 1)
    for row in compare_sides(questions, questions):
        assert row.difference == 0 or math.isnan(row.difference)
        assert not row.is_significant


def test_a_large_difference_is_told_and_a_small_one_is_not() -> None:
    before, worse = many(200, 0.9, 1), many(200, 0.6, 2)
    row = as_told(compare_sides(before, worse))["P@1"]
    assert row.is_significant and row.difference < -0.2  # type: ignore[attr-defined]
    assert row.interval.low < row.difference < row.interval.high  # type: ignore[attr-defined]
    nearly = [before[0], *before[1:-1], judged("answerable", 2, 0.5, True, before[-1].golden.question)]
    assert not as_told(compare_sides(before, nearly))["P@1"].is_significant  # type: ignore[attr-defined]


def test_pairing_tells_what_two_separate_intervals_would_not() -> None:
    """Ten more right of two hundred, none less: each side's interval is wider than that."""
    before = many(200, 0.5, 1)
    wrong = [number for number, each in enumerate(before) if each.verdict is Verdict.WRONG][:10]
    after = [
        judged("answerable", 1, each.confidence, True, each.golden.question) if number in wrong else each
        for number, each in enumerate(before)
    ]
    row = as_told(compare_sides(before, after))["as_expected"]
    assert row.is_significant and row.difference == pytest.approx(0.05)  # type: ignore[attr-defined]
    assert bootstrap_intervals(before)["as_expected"].high > golden_figures(after)["as_expected"]


def test_an_interval_is_as_wide_as_chance_and_the_same_every_time() -> None:
    questions = many(400, 0.75, 3)
    share = golden_figures(questions)["P@1"]
    interval = bootstrap_intervals(questions)["P@1"]
    assert interval == bootstrap_intervals(questions)["P@1"]
    spread = 1.96 * math.sqrt(share * (1 - share) / 400)
    assert interval.low == pytest.approx(share - spread, abs=0.01)
    assert interval.high == pytest.approx(share + spread, abs=0.01)


@pytest.mark.slow
def test_the_memory_needed_does_not_grow_with_the_square_of_the_questions() -> None:
    questions = [
        judged("answerable" if number % 2 else "unanswerable", 1, number % 997 / 997, True) for number in range(40_000)
    ]
    table = _Table(questions)
    tracemalloc.start()
    try:
        weights = next(_draw_weights(len(questions)))
        [auroc] = table.compute_figures(np.ones((1, len(questions))))["AUROC"]
        table.compute_figures(weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300 * 2**20  # 20,000 x 20,000 pairs would be 3,000 MiB, 2,000 x 40,000 weights 610
    assert auroc == pytest.approx(golden_figures(questions)["AUROC"])


def test_the_weights_are_so_many_draws_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(_draw_weights(7)))
    assert whole.shape == (RESAMPLES, 7) and (whole.sum(axis=1) == 7).all()
    monkeypatch.setattr(sampling, "_AT_ONCE", 7 * 300)
    blocks = list(_draw_weights(7))
    assert [len(block) for block in blocks] == [300] * 6 + [200]
    assert (np.concatenate(blocks) == whole).all()


def test_only_the_same_questions_are_compared() -> None:
    with pytest.raises(ValueError, match="same questions"):
        compare_sides(many(3, 0.5, 1), many(4, 0.5, 1))
