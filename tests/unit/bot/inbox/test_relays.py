"""What is passed on between customers and people."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.chat.message import Audience, JobState
from bot.database.database import Database
from bot.handoff.models import HandoffState
from bot.handoff.store import SqlHandoffStore
from tests.fakes import (
    said,
    undeliverable,
)
from tests.support.inbox import (
    QUICK,
    SUPPORT,
    FakeHanding,
    Opens,
    end_task,
    handed,
    settled,
    shout,
    until,
)


async def test_what_is_said_to_a_person_is_passed_on_unmasked_kept_masked_and_not_answered(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.inbox.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", "My card is 4111")]
    assert await office.state_of(message) is JobState.RELAYED
    job = await office.store.find_job(message.key)
    assert job
    assert job.message.text == "My card is [number]"
    assert office.answering.asked == []
    assert office.masking.kept_count == 0


async def test_a_customer_who_waits_is_answered_and_read_by_people(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    message = said(thread="t1")
    await handed(database, message.place)
    await office.inbox.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", message.text)]
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


@pytest.mark.parametrize(
    ("state", "relayed"), [(HandoffState.OPEN, 2), (HandoffState.CLAIMED, 2), (HandoffState.RESOLVED, 0)]
)
async def test_what_is_said_where_a_handoff_was_before_it_moved_is_for_people_still(
    opens: Opens, database: Database, state: HandoffState, relayed: int
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    before = said("And it is urgent.", thread="t1", audience=Audience.CHANNEL)
    direct = said("Hello?", channel="D1", audience=Audience.DIRECT)
    await handed(database, before.place)
    moved = {"customer": direct.place, "asked_in": before.place, "state": state}
    await SqlHandoffStore(database).change_handoff("a" * 32, **moved)
    for message in (before, direct):
        await office.inbox.receive_message(message)
    await settled(office, relayed or 1)
    assert [text for _, text in handing.relayed] == [before.text, direct.text][:relayed]
    assert len(office.answering.asked) == (0 if relayed else 1)


async def test_a_teammate_who_writes_before_the_packet_s_place_is_noted_is_passed_on(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    early = said("Mei here.", thread=SUPPORT.thread, audience=Audience.CHANNEL)
    early = replace(early, place=SUPPORT)
    await office.inbox.receive_message(early)
    await handed(database, said().place, HandoffState.OPEN)
    await until(lambda: handing.relayed == [("support", "Mei here.")])


async def test_people_who_cannot_read_along_keep_no_customer_from_an_answer(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    handing.faults = [undeliverable(permanent=False)]
    office = await opens(handing=handing)
    message = said(thread="t1")
    await handed(database, message.place)
    await office.inbox.receive_message(message)
    await settled(office)
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


async def test_a_teammates_question_to_the_bot_never_reaches_the_customer(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    await handed(database, said(thread="t1").place, HandoffState.CLAIMED)
    question = said("What do we know of Ann?", user="bob", channel="CSUPPORT", thread="packet")
    reply = said("In Oslo.", user="bob", channel="CSUPPORT", thread="packet", audience=Audience.CHANNEL)
    await office.inbox.receive_message(question)
    await office.inbox.receive_message(reply)
    await settled(office, 2)
    assert handing.relayed == [("support", "In Oslo.")]
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert office.messenger.said_to(reply) == []


async def test_a_relay_is_tried_again_and_at_last_given_up_with_its_author_told(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, limits=replace(QUICK, tries=2, patience=0))
    message = said("Hello?", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    handing.faults = [undeliverable(permanent=False)]
    await office.inbox.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", "Hello?")]
    handing.faults = [undeliverable(permanent=False)] * 2
    lost = said("Anyone?", thread="t1", audience=Audience.CHANNEL)
    await office.inbox.receive_message(lost)
    await settled(office, 2)
    assert await office.state_of(lost) is JobState.FAILED
    assert handing.given_up == ["Anyone?"]


async def test_the_same_text_once_more_leaves_a_waiting_relay_unmasked(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.inbox.receive_message(message)
    await office.inbox.receive_edit(message)  # a platform shows a link's preview
    office.running = asyncio.create_task(office.inbox.run())
    await settled(office)
    await end_task(office.running)
    assert handing.relayed == [("customer", "My card is 4111")]


async def test_a_corrected_number_reaches_people_though_it_reads_the_same_masked(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout)
    message = said("Ring 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.inbox.receive_message(message)
    await settled(office)
    await office.inbox.receive_edit(replace(message, text="Ring 4222"))
    await settled(office, 2)
    await office.inbox.receive_edit(replace(message, text="Ring 4222"))  # a platform shows a link's preview
    assert handing.relayed == [("customer", "Ring 4111"), ("customer", "Ring 4222")]


async def test_what_was_edited_out_before_it_was_relayed_is_not_relayed(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.inbox.receive_message(message)
    await office.inbox.receive_edit(replace(message, text="Never mind, I will call"))
    office.running = asyncio.create_task(office.inbox.run())
    await settled(office)
    await end_task(office.running)
    assert handing.relayed == [("customer", "Never mind, I will call")]


async def test_what_people_missed_is_told_to_its_author(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, limits=replace(QUICK, tries=2))
    handing.faults = [undeliverable(permanent=False)] * 2
    message = said(thread="t1")
    await handed(database, message.place)
    await office.inbox.receive_message(message)
    await settled(office)
    assert handing.given_up == [message.text]
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


async def test_a_deleted_message_leaves_nothing_unmasked_in_memory(opens: Opens, database: Database) -> None:
    office = await opens(handing=FakeHanding(), mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.inbox.receive_message(message)
    await office.inbox.receive_deletion(message.key)
    await office.inbox.receive_message(said("I have 2 cats", audience=Audience.CHANNEL))  # nobody asked the bot
    assert office.masking.kept_count == 0


async def test_a_deleted_message_of_a_handoff_is_forgotten(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    await handed(database, said(thread="t1").place, HandoffState.CLAIMED)
    reply = said("In 3 days.", user="bob", channel="CSUPPORT", thread="packet", audience=Audience.CHANNEL)
    await office.inbox.receive_message(reply)
    await settled(office)
    await office.inbox.receive_deletion(reply.key)
    async with asyncio.timeout(30):
        while not handing.forgotten:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.01)
    assert handing.forgotten == ["In 3 days."]
