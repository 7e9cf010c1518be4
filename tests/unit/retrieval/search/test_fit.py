"""A fit to some dozens of questions: it mends what is off, and leaves what is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.search.calibration import estimate_probability
from retrieval.search.fit import (
    FEWEST,
    Case,
    choose_thresholds,
    fit_line,
    fit_own,
    fit_profile,
    keep_enough,
    logit,
    predict_left_out,
    sigmoid,
)
from retrieval.search.fitted import OWN, read_fitted, write_fitted
from retrieval.search.profiles import Fitted, Profile

WORDS = Profile("words", {"overlap": 3.0}, {"overlap": 4.0, "lead": 0.5, "intercept": -1.0}, 0.8, 0.4)
OTHER = Profile("other", {"cos_best:m": 3.0}, {"intercept": 0.0}, 0.7, 0.3, query=frozenset({"en"}))


def draw_cases(count: int, scale: float = 1.0, shift: float = 0.0, seed: int = 7) -> list[Case]:
    """Questions whose true confidence lies on a line of what was said; nothing answers half of those that fail."""
    random = np.random.default_rng(seed)
    said = sigmoid(random.normal(1.0, 2.0, count))
    right = random.random(count) < sigmoid(scale * logit(said) + shift)
    lost = random.random(count) < 0.5
    return [
        Case(float(sure), bool(good), bool(good or not gone))
        for sure, good, gone in zip(said, right, lost, strict=True)
    ]


def test_a_confidence_that_is_right_stays_nearly_as_it_is() -> None:
    line = fit_line(draw_cases(1000))
    assert (line.scale, line.shift) == pytest.approx((1.0, 0.0), abs=0.2)


def test_a_confidence_that_is_off_is_mended_by_many_questions_and_moved_little_by_few() -> None:
    many, few = fit_line(draw_cases(2000, 0.6, -1.0)), fit_line(draw_cases(FEWEST, 0.6, -1.0))
    assert (many.scale, many.shift) == pytest.approx((0.6, -1.0), abs=0.2)
    assert abs(few.shift) < abs(many.shift)


def test_left_out_questions_are_predicted_by_the_others_in_their_order() -> None:
    cases = draw_cases(300, 1.0, -1.0)
    predicted = predict_left_out(cases)
    assert predicted.shape == (300,)
    assert abs(predicted.mean() - np.mean([case.right for case in cases])) < 0.1


def test_answers_begin_where_19_of_20_are_right_and_suggestions_where_few_of_the_unanswerable_are_shown() -> None:
    cases = draw_cases(4000)
    confidences = np.array([case.confidence for case in cases])
    answer, suggest = choose_thresholds(cases, confidences, (0.8, 0.4))
    answered = [case for case in cases if case.confidence >= answer]
    outside = [case for case in cases if not case.answerable]
    assert np.mean([case.right for case in answered]) == pytest.approx(0.95, abs=0.02)
    assert np.mean([case.confidence >= suggest for case in outside]) == pytest.approx(0.28, abs=0.05)
    assert suggest <= answer


def test_without_questions_that_nothing_answers_no_threshold_is_lowered() -> None:
    cases = [Case(0.5 + place / 100, True, True) for place in range(30)]
    confidences = np.array([case.confidence for case in cases])
    assert choose_thresholds(cases, confidences, (0.8, 0.4)) == pytest.approx((0.8, 0.4))


def test_where_most_is_wrong_hardly_anything_is_answered() -> None:
    cases = [Case(0.5 + place / 100, False, False) for place in range(40)]
    answer, suggest = choose_thresholds(cases, np.array([case.confidence for case in cases]), (0.8, 0.4))
    assert answer > 0.82 and 0.42 < suggest <= answer


def test_a_fitted_profile_says_what_the_line_says() -> None:
    cases = draw_cases(200, 0.7, -0.5)
    fitted, line = fit_profile(WORDS, cases), fit_line(cases)
    features = {"overlap": 0.6, "lead": 1.0}
    before = estimate_probability(features, WORDS.confidence)
    assert estimate_probability(features, fitted.confidence) == pytest.approx(line.move_threshold(before))
    assert fitted.weights == WORDS.weights and 0 < fitted.suggest <= fitted.answer <= 1


def test_profiles_with_too_few_questions_keep_what_they_have() -> None:
    base = Fitted(("m",), (WORDS, OTHER), "these models")
    own = fit_own(base, keep_enough({"words": draw_cases(FEWEST), "other": draw_cases(FEWEST - 1)}))
    assert own.profiles[0] != WORDS and own.profiles[1] == OTHER
    assert own.origin == OWN


def test_a_fit_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "fitted" / "m.json"
    own = fit_own(Fitted(("m",), (WORDS, OTHER), "these models"), {"words": draw_cases(50)})
    write_fitted(own, path, "a test")
    write_fitted(own, path, "a test")
    assert read_fitted(path.read_text(encoding="utf-8"), str(path), OWN) == own
    assert [each.name for each in path.parent.iterdir()] == ["m.json"]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda data: data.pop("profiles"), "'profiles'"),
        (lambda data: data["profiles"][0]["weights"].update(hope=1.0), "unknown signal hope"),
        (lambda data: data["profiles"][0]["confidence"].pop("intercept"), "'intercept'"),
        (lambda data: data["profiles"][0].update(answer="high"), "must be real number"),
        (lambda data: data["profiles"].pop(0), "no profile for words alone"),
    ],
)
def test_a_broken_fit_is_named_with_its_fault(tmp_path: Path, spoil, fault: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "m.json"
    write_fitted(Fitted(("m",), (WORDS, OTHER), OWN), path, "a test")
    data = json.loads(path.read_text(encoding="utf-8"))
    spoil(data)
    with pytest.raises(ModelError, match=fault) as caught:
        read_fitted(json.dumps(data), str(path), OWN)
    assert str(caught.value).startswith(str(path)) and "delete it, or make it anew" in str(caught.value)
