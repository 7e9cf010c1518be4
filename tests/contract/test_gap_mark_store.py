"""What every GapMarkStore does."""

from __future__ import annotations

import pytest

from bot.answering.store import SqlConversationStore
from bot.database.database import Database
from bot.errors import UnknownGap
from bot.gaps.mark_store import MOST_QUESTIONS, SqlGapMarkStore
from bot.gaps.ports import GapMarkStore
from bot.privacy.store import SqlPrivacyStore
from tests.support.turns import make_turn

BY = "slack:T1:UADMIN"
TURNS = [
    make_turn(number, id=f"{number:x}" * 32, platform="slack", user=f"u{number}", standalone_question=f"q{number}")
    for number in range(4)
]
IDS = [turn.id for turn in TURNS]


@pytest.fixture
async def store(database: Database) -> GapMarkStore:
    for turn in TURNS:
        await SqlConversationStore(database).add_turn(turn)
    return SqlGapMarkStore(database)


async def test_a_mark_reads_back_with_its_questions_the_newest_first(store: GapMarkStore) -> None:
    assert await store.list_marks() == []
    mark = await store.record_mark([IDS[1][:6], IDS[2]], BY, dismissed=True)
    assert (mark.dismissed, mark.assignee, mark.by) == (True, "", BY)
    assert [(each.turn_id, each.question, each.asker) for each in mark.questions] == [
        (IDS[2], "q2", "slack:u2"),
        (IDS[1], "q1", "slack:u1"),
    ]
    other = await store.record_mark([IDS[3]], BY, assignee="Bob")
    assert list(await store.list_marks()) == [other, mark]
    assert list(await store.list_marks(limit=1)) == [other]


async def test_what_is_said_later_is_of_the_same_mark_and_leaves_the_rest_as_it_was(store: GapMarkStore) -> None:
    first = await store.record_mark([IDS[0]], BY, assignee="Bob 李")
    second = await store.record_mark([IDS[1], IDS[0]], "cli::root", dismissed=True)
    third = await store.record_mark([first.id[:8]], BY, dismissed=False)
    assert [each.id for each in (second, third)] == [first.id] * 2
    assert (second.dismissed, second.assignee, second.by) == (True, "Bob 李", "cli::root")
    assert (third.dismissed, third.assignee) == (False, "Bob 李")
    assert [each.turn_id for each in third.questions] == [IDS[1], IDS[0]]
    assert first.updated_at < second.updated_at < third.updated_at
    assert list(await store.list_marks()) == [third]


@pytest.mark.parametrize("ids", [["f" * 32], ["xyz"], [""], ["0"], [IDS[0], "e" * 8]])
async def test_what_is_no_gap_is_refused_and_nothing_is_kept(store: GapMarkStore, ids: list[str]) -> None:
    with pytest.raises(UnknownGap, match="frontdesk gaps list"):
        await store.record_mark(ids, BY, dismissed=True)
    assert await store.list_marks() == []


async def test_who_is_forgotten_takes_their_question_along_and_the_mark_with_the_last(
    store: GapMarkStore, database: Database
) -> None:
    mark = await store.record_mark([IDS[0], IDS[1]], BY, dismissed=True)
    privacy = SqlPrivacyStore(database)
    await privacy.forget("slack", "u0")
    assert [each.turn_id for each in (await store.list_marks())[0].questions] == [IDS[1]]
    await privacy.forget("slack", "u1")
    assert await store.list_marks() == []
    with pytest.raises(UnknownGap, match="forgotten"):
        await store.record_mark([mark.id], BY, dismissed=False)
    assert len(await store.list_marks()) == 0
    await store.record_mark([IDS[2]], BY, assignee="Bob")
    with pytest.raises(UnknownGap, match="No gap"):  # what lost its last question went on the way
        await store.record_mark([mark.id], BY, dismissed=False)


async def test_a_mark_goes_by_its_newest_questions(store: GapMarkStore, database: Database) -> None:
    turns = [make_turn(10 + number) for number in range(MOST_QUESTIONS)]
    for turn in turns:
        await SqlConversationStore(database).add_turn(turn)
    await store.record_mark([IDS[0]], BY, dismissed=True)
    mark = await store.record_mark([IDS[0], *(turn.id for turn in turns[:-1])], BY, dismissed=True)
    assert len(mark.questions) == MOST_QUESTIONS
    mark = await store.record_mark([mark.id, turns[-1].id], BY, dismissed=True)
    assert [each.turn_id for each in mark.questions] == [turn.id for turn in reversed(turns)]
