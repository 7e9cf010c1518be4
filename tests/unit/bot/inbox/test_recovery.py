"""Nothing that is owed is lost: processes come and go, the database is away, others hear of edits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.message import Job, JobState
from bot.errors import StorageError
from tests.fakes import (
    FakeMessenger,
    MemoryConversations,
    said,
    undeliverable,
)
from tests.support.inbox import (
    QUICK,
    Office,
    Opens,
    die,
    end_task,
    settled,
    until,
)


async def test_an_edit_that_another_process_is_told_of_is_answered_in_place_of_the_old(opens: Opens) -> None:
    messenger = FakeMessenger()
    one, two = await opens(messenger=messenger, owner="one"), await opens(messenger=messenger, owner="two")
    one.answering.go.clear()
    question = said("Where is my oder?")
    await one.inbox.receive_message(question)
    await until(lambda: one.answering.running)
    await two.inbox.receive_edit(replace(question, text="Where is my order?"))
    await until(lambda: one.answering.running == {"Where is my order?"})  # within a beat
    one.answering.go.set()
    await settled(one)
    assert messenger.said_to(question) == ["Re: Where is my order?"]
    assert two.answering.asked == []


async def test_an_edit_that_another_process_is_told_of_at_the_last_moment_counts(opens: Opens) -> None:
    messenger, slow = FakeMessenger(), replace(QUICK, lease=60)  # no beat comes in time
    one = await opens(messenger=messenger, owner="one", limits=slow)
    two = await opens(messenger=messenger, owner="two", limits=slow)
    one.answering.go.clear()
    question = said("Where is my oder?")
    await one.inbox.receive_message(question)
    await until(lambda: one.answering.running)
    await two.inbox.receive_edit(replace(question, text="Where is my order?"))
    one.answering.go.set()
    await settled(one)
    assert messenger.said_to(question) == ["Re: Where is my order?"]


async def test_a_deletion_that_another_process_is_told_of_removes_the_answer(opens: Opens) -> None:
    messenger, slow = FakeMessenger(), replace(QUICK, lease=60)
    one = await opens(messenger=messenger, owner="one", limits=slow)
    two = await opens(messenger=messenger, owner="two", limits=slow)
    one.answering.go.clear()
    question = said()
    await one.inbox.receive_message(question)
    await until(lambda: one.answering.running)
    await two.inbox.receive_deletion(question.key)
    one.answering.go.set()
    await settled(one)
    assert messenger.said_to(question) == []


async def test_a_removal_that_was_killed_is_done_by_another(opens: Opens) -> None:
    messenger = FakeMessenger()
    one = await opens(messenger=messenger, limits=replace(QUICK, pause=60))
    question = said()
    await one.inbox.receive_message(question)
    await settled(one)
    messenger.faults = [undeliverable(permanent=False)]
    await one.inbox.receive_deletion(question.key)
    await until(lambda: not messenger.faults)
    await die(one)
    assert one.messenger.said_to(question)
    two = await opens(messenger=messenger)
    await settled(two)
    assert messenger.said_to(question) == []
    assert await two.state_of(question) is JobState.WITHDRAWN


@pytest.mark.parametrize("method", ["start_job", "record_reply"])
async def test_what_a_storage_fault_broke_off_is_taken_up_again(office: Office, method: str) -> None:
    office.store.broken[method] = 2
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert len(office.messenger.said_to(question)) == 1
    assert await office.state_of(question) is not JobState.PENDING


@pytest.mark.parametrize("unseen", [1, 2, 3])
@pytest.mark.parametrize("unnoted", [1, 2, 3])
async def test_what_was_said_while_the_database_was_away_is_not_said_again(
    office: Office, unnoted: int, unseen: int
) -> None:
    office.store.broken |= {"record_reply": unnoted, "find_job": unseen}
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_claim_that_was_committed_though_the_connection_told_otherwise_is_seen_to(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = office.store.claim_message

    async def cut_off(*args: Any) -> None:
        await claim(*args)
        raise StorageError("The connection was closed.")

    question = said()
    with monkeypatch.context() as patch:
        patch.setattr(office.store, "claim_message", cut_off)
        with pytest.raises(StorageError):
            await office.inbox.receive_message(question)
    await office.inbox.receive_message(question)  # the platform tells again
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


@pytest.mark.parametrize("method", ["start_job", "finish_job"])
async def test_a_database_that_breaks_off_every_start_leaves_nobody_without_an_answer(
    opens: Opens, method: str
) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.store.broken[method] = 6
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_an_item_that_breaks_every_attempt_is_given_up_and_admins_are_told(opens: Opens) -> None:
    told: list[str] = []

    async def tell(job: Job, cause: str) -> bool:
        told.append(job.message.id)
        return True

    office = await opens(limits=replace(QUICK, tries=2), on_undeliverable=tell)
    office.messenger.faults = [RuntimeError()] * 10
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert told == [question.id]
    await office.inbox.receive_message(follow_up := said())
    office.messenger.faults = []
    await settled(office, 2)
    assert office.messenger.said_to(follow_up) == [f"Re: {follow_up.text}"]


async def test_what_a_dead_process_owed_is_answered_by_the_next(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform)
    dead.answering.go.clear()
    questions = [said(f"Question {number}?") for number in range(3)]
    for question in questions:
        await dead.inbox.receive_message(question)
    await until(lambda: platform.posts)
    await die(dead)
    assert platform.said_to(questions[0]) == ["Re: "] or platform.said_to(questions[0]) == [""]  # half open
    alive = await opens(messenger=platform)
    await settled(alive, 3)
    assert [platform.said_to(question) for question in questions] == [[f"Re: {q.text}"] for q in questions]
    assert [asked.text for asked in alive.answering.asked] == [question.text for question in questions]


async def test_a_turn_that_was_made_before_the_death_is_not_made_again(opens: Opens) -> None:
    platform, store = FakeMessenger(), MemoryConversations()
    dead = await opens(messenger=platform, conversations=store)
    question = said()
    dead.store.broken["finish_job"] = 1000
    await dead.inbox.receive_message(question)
    await until(lambda: platform.history)
    await die(dead)
    alive = await opens(messenger=platform, conversations=store)
    await settled(alive)
    assert alive.answering.asked == []
    assert platform.said_to(question) == [f"Re: {question.text}"]
    assert alive.meter.ends == [("test", "answered", "answer")]


async def test_a_turn_that_was_kept_but_never_stored_is_made_again(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform)
    question = said()
    dead.store.broken["finish_job"] = 1000
    await dead.inbox.receive_message(question)
    await until(lambda: platform.history)
    await die(dead)
    alive = await opens(messenger=platform, conversations=MemoryConversations())
    await settled(alive)
    assert len(alive.answering.asked) == 1
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_post_that_the_dead_process_did_not_live_to_note_is_found_on_the_platform(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform, running=False)
    question = said()
    await dead.inbox.receive_message(question)
    job = await dead.store.find_job(question.key)
    assert job
    await dead.store.start_job(job)
    platform.posts[f"{question.id}/lost"] = "Re: How do"
    alive = await opens(messenger=platform)
    await settled(alive)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_process_that_lost_its_claim_does_not_answer(opens: Opens) -> None:
    platform = FakeMessenger()
    stalled = await opens(messenger=platform, running=False)
    question = said()
    await stalled.inbox.receive_message(question)
    await asyncio.sleep(QUICK.lease + 0.05)
    alive = await opens(messenger=platform)
    await settled(alive)
    stalled.running = asyncio.create_task(stalled.inbox.run())  # it comes to its senses, with the job in its queue
    await until(lambda: stalled.inbox.waiting_count == 0)
    await asyncio.sleep(0.05)
    await end_task(stalled.running)
    assert [what for what, _, _ in platform.history] == ["answered"]


async def test_a_process_that_could_not_beat_lets_go_of_what_others_took_over(opens: Opens) -> None:
    """Of what it works on and of what waits: what another has said there stays as it is."""
    platform = FakeMessenger()
    stalled = await opens(messenger=platform, limits=replace(QUICK, workers=1, told_after=1.0))
    stalled.answering.go.clear()
    questions = [said(user=user) for user in ("ann", "ben", "cleo")]
    for question in questions:
        await stalled.inbox.receive_message(question)
    await until(lambda: stalled.answering.running)
    stalled.store.broken["extend_lease"] = 8
    alive = await opens(messenger=platform)
    await settled(alive, 3)
    await until(lambda: not stalled.answering.running and stalled.inbox.waiting_count == 0)
    await asyncio.sleep(1.2)
    assert platform.told == []
    assert [platform.said_to(question) for question in questions] == [[f"Re: {each.text}"] for each in questions]
    assert stalled.meter.ends == []


async def test_what_comes_back_by_way_of_others_is_begun_with_what_they_have_noted(opens: Opens) -> None:
    """It still waits here, as it was before they began it."""
    platform = FakeMessenger()
    here, there = await opens(messenger=platform, running=False), await opens(messenger=platform, running=False)
    question = said()
    await here.inbox.receive_message(question)
    await asyncio.sleep(QUICK.lease + 0.05)
    [taken] = await there.store.reclaim_expired(["test"])
    assert await there.store.start_job(taken)
    platform.posts[f"{question.id}/0"] = "Re: How"  # and it dies
    await asyncio.sleep(QUICK.lease + 0.05)
    assert await here.store.reclaim_expired(["test"])
    here.running = asyncio.create_task(here.inbox.run())
    await settled(here)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_living_process_keeps_what_takes_it_longer_than_a_lease(opens: Opens) -> None:
    platform = FakeMessenger()
    slow = await opens(messenger=platform)
    slow.answering.go.clear()
    question = said()
    await slow.inbox.receive_message(question)
    await until(lambda: slow.answering.running)
    other = await opens(messenger=platform)
    await asyncio.sleep(QUICK.lease * 2.5)
    assert other.answering.asked == []
    slow.answering.go.set()
    await settled(slow)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_items_of_an_adapter_that_is_away_wait_for_it(opens: Opens) -> None:
    office = await opens(joined=False)
    question = said()
    await office.inbox.receive_message(question)
    await asyncio.sleep(0.05)
    office.inbox.add_platform("test", office.messenger)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_database_that_is_away_for_a_while_ends_nothing(office: Office) -> None:
    office.store.broken["extend_lease"] = 2
    await asyncio.sleep(QUICK.lease)
    assert not office.running.done()
    await office.inbox.receive_message(question := said())
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_drain_finishes_what_is_in_flight_and_frees_the_rest_at_once(opens: Opens) -> None:
    platform = FakeMessenger()
    office = await opens(messenger=platform, limits=replace(QUICK, workers=1, lease=60))
    office.answering.go.clear()
    running, waiting = said(user="ann"), said(user="ben")
    await office.inbox.receive_message(running)
    await until(lambda: office.answering.running)
    await office.inbox.receive_message(waiting)
    asyncio.get_running_loop().call_later(0.1, office.answering.go.set)
    await office.inbox.drain(5)
    assert platform.said_to(running) == [f"Re: {running.text}"]
    assert await office.state_of(running) is JobState.ANSWERED
    assert platform.said_to(waiting) == []
    await end_task(office.running)
    following = await opens(messenger=platform)
    await settled(following)
    assert platform.said_to(waiting) == [f"Re: {waiting.text}"]


async def test_a_drain_ends_within_its_limit_and_leaves_what_is_not_finished_to_the_next(opens: Opens) -> None:
    platform = FakeMessenger()
    office = await opens(messenger=platform, limits=replace(QUICK, lease=60))
    office.answering.go.clear()
    question = said()
    await office.inbox.receive_message(question)
    await until(lambda: office.answering.running)
    started = asyncio.get_running_loop().time()
    await office.inbox.drain(0.1)
    assert asyncio.get_running_loop().time() - started < 1
    assert await office.state_of(question) is JobState.PENDING
    assert office.answering.running == set()
    await end_task(office.running)
    following = await opens(messenger=platform)
    await settled(following)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_what_arrives_during_a_drain_is_claimed_and_left_to_the_next(opens: Opens) -> None:
    office = await opens()
    office.answering.go.clear()
    await office.inbox.receive_message(said(user="ann"))
    await until(lambda: office.answering.running)
    draining = asyncio.create_task(office.inbox.drain(0.2))
    await asyncio.sleep(0.02)
    late = said(user="ben")
    await office.inbox.receive_message(late)
    await draining
    assert await office.state_of(late) is JobState.PENDING
    assert [asked.user for asked in office.answering.asked] == ["ann"]
