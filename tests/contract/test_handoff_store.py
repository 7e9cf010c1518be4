"""What every HandoffStore does."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat.message import Party, ThreadRef
from bot.database.database import Database
from bot.errors import StorageError
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState
from bot.handoff.ports import HandoffStore
from bot.handoff.store import SqlHandoffStore
from tests.support.turns import NOON

HERE = ThreadRef("slack", "T1", "C1", "1.0")
UNPOSTED = ThreadRef("slack", "T1", "CSUPPORT", "")
POSTED = replace(UNPOSTED, thread="9.0")
LATER = NOON + timedelta(hours=1)

HANDOFF = Handoff(
    id="",
    state=HandoffState.OPEN,
    reason=HandoffReason.WORDS,
    conversation_id="slack:T1:C1:1.0",
    turn_id="f" * 32,
    question="Wo bleibt mein Paket? 退货\0",
    language="de",
    customer=HERE,
    customer_user="U1",
    customer_name="Ann",
    support=UNPOSTED,
    created_at=NOON,
    updated_at=NOON,
    remind_at=LATER,
)


def made(minutes: float = 0, **changes: Any) -> Handoff:
    """One of a customer's place of its own, unless a place is given."""
    mine = {"id": uuid.uuid4().hex, "created_at": NOON + timedelta(minutes=minutes)}
    place = {"customer": replace(HERE, thread=uuid.uuid4().hex)}
    return replace(HANDOFF, question="Where?", **mine | place | changes)


def ids(handoffs: Collection[Handoff]) -> list[str]:
    return [handoff.id for handoff in handoffs]


@pytest.fixture
def store(database: Database) -> HandoffStore:
    return SqlHandoffStore(database)


async def test_a_handoff_reads_back_as_it_was_opened(store: HandoffStore) -> None:
    handoff = made(claimed_by="slack:T1:U9", claimed_name="小李", reminders=2, remind_at=None)
    assert await store.open_handoff(handoff) == handoff
    assert await store.find_handoff(handoff.id) == handoff
    assert await store.find_handoff("0" * 32) is None


async def test_a_place_that_one_has_moved_from_is_still_its_own(store: HandoffStore) -> None:
    first = made(customer=HERE)
    await store.open_handoff(first)
    direct = ThreadRef("slack", "T1", "D1", "")
    moved = await store.change_handoff(first.id, customer=direct, asked_in=HERE)
    assert moved and (moved.customer, moved.asked_in) == (direct, HERE)
    assert await store.open_handoff(made(customer=HERE)) == moved
    await store.change_handoff(first.id, state=HandoffState.RESOLVED)
    other = made(customer=HERE)
    assert await store.open_handoff(other) == other


async def test_a_text_that_an_engine_would_refuse_is_cleaned(store: HandoffStore) -> None:
    await store.open_handoff(replace(HANDOFF, id="a" * 32))
    kept = await store.find_handoff("a" * 32)
    assert kept and kept.question == "Wo bleibt mein Paket? 退货\ufffd"


async def test_a_place_has_one_that_is_open_or_claimed_at_a_time(store: HandoffStore) -> None:
    first = made(customer=HERE)
    await store.open_handoff(first)
    assert await store.open_handoff(made(customer=HERE)) == first
    claimed = await store.change_handoff(first.id, HandoffState.OPEN, state=HandoffState.CLAIMED)
    assert await store.open_handoff(made(customer=HERE)) == claimed
    for state in (HandoffState.RESOLVED, HandoffState.FAILED):
        last = (await store.list_handoffs(HandoffState.OPEN, HandoffState.CLAIMED))[0]
        await store.change_handoff(last.id, last.state, state=state)
        second = made(customer=HERE)
        assert await store.open_handoff(second) == second
    assert len(await store.list_handoffs()) == 3


async def test_another_place_has_one_of_its_own(store: HandoffStore) -> None:
    await store.open_handoff(made(customer=HERE))
    for other in ({"platform": "discord"}, {"workspace": "T2"}, {"channel": "C2"}, {"thread": "2.0"}):
        handoff = made(customer=replace(HERE, **other))
        assert await store.open_handoff(handoff) == handoff


async def test_of_many_that_open_one_at_once_all_get_the_same(store: HandoffStore, database: Database) -> None:
    stores = [store, SqlHandoffStore(database), SqlHandoffStore(database)]
    for number in range(5):
        here = replace(HERE, thread=str(number))
        opened = await asyncio.gather(*(each.open_handoff(made(customer=here)) for each in stores * 3))
        assert len(set(ids(opened))) == 1
    assert len(await store.list_handoffs()) == 5


async def test_it_is_found_by_its_thread_in_the_support_channel(store: HandoffStore) -> None:
    handoff = made()
    await store.open_handoff(handoff)
    assert await store.find_in_thread(POSTED) is None
    assert await store.find_in_thread(UNPOSTED) is None  # the channel itself is nobody's
    posted = await store.change_handoff(handoff.id, HandoffState.OPEN, support=POSTED)
    assert posted and posted.support == POSTED
    assert await store.find_in_thread(POSTED) == posted
    assert await store.find_in_thread(replace(POSTED, channel="C9")) is None


