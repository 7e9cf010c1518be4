"""Answer, suggest, ask which is meant, or find nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answering.decide import is_doubtful, make_decision, select_nearest
from bot.chat.conversation import Decision
from retrieval.documents import DEFAULT_SUGGESTION, DEFAULT_THRESHOLD, Document, RetrievalResult, ScoredPassage
from tests.fakes import passage

RETURN = Document("https://shop.example/1", "How do I return goods?", "Send them back within thirty days.")
REPAIR = Document("https://shop.example/2", "Who repairs a kettle?", "Our workshop in Ghent does.")
AGAIN = Document("https://shop.example/3", "How can I return goods?", "Please send them back within thirty days.")
OPENED = Document("https://shop.example/4", "Can I return opened tea?", "No.")
UNOPENED = Document("https://shop.example/5", "Can I return unopened tea?", "Yes, within thirty days.")
KETTLE = Document("https://shop.example/6", "How long is the guarantee?", "Two years.", heading_path=("Kettles",))
POT = Document("https://shop.example/7", "How long is the guarantee?", "For ever.", heading_path=("Pots",))


def result(confidence: float, *scored: tuple[Document, float]) -> RetrievalResult:
    passages = tuple(ScoredPassage(passage(document), score) for document, score in scored)
    return RetrievalResult("q", "en", passages, confidence, "v", "e")


@pytest.mark.parametrize(
    ("confidence", "gap", "decision", "options"),
    [
        (DEFAULT_THRESHOLD, 5.0, Decision.ANSWER, 0),
        (0.6, 5.0, Decision.SUGGEST, 2),  # likely
        (0.7, 0.1, Decision.CLARIFY, 2),  # two fit equally well
        (DEFAULT_SUGGESTION, 0.1, Decision.SUGGEST, 2),  # as well, but neither likely enough to leave it at titles
        (DEFAULT_SUGGESTION - 0.01, 0.1, Decision.ABSTAIN, 0),
        (0.0, 5.0, Decision.ABSTAIN, 0),
    ],
)
def test_what_a_confidence_is_good_for(confidence: float, gap: float, decision: Decision, options: int) -> None:
    decided = make_decision(result(confidence, (RETURN, 10.0), (REPAIR, 10.0 - gap)))
    assert (decided.decision, len(decided.options)) == (decision, options)


def test_the_same_question_twice_is_one_option() -> None:
    decided = make_decision(result(0.6, (RETURN, 10.0), (AGAIN, 9.9), (REPAIR, 9.0)))
    assert [option.passage.document for option in decided.options] == [RETURN, REPAIR]


@pytest.mark.parametrize(("one", "other"), [(OPENED, UNOPENED), (KETTLE, POT)])
def test_like_questions_with_unlike_answers_are_both_offered(one: Document, other: Document) -> None:
    decided = make_decision(result(0.6, (one, 10.0), (other, 9.9)))
    assert [option.passage.document for option in decided.options] == [one, other]
    assert decided.decision is Decision.CLARIFY


def test_nothing_tells_apart_what_has_the_same_question_under_the_same_heading() -> None:
    other = replace(POT, heading_path=KETTLE.heading_path)
    assert len(make_decision(result(0.6, (KETTLE, 10.0), (other, 9.9))).options) == 1


@pytest.mark.parametrize("gap", [0.1, 1.5])
def test_the_answer_given_last_is_no_option_beside_another(gap: float) -> None:
    found = result(0.7, (RETURN, 10.0), (REPAIR, 10.0 - gap))
    first, second = (scored.passage for scored in found.passages)
    assert [option.passage for option in make_decision(found, given={second.id}).options] == [first]
    assert [option.passage for option in make_decision(found, given={first.id}).options] == [first, second]


def test_nothing_found_is_no_answer() -> None:
    assert make_decision(result(0.0)).decision is Decision.ABSTAIN
    assert not is_doubtful(result(0.9), 0.5)


def test_a_lower_threshold_answers_more() -> None:
    assert make_decision(result(0.3, (RETURN, 10.0)), threshold=0.25).decision is Decision.ANSWER


def test_what_is_enough_for_a_suggestion_is_a_threshold_of_its_own() -> None:
    found = result(0.5, (RETURN, 10.0))
    assert make_decision(found, suggest_threshold=0.6).decision is Decision.ABSTAIN
    assert make_decision(found, suggest_threshold=0.5).decision is Decision.SUGGEST
    assert make_decision(result(0.2, (RETURN, 10.0)), threshold=0.3, suggest_threshold=0.9).decision is Decision.ABSTAIN
    assert make_decision(result(0.3, (RETURN, 10.0)), threshold=0.3, suggest_threshold=0.9).decision is Decision.ANSWER


def test_the_nearest_are_at_most_three_unlike_each_other() -> None:
    found = result(0.5, (RETURN, 10.0), (AGAIN, 9.9), (REPAIR, 9.5), (KETTLE, 9.4), (POT, 9.3))
    assert [option.passage.document for option in select_nearest(found)] == [RETURN, REPAIR, KETTLE]
