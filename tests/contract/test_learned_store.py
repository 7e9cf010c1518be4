"""What every LearnedStore does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Turn
from bot.database.database import Database
from bot.learned.models import Evidence, Gesture
from bot.learned.ports import LearnedStore
from bot.learned.store import OF_ONE_PERSON, SqlLearnedStore
from bot.privacy.store import SqlPrivacyStore
from tests.support.turns import make_turn

NOW = datetime.now(UTC)
TURN = make_turn(platform="slack", user="u1")


@pytest.fixture
async def store(database: Database) -> LearnedStore:
    await SqlConversationStore(database).add_turn(TURN)
    return SqlLearnedStore(database)


def shown(user: str = "u1", wording: str = "a", *, words: str = "w", turn: Turn = TURN, **changes: Any) -> Evidence:
    values = {
        "wording_id": wording,
        "words": words,
        "question": "怎么付款",
        "language": "zh",
        "url": "https://shop.example/pay",
        "title": "Wie bezahle ich?",
        "passage_id": "p" * 20,
        "platform": "slack",
        "user_id": user,
        "gesture": Gesture.CHOSEN,
        "asked_id": turn.id,
        "turn_id": turn.id,
        "created_at": NOW,
    }
    return Evidence(**values | changes)


def people(evidence: Sequence[Evidence]) -> list[str]:
    return sorted(each.user_id for each in evidence)


async def test_evidence_reads_back_as_it_was_kept_newest_first(store: LearnedStore) -> None:
    one, two = shown("u1"), shown("u2", created_at=NOW + timedelta(seconds=1), gesture=Gesture.VOTED_DOWN)
    await store.add([one, two])
    assert list(await store.list()) == [two, one]
    assert list(await store.shown_by(TURN.id)) == [one, two]
    assert list(await store.shown_by("f" * 32)) == []


async def test_a_person_has_one_word_on_a_wording_the_last(store: LearnedStore) -> None:
    await store.add([shown()])
    last = shown(gesture=Gesture.NOT_IT, created_at=NOW + timedelta(minutes=1))
    await store.add([last])
    assert list(await store.list()) == [last]
    await store.add([shown(platform="discord")])
    assert len(await store.list()) == 2


async def test_only_words_that_enough_people_spoke_for_are_listed_with_all_that_was_said(store: LearnedStore) -> None:
    await store.add([shown("u1"), shown("u2", "b"), shown("u3", gesture=Gesture.VOTED_DOWN)])
    await store.add([shown("u1", "c", words="x"), shown("u1", "d", words="x")])  # one person, two entries
    await store.add([shown("u2", "c", words="x", gesture=Gesture.NOT_IT)])
    assert people(await store.list(2)) == ["u1", "u2", "u3"]
    assert {each.words for each in await store.list(2)} == {"w"}
    assert len(await store.list(1)) == len(await store.list()) == 6


async def test_of_one_person_only_the_newest_gestures_count(store: LearnedStore) -> None:
    await store.add([shown("u2", "other")])
    many = [shown("u1", f"w{number}", created_at=NOW + timedelta(seconds=number)) for number in range(60)]
    await store.add(many[:30])
    await store.add(many[30:])
    kept = await store.list()
    assert people(kept).count("u1") == OF_ONE_PERSON
    assert {each.wording_id for each in kept} == {"other", *(each.wording_id for each in many[-OF_ONE_PERSON:])}


async def test_evidence_fades_after_a_year(store: LearnedStore) -> None:
    await store.add([shown("u1", created_at=NOW - timedelta(days=364))])
    await store.add([shown("u2", created_at=NOW - timedelta(days=367))])
    assert people(await store.list()) == ["u1"]


async def test_a_wording_that_was_removed_is_not_kept_again(store: LearnedStore) -> None:
    await store.add([shown("u1"), shown("u2"), shown("u1", "b")])
    await store.remove("a")
    await store.remove("a")
    await store.add([shown("u3"), shown("u3", "b")])
    assert [(each.user_id, each.wording_id) for each in await store.list()].count(("u3", "b")) == 1
    assert {each.wording_id for each in await store.list()} == {"b"}


async def test_the_revision_is_another_after_every_change(store: LearnedStore, database: Database) -> None:
    seen = [await store.revision()]
    assert seen == [""]
    for change in (store.add([shown("u1", "b")]), store.add([shown("u2")]), store.remove("b")):
        await change
        seen.append(await store.revision())
    await SqlPrivacyStore(database).forget("slack", "u2")
    seen.append(await store.revision())
    assert len(set(seen)) == 5
    assert await store.revision() == seen[-1]


async def test_who_is_forgotten_takes_their_gestures_along_and_those_on_their_words(
    store: LearnedStore, database: Database
) -> None:
    mine = make_turn(platform="slack", user="u2", conversation_id="c2")
    await SqlConversationStore(database).add_turn(mine)
    await store.add([shown("u1", turn=mine), shown("u2", turn=mine), shown("u2", "b"), shown("u3", "b")])
    await store.add([shown("u4", "b", asked_id=mine.id), shown("u2", "b", platform="discord")])
    await SqlPrivacyStore(database).forget("slack", "u2")
    assert {(each.platform, each.user_id) for each in await store.list()} == {("discord", "u2"), ("slack", "u3")}


async def test_evidence_goes_when_its_conversation_expires(store: LearnedStore, database: Database) -> None:
    await store.add([shown("u3")])
    gone = await SqlPrivacyStore(database).expire(TURN.created_at + timedelta(days=1))
    assert (gone["learned"], gone["turns"]) == (1, 1)
    assert list(await store.list()) == []
