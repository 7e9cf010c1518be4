"""What every TaughtStore does."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.database.database import Database
from bot.errors import UnknownTaught
from bot.taught import store as module
from bot.taught.models import Taught, TaughtState
from bot.taught.ports import TaughtStore
from bot.taught.store import SqlTaughtStore
from tests.support.turns import NOON

LATER = NOON + timedelta(hours=1)
ANSWER = Taught(
    id="",
    state=TaughtState.APPROVED,
    question="Wie lange dauert der Versand? 退货",
    answer="**Zwei Tage.**\n\n- 包邮 🎁",
    language="de",
    author="Li",
    author_id="slack:T1:U9",
    created_at=NOON,
    updated_at=NOON,
)


def made(minutes: float = 0, **changes: Any) -> Taught:
    moment = NOON + timedelta(minutes=minutes)
    return replace(ANSWER, **{"id": uuid.uuid4().hex, "created_at": moment, "updated_at": moment} | changes)


@pytest.fixture
def store(database: Database) -> TaughtStore:
    return SqlTaughtStore(database)


async def test_an_answer_reads_back_as_it_was_added(store: TaughtStore) -> None:
    full = made(url="https://x.example/1", handoff_id="a" * 32, customer="slack:T1:U1", note="wrong", expires_at=LATER)
    limited = made(audience=frozenset({"slack:channel:C1", "discord:role:4"}))
    for each in (made(state=TaughtState.PROPOSED), full, limited):
        await store.add(each)
        assert await store.get(each.id) == each


async def test_the_first_digits_find_an_answer(store: TaughtStore) -> None:
    await store.add(made(id="abcd0" + "0" * 27))
    await store.add(made(id="abcd0" + "1" * 27))
    await store.add(made(id="abce0" + "0" * 27))
    assert (await store.get("ABCE")).id == "abce0" + "0" * 27
    with pytest.raises(UnknownTaught, match=r"Several taught answers' ids begin .*more digits"):
        await store.get("abcd0")
    with pytest.raises(UnknownTaught, match=r"No taught answer's id begins with 'ffff'.*taught list"):
        await store.get("ffff")
    with pytest.raises(UnknownTaught, match="at least 4"):
        await store.get("abc")


async def test_a_change_sets_what_it_names_and_the_time(store: TaughtStore) -> None:
    before = made(state=TaughtState.PROPOSED, customer="slack:T1:U1")
    await store.add(before)
    changes: dict[str, Any] = {"state": TaughtState.APPROVED, "question": "Neu?\0", "customer": "", "expires_at": LATER}
    changed = await store.change(before.id, TaughtState.PROPOSED, **changes)
    assert changed and datetime.now(UTC) - changed.updated_at < timedelta(minutes=1)
    expected = replace(before, **changes | {"question": "Neu?\ufffd", "updated_at": changed.updated_at})
    assert changed == expected == await store.get(before.id)


async def test_one_that_is_in_none_of_the_states_is_not_changed(store: TaughtStore) -> None:
    answer = made()
    await store.add(answer)
    assert await store.change(answer.id, TaughtState.PROPOSED, TaughtState.REVIEW, note="x") is None
    assert await store.change("0" * 32, note="x") is None
    assert await store.get(answer.id) == answer
    assert await store.change(answer.id, note="x")


async def test_of_two_that_decide_at_once_one_succeeds(store: TaughtStore, database: Database) -> None:
    for _ in range(5):
        answer = made(state=TaughtState.PROPOSED)
        await store.add(answer)
        decisions = (TaughtState.APPROVED, TaughtState.DISMISSED) * 2
        decided = await asyncio.gather(
            *(SqlTaughtStore(database).change(answer.id, TaughtState.PROPOSED, state=state) for state in decisions)
        )
        assert sum(each is not None for each in decided) == 1


async def test_a_change_is_later_than_what_it_changes_whatever_the_clock_says(store: TaughtStore) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    await store.add(made(id="a" * 32, updated_at=ahead))
    times = [changed.updated_at for _ in range(3) if (changed := await store.change("a" * 32, note="x"))]
    assert ahead < times[0] < times[1] < times[2]


async def test_a_removed_answer_is_unknown(store: TaughtStore) -> None:
    answer = made()
    await store.add(answer)
    await store.remove(answer.id)
    await store.remove(answer.id)
    with pytest.raises(UnknownTaught):
        await store.get(answer.id)


async def test_answers_are_listed_newest_first_and_narrowed(store: TaughtStore) -> None:
    states = [TaughtState.PROPOSED, TaughtState.APPROVED, TaughtState.REVIEW, TaughtState.DISMISSED]
    answers = [made(minute, state=state) for minute, state in enumerate(states)]
    for answer in answers:
        await store.add(answer)
    assert list(await store.list()) == answers[::-1]
    assert list(await store.list(TaughtState.PROPOSED, TaughtState.REVIEW)) == [answers[2], answers[0]]


async def test_only_approved_answers_that_have_not_expired_are_searched(store: TaughtStore) -> None:
    first, second = made(1), made(2, expires_at=LATER)
    for state in (TaughtState.PROPOSED, TaughtState.REVIEW, TaughtState.DISMISSED):
        await store.add(made(state=state))
    for answer in (second, first, made(3, expires_at=NOON)):
        await store.add(answer)
    assert list(await store.searched(NOON)) == [first, second]
    assert list(await store.searched(LATER)) == [first]


async def test_whatever_changes_what_is_searched_makes_another_revision(
    store: TaughtStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Still(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return NOON

    monkeypatch.setattr(module, "datetime", Still)
    a, b, c = (made(number, id=str(number) * 32) for number in range(3))
    revisions = [await store.revision(NOON)]

    async def changed(now: datetime = NOON) -> None:
        revisions.append(await store.revision(now))
        assert revisions[-1] == await store.revision(now)

    await store.add(a)
    await changed()
    await store.add(replace(b, state=TaughtState.PROPOSED))
    assert await store.revision(NOON) == revisions[-1]  # nothing is searched that was not before
    await store.change(b.id, TaughtState.PROPOSED, state=TaughtState.APPROVED, expires_at=LATER)
    await changed()
    for text in ("once", "twice", "once"):  # in one moment
        await store.change(a.id, answer=text)
        await changed()
    await store.change(b.id, answer="not the one that was changed last")
    await changed()
    await changed(LATER)  # b has expired
    await store.change(b.id, expires_at=LATER + timedelta(hours=1))
    await changed(LATER)
    await store.remove(b.id)
    await changed(LATER)
    await store.remove(a.id)  # one goes, one comes: as many as before, and none of them new
    await store.add(replace(c, updated_at=NOON - timedelta(days=9)))
    await changed(LATER)
    await store.change(c.id, state=TaughtState.REVIEW)
    await changed(LATER)
    assert len(set(revisions)) == len(revisions)


async def test_changes_of_two_processes_at_once_each_make_another_revision(
    store: TaughtStore, database: Database
) -> None:
    answers = [made(), made()]
    for answer in answers:
        await store.add(answer)
    seen = {await store.revision(NOON)}
    for _ in range(5):
        await asyncio.gather(*(SqlTaughtStore(database).change(answer.id, note="x") for answer in answers))
        seen.add(await store.revision(NOON))
    assert len(seen) == 6


async def test_whom_an_answer_is_for_can_change_and_be_told_apart_by_the_revision(store: TaughtStore) -> None:
    answer = made()
    await store.add(answer)
    before = await store.revision(NOON)
    changed = await store.change(answer.id, audience=frozenset({"slack:channel:C1"}))
    assert changed and changed.audience == {"slack:channel:C1"}
    assert await store.revision(NOON) != before
    opened = await store.change(answer.id, audience=frozenset())
    assert opened and opened.audience == set()
