"""What every TurnSearch finds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.answering.ports import TurnSearch
from bot.answering.store import SqlConversationStore
from bot.answering.turn_search import Position, TurnQuery, split_words
from bot.answering.turn_search_store import SqlTurnSearch
from bot.chat.conversation import Decision, Feedback, Turn, Vote
from bot.chat.message import ThreadRef
from bot.database.database import Database
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.store import SqlHandoffStore
from tests.support.turns import NOON, PASSAGE, make_turn

EVERYTHING = TurnQuery(sees_limited=True)


@pytest.fixture
def search(database: Database) -> TurnSearch:
    return SqlTurnSearch(database)


async def keep(database: Database, *some: Turn) -> Sequence[Turn]:
    for turn in some:
        await SqlConversationStore(database).add_turn(turn)
    return some


async def find(search: TurnSearch, **query: Any) -> list[str]:
    """The questions."""
    page = await search.find_turns(replace(EVERYTHING, **query))
    return [each.question for each in page.turns]


async def test_of_nothing_nothing_is_found(search: TurnSearch) -> None:
    for query in (EVERYTHING, TurnQuery(words=("x",)), TurnQuery(person="u", vote=Vote.UP)):
        assert (await search.find_turns(query)).turns == ()


async def test_all_is_found_newest_first_with_what_became_of_it(search: TurnSearch, database: Database) -> None:
    old, new = await keep(
        database,
        make_turn(1, platform="slack", user="U1", conversation_id="slack:T1:C1:1.0", decision=Decision.SUGGEST),
        make_turn(2, platform="terminal", user="terminal", conversation_id="one"),
    )
    votes = SqlConversationStore(database)
    for user, vote in (("a", Vote.UP), ("b", Vote.UP), ("c", Vote.DOWN)):
        await votes.record_vote(Feedback(old.id, user, vote))
    place = ThreadRef("slack", "T1", "C1", "1.0")
    head = HandoffState.OPEN, HandoffReason.BUTTON, old.conversation_id, old.id, old.question, "zh"
    await SqlHandoffStore(database).open_handoff(
        Handoff(uuid.uuid4().hex, *head, place, "U1", "Ann", place, NOON, NOON)
    )
    page = await search.find_turns(EVERYTHING)
    assert [each.id for each in page.turns] == [new.id, old.id]
    assert (page.next, page.searched_to) == (None, None)
    first, second = page.turns
    assert (first.question, first.answer, first.created_at) == (new.question, new.answer, new.created_at)
    assert (first.channel, first.votes, first.is_handed_over) == ("", {}, False)
    assert (second.platform, second.user, second.channel) == ("slack", "U1", "C1")
    assert (second.votes, second.is_handed_over) == ({Vote.UP: 2, Vote.DOWN: 1}, True)
    assert second.decision is Decision.SUGGEST


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("return", ["How do I RETURN a lamp?"]),
        ("Lamp return", ["How do I RETURN a lamp?"]),
        ("lamp sofa", []),
        ("within days", ["How do I RETURN a lamp?"]),  # one in the answer
        ('"30 days"', ["How do I RETURN a lamp?"]),
        ('"days 30"', []),
        ("退货", ["如何退货？"]),
        ("ÜBERGRÖSSEN", ["Gibt es Übergrößen?"]),
        ("übergrößen", ["Gibt es Übergrößen?"]),
        ("100%", ["Is it 100% wool_or_silk?"]),
        ("%", ["Is it 100% wool_or_silk?"]),
        ("w_ol", []),
        ("wool_or", ["Is it 100% wool_or_silk?"]),
        ("\\", ["C:\\temp"]),
        ("'; DROP TABLE turns; --", []),
        ("\0", []),
        ("\ud800", []),
        ("x" * 5000, []),
    ],
)
async def test_text_is_found_in_questions_and_answers(
    search: TurnSearch, database: Database, words: str, found: list[str]
) -> None:
    texts = {
        "How do I RETURN a lamp?": "Within 30 days.",
        "如何退货？": "请寄回。",
        "Gibt es Übergrößen?": "Ja. ÜBERGRÖSSEN auch." if "SSEN" in words else "Ja.",
        "Is it 100% wool_or_silk?": "Yes.",
        "C:\\temp": "No.",
    }
    await keep(database, *(make_turn(question=one, answer=other) for one, other in texts.items()))
    assert await find(search, words=split_words(words)) == found


async def test_each_filter_keeps_what_it_names(search: TurnSearch, database: Database) -> None:
    one, two, three, _ = await keep(
        database,
        make_turn(0, question="1", platform="slack", user="U1", conversation_id="slack:T1:C1:1.0"),
        make_turn(
            60, question="2", platform="slack", user="U2", conversation_id="slack:T1:D2", decision=Decision.ABSTAIN
        ),
        make_turn(1440, question="3", platform="discord", user="U1", conversation_id="discord:9:C1:command:U1"),
        make_turn(2880, question="4", platform="discord", user="slack:U1", conversation_id="discord:C1:C2:C3"),
    )
    await SqlConversationStore(database).record_vote(Feedback(two.id, "x", Vote.DOWN, "no"))
    await SqlConversationStore(database).record_vote(Feedback(one.id, "x", Vote.UP))
    assert await find(search, person="U1") == ["3", "1"]
    assert await find(search, person="slack:U1") == ["4", "1"]
    assert await find(search, person="u1") == []
    assert await find(search, channel="C1") == ["3", "1"]
    assert await find(search, channel="D2") == ["2"]
    assert await find(search, channel="%") == []
    assert await find(search, decision=Decision.ABSTAIN) == ["2"]
    assert await find(search, vote=Vote.DOWN) == ["2"]
    assert await find(search, vote=Vote.UP) == ["1"]
    assert await find(search, since=three.created_at) == ["4", "3"]
    assert await find(search, until=three.created_at) == ["2", "1"]
    assert await find(search, person="U1", channel="C1", since=NOON, until=NOON + timedelta(days=9)) == ["3", "1"]
    assert await find(search, vote=Vote.DOWN, decision=Decision.ANSWER) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("looked_at", [1, 3, 10, 1000])
async def test_pages_hold_everything_once_however_little_is_looked_at(
    database: Database, limit: int, looked_at: int
) -> None:
    draw = random.Random(7)
    turns = [
        make_turn(draw.randrange(6), question=f"q{number}", decision=draw.choice([Decision.ANSWER, Decision.ABSTAIN]))
        for number in range(14)
    ]
    await keep(database, *turns)
    expected = sorted(
        (turn for turn in turns if turn.decision is Decision.ABSTAIN),
        key=lambda turn: (turn.created_at, turn.id),
        reverse=True,
    )
    search, query = SqlTurnSearch(database, looked_at), replace(EVERYTHING, decision=Decision.ABSTAIN)
    found, before, rounds = [], None, 0
    while rounds == 0 or before:
        page = await search.find_turns(query, before, limit)
        assert len(page.turns) <= limit
        assert page.searched_to is None or page.next is not None
        found += [each.id for each in page.turns]
        before, rounds = page.next, rounds + 1
        assert rounds < 40
    assert found == [turn.id for turn in expected]


async def test_a_search_that_was_looked_for_long_enough_says_how_far(database: Database) -> None:
    turns = await keep(database, *(make_turn(number, question="no") for number in range(6)))
    await keep(database, make_turn(-60, question="yes"))
    search = SqlTurnSearch(database, looked_at=3)
    page = await search.find_turns(TurnQuery(words=("yes",)))
    assert (page.turns, page.searched_to) == ((), turns[2].created_at)
    page = await search.find_turns(TurnQuery(words=("yes",)), page.next)
    assert [each.question for each in page.turns] == ["yes"]
    everything = await search.find_turns(TurnQuery())  # nothing has to be read to tell
    assert len(everything.turns) == 7


async def test_what_limited_sources_say_is_neither_searched_nor_told_to_others(
    search: TurnSearch, database: Database
) -> None:
    limited = replace(PASSAGE, audience=frozenset({"slack:channel:C9"}))
    await keep(
        database,
        make_turn(1, question="secret?", answer="The price is 7.", passages=(PASSAGE, replace(limited, rank=2))),
        make_turn(0, question="open?", answer="The price is 8."),
    )
    assert await find(search, words=("price",)) == ["secret?", "open?"]
    assert await find(search, words=("price",), sees_limited=False) == ["open?"]
    page = await search.find_turns(TurnQuery(words=("secret",)))
    assert [(each.answer, each.is_limited) for each in page.turns] == [("", True)]


async def test_a_position_of_a_turn_that_is_gone_goes_on_all_the_same(search: TurnSearch, database: Database) -> None:
    turns = await keep(database, *(make_turn(number) for number in range(3)))
    page = await search.find_turns(EVERYTHING, Position(turns[2].created_at, "0" * 32))
    assert [each.id for each in page.turns] == [turns[1].id, turns[0].id]
