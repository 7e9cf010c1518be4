"""A fit to golden questions, tried on those that it was made without."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.chat.conversation import Decision
from bot.errors import InputError
from bot.evaluation.fit import fit_golden
from bot.evaluation.judge import Judged, Verdict
from bot.evaluation.questions import Expected, GoldenQuestion
from retrieval.documents import Document
from retrieval.search.calibration import estimate_probability
from retrieval.search.fitted import OWN
from retrieval.search.profiles import Fitted, Profile

FIRST = Profile("first", {"cos_best:m": 1.0}, {"sure": 1.0, "intercept": 0.0}, 0.8, 0.4)
THEN = Profile("then", {"cos_best:m": 1.0}, {"sure": 0.5, "intercept": 0.0}, 0.7, 0.3, after="first")
WORDS = Profile("words", {"overlap": 1.0}, {"intercept": 0.0})
BASE = Fitted(("m",), (FIRST, THEN, WORDS), "these models")
PAGE = Document("https://shop.example/help", "Where is it?", "Here.")


def make_questions(count: int) -> list[GoldenQuestion]:
    return [GoldenQuestion(f"question {n}", (Expected("", "x"),) if n % 3 else (), line=n) for n in range(count)]


def ask_by(questions: Sequence[GoldenQuestion], fitted: Fitted) -> list[Judged]:
    """A search that is as sure of what nothing answers as of the rest of the lower half."""
    first, then = fitted.profiles[:2]
    judged = []
    for each in questions:
        features = {"sure": 3.0 if each.line % 3 == 1 else -1.0 + each.line / 40}
        profile = first if estimate_probability(features, first.confidence) >= first.answer else then
        confidence = estimate_probability(features, profile.confidence)
        answers = confidence >= profile.answer
        fitting = frozenset({PAGE.id}) if each.answerable else frozenset()
        decided = Decision.ANSWER if answers else Decision.SUGGEST
        judged.append(Judged(each, decided, confidence, (PAGE,), fitting, (), Verdict.RIGHT, profile.name))
    return judged


def test_each_profile_is_fitted_to_all_questions_that_it_may_be_tried_on() -> None:
    own = fit_golden(make_questions(60), BASE, ask_by)
    assert own.counts == {"first": 60, "then": 60}
    assert own.fitted.origin == OWN
    assert own.fitted.profiles[0] != FIRST and own.fitted.profiles[1] != THEN and own.fitted.profiles[2] == WORDS


def test_the_figures_before_and_after_are_of_the_same_questions_in_their_order() -> None:
    questions = make_questions(41)
    own = fit_golden(questions, BASE, ask_by)
    assert [each.golden for each in own.before] == [each.golden for each in own.after] == questions
    assert own.before == ask_by(questions, BASE)


def test_too_few_questions_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"Too few questions for a fit: 19 are .* 20 are needed"):
        fit_golden(make_questions(19), BASE, ask_by)


def test_questions_of_which_only_a_wrong_entry_is_known_do_not_count() -> None:
    known, unclear = make_questions(30), [GoldenQuestion("unclear", never=(Expected("", "x"),))]
    assert len(fit_golden([*known, *unclear], BASE, ask_by).before) == 30