async def test_a_change_sets_what_it_names_and_the_time(store: HandoffStore) -> None:
    handoff = made()
    await store.open_handoff(handoff)
    changes: dict[str, Any] = {
        "state": HandoffState.CLAIMED,
        "claimed_by": "slack:T1:U9",
        "claimed_name": "Li\0",
        "reminders": 3,
        "remind_at": None,
        "support": POSTED,
    }
    changed = await store.change_handoff(handoff.id, HandoffState.OPEN, **changes)
    assert changed and datetime.now(UTC) - changed.updated_at < timedelta(minutes=1)
    expected = replace(handoff, **changes | {"claimed_name": "Li\ufffd", "updated_at": changed.updated_at})
    assert changed == expected == await store.find_handoff(handoff.id)


async def test_one_that_is_in_none_of_the_states_is_not_changed(store: HandoffStore) -> None:
    handoff = made()
    await store.open_handoff(handoff)
    assert await store.change_handoff(handoff.id, HandoffState.CLAIMED, HandoffState.FAILED, claimed_by="x") is None
    assert await store.change_handoff("0" * 32, HandoffState.OPEN, claimed_by="x") is None
    assert await store.find_handoff(handoff.id) == handoff


async def test_of_two_that_claim_at_once_one_succeeds(store: HandoffStore, database: Database) -> None:
    other = SqlHandoffStore(database)
    for _ in range(10):
        handoff = made()
        await store.open_handoff(handoff)
        tries = [
            each.change_handoff(handoff.id, HandoffState.OPEN, state=HandoffState.CLAIMED, claimed_by=name)
            for each, name in ((store, "one"), (other, "two"))
        ]
        [claimed] = [each for each in await asyncio.gather(*tries) if each]
        assert await store.find_handoff(handoff.id) == claimed


async def test_whose_reminder_has_come_is_due_once(store: HandoffStore, database: Database) -> None:
    waiting, claimed, quiet, later = (made(n, remind_at=NOON) for n in range(4))
    for handoff in (waiting, claimed, replace(quiet, remind_at=None), replace(later, remind_at=LATER)):
        await store.open_handoff(handoff)
    await store.change_handoff(claimed.id, HandoffState.OPEN, state=HandoffState.CLAIMED)
    taken = await asyncio.gather(*(SqlHandoffStore(database).lease_due_reminders(NOON, LATER) for _ in range(4)))
    assert [due for each in taken for due in each] == [replace(waiting, reminders=1, remind_at=LATER)]
    assert ids(await store.lease_due_reminders(LATER, LATER + timedelta(hours=1))) == [waiting.id, later.id]


async def test_what_was_said_is_kept_once_and_read_oldest_first(store: HandoffStore) -> None:
    handoff, other = made(), made()
    await store.open_handoff(handoff)
    await store.open_handoff(other)
    question = HandoffMessage(handoff.id, Party.CUSTOMER, "1.1", "Ann", "Hallo?\0 退货", NOON)
    answer = HandoffMessage(handoff.id, Party.SUPPORT, "1.1", "Li", "Hello!", NOON + timedelta(seconds=1))
    for message in (answer, question, replace(question, handoff_id=other.id)):
        assert await store.record_message(message) is True
    again = replace(answer, text="Hello again!")
    assert await store.record_message(again) is False
    shown = replace(question, text="Hallo?\ufffd 退货")
    assert list(await store.load_messages(handoff.id)) == [shown, again]
    await store.forget_message(other.id, Party.SUPPORT, answer.message_id)  # of another handoff: none is
    assert list(await store.load_messages(handoff.id)) == [shown, again]
    await store.forget_message(handoff.id, Party.SUPPORT, answer.message_id)
    assert list(await store.load_messages(handoff.id)) == [shown]
    assert list(await store.load_messages("0" * 32)) == []


async def test_nothing_is_said_in_no_handoff(store: HandoffStore) -> None:
    with pytest.raises(StorageError):
        await store.record_message(HandoffMessage("0" * 32, Party.CUSTOMER, "1.1", "Ann", "Hello?", NOON))


async def test_handoffs_are_listed_newest_first_narrowed_and_limited(store: HandoffStore) -> None:
    first, second, third = (made(n) for n in range(3))
    for handoff in (second, third, first):
        await store.open_handoff(handoff)
    await store.change_handoff(second.id, HandoffState.OPEN, state=HandoffState.RESOLVED)
    assert ids(await store.list_handoffs()) == [third.id, second.id, first.id]
    assert ids(await store.list_handoffs(HandoffState.OPEN)) == [third.id, first.id]
    assert ids(await store.list_handoffs(HandoffState.OPEN, HandoffState.RESOLVED, limit=2)) == [third.id, second.id]


async def test_those_of_a_conversation_are_found_oldest_first(store: HandoffStore) -> None:
    second, first, _ = [await store.open_handoff(made(minutes)) for minutes in (5, 0, 9)]
    await store.open_handoff(made(1, conversation_id="another"))
    found = await store.find_in_conversation(HANDOFF.conversation_id)
    assert ids(found)[:2] == [first.id, second.id] and len(found) == 3
    assert await store.find_in_conversation("") == []
