"""The log's voted turns as golden questions, from the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Citation, Decision, Feedback, Turn, Vote
from bot.database.database import Database
from bot.evaluation.questions import Expected, GoldenQuestion
from bot.evaluation.voted import Voted, voted_questions
from tests.support.turns import NOON, make_turn

RETURNS = Citation(1, "How do I return goods?", "https://shop.test/returns#how", "a" * 20)
FEES = Citation(1, "What does it cost?", "https://shop.test/returns#cost", "b" * 20)
RIGHT, OTHER = (Expected(each.url, each.title) for each in (RETURNS, FEES))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlConversationStore]:
    database = await Database.open(f"sqlite:///{tmp_path / 'log.db'}")
    yield SqlConversationStore(database)
    await database.close()


async def said(
    store: SqlConversationStore, votes: str, citation: Citation = RETURNS, minutes: float = 0, **changes: object
) -> Turn:
    """A turn with a vote of another user for each "+" and "-"."""
    question = str(changes.pop("question", "can I send it back please"))
    given = {"question": question, "standalone_question": question, "language": "en", "citations": (citation,)}
    turn = make_turn(minutes, **{"conversation_id": f"c{minutes}"} | given | changes)
    await store.add_turn(turn)
    for number, vote in enumerate(votes):
        await store.record_vote(Feedback(turn.id, f"u{number}", Vote.UP if vote == "+" else Vote.DOWN))
    return turn


async def test_a_thumb_up_expects_the_first_citation_and_a_thumb_down_refuses_it(store: SqlConversationStore) -> None:
    await said(store, "+", citations=(RETURNS, FEES))
    await said(store, "--+", FEES, 1, question="is sending things back free of charge")
    await said(store, "", minutes=2, question="nobody voted on this one")
    voted = await voted_questions(store)
    assert [(each.question, each.expected, each.never) for each in voted.questions] == [
        ("can I send it back please", (RIGHT,), ()),
        ("is sending things back free of charge", (), (OTHER,)),
    ]
    assert {each.language for each in voted.questions} == {"en"}


async def test_the_votes_of_one_question_are_counted_together(store: SqlConversationStore) -> None:
    await said(store, "+")
    await said(store, "-", minutes=1, question="Can I send it BACK please")
    await said(store, "+", minutes=2)
    await said(store, "-", FEES, 3)
    await said(store, "+-", minutes=4, question="does anybody agree about this one")
    voted = await voted_questions(store)
    assert [(each.expected, each.never) for each in voted.questions] == [((RIGHT,), (OTHER,))]
    assert voted.unclear == 1


async def test_a_vote_on_what_cites_nothing_is_left_out(store: SqlConversationStore) -> None:
    await said(store, "-", decision=Decision.ABSTAIN, citations=())
    await said(store, "+", minutes=1, decision=Decision.CLARIFY)
    assert await voted_questions(store) == Voted((), 0, 2)


async def test_a_follow_up_brings_what_was_said_before(store: SqlConversationStore) -> None:
    await said(store, "", conversation_id="one", answer="Within 30 days. [1]")
    await said(store, "", minutes=1, conversation_id="one", decision=Decision.CHITCHAT, question="thanks", citations=())
    await said(store, "+", FEES, 2, conversation_id="one", question="and what does it cost?")
    await said(store, "+", FEES, 3, conversation_id="one", question="is the whole thing free of charge")
    follow, alone = (await voted_questions(store)).questions
    assert follow.history == (("can I send it back please", "Within 30 days. [1]"),)
    assert alone.history == ()


async def test_the_question_is_the_customer_s_own_words(store: SqlConversationStore) -> None:
    await said(store, "", conversation_id="one", answer="Within 30 days. [1]")
    asked = {"question": "hi, and what does it cost?", "standalone_question": "What does it cost to send goods back?"}
    await said(store, "+", FEES, 1, conversation_id="one", **asked)
    [voted] = (await voted_questions(store)).questions
    assert (voted.question, len(voted.history)) == ("hi, and what does it cost?", 1)


@pytest.mark.parametrize("decision", [Decision.CLARIFY, Decision.SUGGEST])
async def test_what_was_chosen_answers_the_words_that_were_asked_back(
    store: SqlConversationStore, decision: Decision
) -> None:
    offer = {"decision": decision, "citations": (FEES, RETURNS), "question": "can you take the old one back"}
    await said(store, "", conversation_id="one", **offer)
    chosen = {"question": "2", "standalone_question": RETURNS.title}
    await said(store, "+", RETURNS, 1, conversation_id="one", **chosen)
    assert (await voted_questions(store)).questions == (
        GoldenQuestion("can you take the old one back", (RIGHT,), language="en"),
    )


async def test_a_suggestion_that_was_liked_is_expected(store: SqlConversationStore) -> None:
    await said(store, "+", decision=Decision.SUGGEST, citations=(RETURNS, FEES))
    assert [each.expected for each in (await voted_questions(store)).questions] == [(RIGHT,)]


async def test_only_the_days_asked_for_are_read(store: SqlConversationStore) -> None:
    await said(store, "+")
    assert (await voted_questions(store, NOON + timedelta(hours=1))).questions == ()
