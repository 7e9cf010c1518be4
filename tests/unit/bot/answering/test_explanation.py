"""Why a turn came out as it did: by the log alone, and for each way in which the pipeline decides."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from bot.answering.explanation import Why, explain_turn
from bot.chat.conversation import Citation, Decision, IncomingMessage, Turn
from retrieval.audiences import ANYBODY
from retrieval.documents import LEARNED, Document
from retrieval.search.weighing import Adjustment
from tests.support.turns import PASSAGE, make_turn

BELOW, ABOVE = {"confidence": 0.2, "threshold": 0.7}, {"confidence": 0.9, "threshold": 0.7}
JUDGED = {"retrieve": 1.0, "judge": 9.0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"decision": Decision.ANSWER, **ABOVE}, Why.SURE),
        ({"decision": Decision.ANSWER, **BELOW, "timings_ms": JUDGED}, Why.READ),
        ({"decision": Decision.ANSWER, **BELOW, "standalone_question": "Returns (Lamps)"}, Why.CHOSEN),
        ({"decision": Decision.ANSWER, **BELOW}, Why.UNTOLD),
        ({"decision": Decision.ANSWER, **ABOVE, "features": {LEARNED: 2.0}}, Why.LEARNED),
        ({"decision": Decision.SUGGEST, **BELOW}, Why.NEAREST),
        ({"decision": Decision.SUGGEST, **ABOVE}, Why.UNWRITTEN),
        ({"decision": Decision.CLARIFY, **ABOVE}, Why.TIED),
        ({"decision": Decision.ABSTAIN, **BELOW}, Why.TOO_FAR),
        ({"decision": Decision.ABSTAIN, **BELOW, "timings_ms": JUDGED}, Why.READ_IN_VAIN),
        ({"decision": Decision.ABSTAIN, "passages": (), "index_version": ""}, Why.NOTHING),
        (
            {"decision": Decision.ABSTAIN, "passages": (), "index_version": "", "standalone_question": "offered"},
            Why.REFUSED,
        ),
        ({"decision": Decision.CHITCHAT, "passages": ()}, Why.SMALL_TALK),
        ({"decision": Decision.HUMAN, "passages": ()}, Why.PERSON),
    ],
)
def test_each_way_of_deciding_is_told_apart(changes: dict[str, Any], why: Why) -> None:
    option = Citation(1, "Returns", "https://s.example", "p", under="Lamps")
    offer = make_turn(decision=Decision.CLARIFY, standalone_question="offered", citations=(option,))
    turn = make_turn(1, **changes)
    assert explain_turn(turn, turn, [offer]).why is why


def test_what_was_found_is_told_with_its_number_and_how_likely_it_was() -> None:
    turn = make_turn(**BELOW)
    told = explain_turn(turn, turn)
    assert [each.number for each in told.findings] == [1, 0]
    assert [each.likelihood for each in told.findings] == [1.0, math.exp(0.5 - 0.875)]
    assert (told.nearest, told.hidden, told.weighing) == (PASSAGE, 0, None)
    assert told.lacking == pytest.approx(0.5)
    assert explain_turn(replace(turn, **ABOVE), turn).lacking == 0.0
    assert explain_turn(make_turn(passages=(), **BELOW), turn).lacking == 0.0


def test_of_what_may_not_be_seen_only_the_number_is_told() -> None:
    hidden = replace(PASSAGE, audience=frozenset({"slack:channel:C9"}))
    turn = make_turn(passages=(hidden, replace(PASSAGE, rank=2, passage_id="f" * 20, score=0.5)), **BELOW)
    told = explain_turn(turn, turn.show_to(ANYBODY))
    assert (told.nearest, told.hidden) == (None, 1)
    assert [each.passage.rank for each in told.findings] == [2]
    assert told.findings[0].likelihood < 1


def test_a_score_that_no_float_holds_is_no_fault() -> None:
    turn = make_turn(passages=(PASSAGE, replace(PASSAGE, rank=2, score=-1e308)))
    assert explain_turn(turn, turn).findings[1].likelihood >= 0


async def ask(*questions: str) -> list[Turn]:
    """By the real pipeline."""
    from bot.answering.pipeline import AnswerPipeline
    from bot.answering.quote import ExtractiveWriter
    from retrieval.search.retriever import retriever_over
    from tests.fakes import MemoryConversations
    from tests.support.embedding import default_embedder, intent_reader

    documents = [
        Document("https://s.example/a", "How do I return a lamp?", "Within 30 days, in its box.", language="en"),
        Document("https://s.example/b", "Do you ship to Norway?", "Yes, in a week, for 9 euros.", language="en"),
        Document("https://s.example/c", "Which bulbs fit the Ember?", "Those with an E27 base.", language="en"),
    ]
    store = MemoryConversations()
    retriever = retriever_over(documents, default_embedder())
    pipeline = AnswerPipeline(retriever, store, ExtractiveWriter(), intents=intent_reader())
    for question in questions:
        async for _ in pipeline.answer_message(IncomingMessage("c", question)):
            pass
    return store.stored


async def test_of_what_the_pipeline_keeps_the_sum_is_told_and_adds_up() -> None:
    from retrieval.search.fitted import load_fitted
    from tests.support.embedding import default_embedder

    fitted = load_fitted(default_embedder())
    turns = await ask("can I send a lamp back to you", "What is the capital of France?", "hello!")
    told = [explain_turn(turn, turn, turns[:place], fitted) for place, turn in enumerate(turns)]
    assert [each.why for each in told] == [Why.SURE, Why.TOO_FAR, Why.SMALL_TALK]
    for turn, each in zip(turns[:2], told, strict=False):
        assert each.weighing and each.weighing.adjustment is Adjustment.NONE
        assert 1 / (1 + math.exp(-each.weighing.total)) == pytest.approx(turn.confidence)
        assert 1 / (1 + math.exp(-each.weighing.needed)) == pytest.approx(turn.threshold)
        assert each.nearest and each.nearest.rank == 1
    assert (told[2].weighing, told[2].nearest, told[2].findings) == (None, None, ())
