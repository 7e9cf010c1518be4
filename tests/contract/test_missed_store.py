"""What every MissedStore does."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision, Feedback, Turn, Vote
from bot.chat.message import ThreadRef
from bot.chat.ports import ConversationStore
from bot.database.database import Database
from bot.gaps.models import Missed, Reason
from bot.gaps.ports import MissedStore
from bot.gaps.store import SqlMissedStore
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.store import SqlHandoffStore
from tests.support.turns import NOON, make_turn


@pytest.fixture
def store(database: Database) -> MissedStore:
    return SqlMissedStore(database)


@pytest.fixture
def conversations(database: Database) -> ConversationStore:
    return SqlConversationStore(database)


async def hand_off(database: Database, turn: Turn) -> None:
    place = ThreadRef("slack", "T1", "C1", turn.id)
    open_ = HandoffState.OPEN, HandoffReason.BUTTON, turn.conversation_id, turn.id, turn.question, "zh"
    handoff = Handoff(uuid.uuid4().hex, *open_, place, "u1", "Ann", place, NOON, NOON)
    await SqlHandoffStore(database).open_handoff(handoff)


async def test_what_was_answered_well_is_not_missed(store: MissedStore, conversations: ConversationStore) -> None:
    answered, liked = make_turn(), make_turn(decision=Decision.SUGGEST)
    for turn in (answered, liked):
        await conversations.add_turn(turn)
    await conversations.record_vote(Feedback(liked.id, "u1", Vote.UP, "thanks"))
    assert list(await store.missed(NOON)) == []


async def test_each_question_comes_once_with_all_reasons_newest_first(
    store: MissedStore, conversations: ConversationStore, database: Database
) -> None:
    abstained = make_turn(1, decision=Decision.ABSTAIN, standalone_question="运费多少？", user="u2")
    disliked = make_turn(2, platform="slack")
    handed = make_turn(3, language="en")
    all_three = make_turn(4, decision=Decision.ABSTAIN)
    for turn in (abstained, all_three, handed, disliked, make_turn(5)):
        await conversations.add_turn(turn)
    for turn in (disliked, all_three):
        await conversations.record_vote(Feedback(turn.id, "u1", Vote.DOWN, created_at=NOON))
    for turn in (handed, all_three, all_three):
        await hand_off(database, turn)
    missed = list(await store.missed(NOON))
    assert [(each.turn_id, each.reasons) for each in missed] == [
        (all_three.id, frozenset(Reason) - {Reason.ABANDONED}),
        (handed.id, {Reason.HANDED_OFF}),
        (disliked.id, {Reason.VOTED_DOWN}),
        (abstained.id, {Reason.ABSTAINED}),
    ]
    assert missed[3] == Missed(
        *(abstained.id, "运费多少？", "zh", "terminal:u2", abstained.created_at, frozenset({Reason.ABSTAINED})),
        first=True,
    )
    assert (missed[2].asker, missed[1].language) == ("slack:u1", "en")


@pytest.mark.parametrize("decision", [Decision.SUGGEST, Decision.CLARIFY])
async def test_what_was_offered_in_vain_is_missed_once(
    store: MissedStore, conversations: ConversationStore, decision: Decision
) -> None:
    abandoned = make_turn(1, conversation_id="a", decision=decision)
    refused = make_turn(2, conversation_id="b", decision=decision)
    chosen = make_turn(3, conversation_id="c", decision=decision)
    after = [
        make_turn(4, conversation_id="a", decision=Decision.CHITCHAT, standalone_question="thanks"),
        make_turn(5, conversation_id="b", decision=Decision.ABSTAIN),
        make_turn(6, conversation_id="b", standalone_question="in other words"),
        make_turn(7, conversation_id="c", standalone_question="the other entry"),
        make_turn(8, conversation_id="c", decision=Decision.ABSTAIN, standalone_question="something else"),
    ]
    for turn in (abandoned, refused, chosen, *after):
        await conversations.add_turn(turn)
    missed = [(each.turn_id, each.reasons) for each in await store.missed(NOON)]
    assert missed == [
        (after[-1].id, {Reason.ABSTAINED}),
        (refused.id, {Reason.ABANDONED}),
        (abandoned.id, {Reason.ABANDONED}),
    ]


async def test_the_last_reason_given_for_a_down_vote_is_told(
    store: MissedStore, conversations: ConversationStore
) -> None:
    turn = make_turn()
    await conversations.add_turn(turn)
    votes = [("u1", Vote.DOWN, "价格不对"), ("u2", Vote.DOWN, ""), ("u3", Vote.UP, "fine"), ("u4", Vote.DOWN, "old")]
    for minute, (user, vote, reason) in zip((3, 4, 5, 1), votes, strict=True):
        await conversations.record_vote(Feedback(turn.id, user, vote, reason, NOON + timedelta(minutes=minute)))
    assert [each.comment for each in await store.missed(NOON)] == ["价格不对"]


async def test_a_vote_that_was_changed_to_up_is_no_miss(store: MissedStore, conversations: ConversationStore) -> None:
    turn = make_turn()
    await conversations.add_turn(turn)
    await conversations.record_vote(Feedback(turn.id, "u1", Vote.DOWN, "no"))
    await conversations.record_vote(Feedback(turn.id, "u1", Vote.UP))
    assert list(await store.missed(NOON)) == []


async def test_the_newest_since_then_are_told(store: MissedStore, conversations: ConversationStore) -> None:
    turns = [make_turn(minute, decision=Decision.ABSTAIN) for minute in range(5)]
    for turn in turns:
        await conversations.add_turn(turn)
    assert [each.turn_id for each in await store.missed(NOON + timedelta(minutes=1), limit=3)] == [
        turn.id for turn in turns[:1:-1]
    ]
    assert len(await store.missed(NOON + timedelta(minutes=4))) == 1


async def test_only_what_nothing_led_up_to_is_a_first_question(
    store: MissedStore, conversations: ConversationStore
) -> None:
    greeting = make_turn(0, decision=Decision.CHITCHAT)
    first, second = (make_turn(minute, decision=Decision.ABSTAIN) for minute in (1, 2))
    for turn in (greeting, first, second):
        await conversations.add_turn(turn)
    assert {each.turn_id: each.first for each in await store.missed(NOON)} == {first.id: True, second.id: False}


async def test_a_voted_down_answer_names_the_passage_it_was_taken_from(
    store: MissedStore, conversations: ConversationStore
) -> None:
    cited, bare = make_turn(), make_turn(1, citations=())
    for turn in (cited, bare):
        await conversations.add_turn(turn)
        await conversations.record_vote(Feedback(turn.id, "u1", Vote.DOWN))
    abstained = make_turn(2, decision=Decision.ABSTAIN)
    await conversations.add_turn(abstained)
    refused = {each.turn_id: each.refused for each in await store.missed(NOON)}
    assert refused == {cited.id: cited.citations[0].passage_id, bare.id: "", abstained.id: ""}
