"""What every InsightStore counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision, Feedback, Turn, Vote
from bot.chat.message import Party, ThreadRef
from bot.database.database import Database
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState
from bot.handoff.store import SqlHandoffStore
from bot.insights.models import Ending, Grouping, Share, Tally, Window
from bot.insights.store import SqlInsightStore
from bot.learned.models import Evidence, Gesture
from bot.learned.store import SqlLearnedStore
from tests.support.turns import NOON, PASSAGE, make_turn

DAY = timedelta(days=1)
WEEK = Window(NOON - 6 * DAY, NOON + DAY, now=NOON + 3 * DAY)


@pytest.fixture
def store(database: Database) -> SqlInsightStore:
    return SqlInsightStore(database)


async def keep(database: Database, turns: Sequence[Turn], votes: Sequence[Feedback] = ()) -> None:
    conversations = SqlConversationStore(database)
    for turn in turns:
        await conversations.add_turn(turn)
    for vote in votes:
        await conversations.record_vote(vote)


async def hand_over(database: Database, turn: Turn, *, after: float = 60, replied: float | None = None) -> None:
    """`after` and `replied` in seconds, after the turn and after that."""
    place, at = ThreadRef("slack", "T1", "C1", turn.id), turn.created_at + timedelta(seconds=after)
    head = HandoffState.OPEN, HandoffReason.BUTTON, turn.conversation_id, turn.id, turn.question, "zh"
    handoff = Handoff(uuid.uuid4().hex, *head, place, "u1", "Ann", place, at, at)
    store = SqlHandoffStore(database)
    await store.open_handoff(handoff)
    if replied is not None:
        said = at + timedelta(seconds=replied)
        for minutes in (5, 0):
            later = said + timedelta(minutes=minutes)
            await store.record_message(HandoffMessage(handoff.id, Party.SUPPORT, f"{minutes}", "Li", "Hello!", later))


def endings(tally: Tally) -> dict[str, int]:
    return {ending.value: count for ending, count in tally.endings.items()}


async def test_of_nothing_there_are_no_numbers(store: SqlInsightStore) -> None:
    assert await store.count(WEEK) == {"": Tally()}
    assert (await store.measure_first_replies(WEEK)).count == (await store.measure_people(WEEK)).count == 0
    assert await store.count_reasons(WEEK) == {}


async def test_small_talk_and_other_times_do_not_count(store: SqlInsightStore, database: Database) -> None:
    talk = make_turn(1, decision=Decision.CHITCHAT, conversation_id="a")
    early, late = (
        replace(make_turn(conversation_id=name), created_at=at)
        for name, at in (("b", WEEK.since - timedelta(seconds=1)), ("c", WEEK.until))
    )
    await keep(database, [talk, early, late, make_turn(2, conversation_id="d")])
    tally = (await store.count(WEEK))[""]
    assert (tally.questions, endings(tally)) == (1, {"quiet": 1})


async def test_a_conversation_ends_with_its_last_question(store: SqlInsightStore, database: Database) -> None:
    asked = [
        make_turn(0, conversation_id="on", decision=Decision.ABSTAIN),
        make_turn(5, conversation_id="on"),  # asked in other words, and answered
        make_turn(6, conversation_id="on", decision=Decision.CHITCHAT),  # thanks
        make_turn(0, conversation_id="in vain", decision=Decision.ABSTAIN),
        make_turn(0, conversation_id="asked back", decision=Decision.CLARIFY),
        make_turn(0, conversation_id="near", decision=Decision.SUGGEST),
    ]
    await keep(database, asked)
    tally = (await store.count(WEEK))[""]
    assert tally.decisions == {"abstain": 2, "answer": 1, "clarify": 1, "suggest": 1}
    assert endings(tally) == {"quiet": 2, "unresolved": 2}
    assert (tally.resolved, tally.ended) == (2, 4)


async def test_who_asks_on_the_next_day_begins_another_conversation(store: SqlInsightStore, database: Database) -> None:
    first = make_turn(0, conversation_id="direct", decision=Decision.ABSTAIN)
    soon, next_day = (make_turn(hours * 60, conversation_id="direct") for hours in (23, 48))
    window = replace(WEEK, until=NOON + 3 * DAY, now=NOON + 9 * DAY)
    await keep(database, [first, soon, next_day])
    assert endings((await store.count(window))[""]) == {"quiet": 2}


async def test_what_is_asked_on_after_the_time_is_over_still_counts_for_what_was_before(
    store: SqlInsightStore, database: Database
) -> None:
    last = replace(make_turn(conversation_id="a"), created_at=WEEK.until - timedelta(minutes=1))
    on = replace(make_turn(conversation_id="a", decision=Decision.ABSTAIN), created_at=WEEK.until)
    await keep(database, [last, on])
    tally = (await store.count(WEEK))[""]
    assert (tally.questions, endings(tally)) == (1, {})


async def test_what_people_said_of_an_answer_decides(store: SqlInsightStore, database: Database) -> None:
    praised, blamed, both, confirmed = (make_turn(n, conversation_id=f"{n}") for n in range(4))
    votes = [
        Feedback(praised.id, "u1", Vote.UP),
        Feedback(blamed.id, "u1", Vote.DOWN, "too long"),
        Feedback(both.id, "u1", Vote.UP),
        Feedback(both.id, "u2", Vote.DOWN, "too long"),
    ]
    await keep(database, [praised, blamed, both, confirmed], votes)
    evidence = Evidence(
        wording_id="w" * 20,
        platform="slack",
        user_id="u1",
        words="x" * 20,
        question="q",
        language="en",
        url="",
        title="t",
        passage_id="p",
        gesture=Gesture.CONFIRMED,
        asked_id=confirmed.id,
        turn_id=confirmed.id,
        created_at=NOON,
    )
    await SqlLearnedStore(database).add([evidence])
    tally = (await store.count(WEEK))[""]
    assert endings(tally) == {"confirmed": 2, "unresolved": 2}
    assert tally.votes == {"up": 2, "down": 2}
    assert await store.count_reasons(WEEK) == {"too long": 2}


async def test_thanks_confirm_the_last_answer_of_who_says_them(store: SqlInsightStore, database: Database) -> None:
    def say(minutes: float, conversation: str, **changes: Any) -> Turn:
        talk = {"decision": Decision.CHITCHAT, "small_talk": "thanks"} | changes
        return make_turn(minutes, conversation_id=conversation, **talk)

    names = ("thanked", "greeted", "another's", "late", "blamed", "before")
    asked = {name: make_turn(0, conversation_id=name) for name in names}
    said = [
        say(5, "thanked"),
        say(5, "greeted", small_talk="greeting"),
        say(5, "another's", user="u2"),
        say(25 * 60, "late"),
        say(5, "blamed"),
        say(-5, "before"),
    ]
    await keep(database, [*asked.values(), *said], [Feedback(asked["blamed"].id, "u1", Vote.DOWN)])
    assert endings((await store.count(WEEK))[""]) == {"confirmed": 1, "quiet": 4, "unresolved": 1}


async def test_thanks_and_then_a_question_confirm_nothing(store: SqlInsightStore, database: Database) -> None:
    talk = make_turn(2, conversation_id="a", decision=Decision.CHITCHAT, small_talk="thanks")
    await keep(database, [make_turn(0, conversation_id="a"), talk, make_turn(4, conversation_id="a")])
    assert endings((await store.count(WEEK))[""]) == {"quiet": 1}


async def test_what_people_got_is_not_resolved_by_the_bot(store: SqlInsightStore, database: Database) -> None:
    itself, later, much_later, earlier = (make_turn(n, conversation_id=f"{n}") for n in range(4))
    asked_on = make_turn(30, conversation_id="3")
    await keep(database, [itself, later, much_later, earlier, asked_on])
    await hand_over(database, itself, replied=120)
    for turn, seconds in ((later, 3600.0), (much_later, 2 * 86_400.0), (asked_on, 60.0)):
        await hand_over(database, replace(turn, id=uuid.uuid4().hex), after=seconds)
    tally = (await store.count(WEEK))[""]
    assert endings(tally) == {"unresolved": 3, "quiet": 1}
    assert tally.handed_over == 3
    times = await store.measure_people(WEEK)
    assert (times.median, times.p95, times.count) == (120, 120, 1)


async def test_whom_people_helped_is_counted_by_when_they_were_asked(
    store: SqlInsightStore, database: Database
) -> None:
    handed = [make_turn(n, conversation_id=f"{n}") for n in range(4)]
    await keep(database, handed)
    for turn in handed:
        await hand_over(database, turn)
    said = [
        {"helped_asked_at": NOON, "helped": True},
        {"helped_asked_at": NOON, "helped": False},
        {"helped_asked_at": NOON},
        {"helped_asked_at": WEEK.until, "helped": True},
    ]
    for handoff, values in zip(await SqlHandoffStore(database).list_handoffs(), said, strict=True):
        await SqlHandoffStore(database).change_handoff(handoff.id, **values)
    assert await store.count_helped(WEEK) == Share(1, 2)


async def test_what_was_just_answered_is_not_ended(store: SqlInsightStore, database: Database) -> None:
    just, before = make_turn(60, conversation_id="a"), make_turn(-60, conversation_id="b")
    await keep(database, [just, before])
    window = replace(WEEK, now=NOON + DAY)
    assert endings((await store.count(window))[""]) == {"running": 1, "quiet": 1}


@pytest.mark.parametrize(
    ("grouping", "names"),
    [
        (Grouping.LANGUAGE, {"zh": 2, "en": 1}),
        (Grouping.PLATFORM, {"terminal": 1, "slack": 2}),
        (Grouping.PAGE, {PASSAGE.url: 2, "": 1}),
        (Grouping.DAY, {"1772323200": 2, "1772236800": 1}),
        (Grouping.WEEK, {"1771804800": 3}),
        (Grouping.CHANNEL, {"": 2, "C7": 1}),
        (Grouping.SOURCE, {"": 1, "shop": 2}),
    ],
)
async def test_each_group_has_its_own(
    store: SqlInsightStore, database: Database, grouping: Grouping, names: dict[str, int]
) -> None:
    shown = (replace(PASSAGE, source="shop"),)
    told = {"language": "en", "platform": "slack", "channel": "C7", "passages": shown}
    yesterday = make_turn(-24 * 60, conversation_id="c", **told)
    asked = [
        make_turn(0, conversation_id="a"),
        make_turn(1, conversation_id="b", platform="slack", passages=shown),
        yesterday,
    ]
    await keep(database, [replace(asked[0], decision=Decision.ABSTAIN), *asked[1:]])
    found = await store.count(WEEK, grouping)
    assert {name: tally.questions for name, tally in found.items()} == names
    assert sum(tally.ended for tally in found.values()) == 3


async def test_waits_are_told_by_their_middle_and_by_nineteen_of_twenty(
    store: SqlInsightStore, database: Database
) -> None:
    turns = [make_turn(n, conversation_id=f"{n}", timings_ms={"total": 1000.0 * (n + 1)}) for n in range(100)]
    await keep(database, turns)
    times = await store.measure_first_replies(WEEK)
    assert (times.median, times.p95, times.count) == (50, 95, 100)


def test_a_window_before_is_as_long() -> None:
    before = WEEK.before
    assert (before.until, before.until - before.since) == (WEEK.since, WEEK.until - WEEK.since)
    assert isinstance(before.now, datetime) and Ending("quiet") is Ending.QUIET
