"""A customer is told something, whatever the platform and the database do meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.message import Disposition, Job, JobState, MessageRef, ThreadRef
from bot.chat.platform import ReplySender
from bot.errors import DeliveryError, Refusal, StorageError
from bot.inbox.availability import Platforms
from bot.inbox.delivery import Delivery, DeliveryOutcome
from bot.inbox.store import SqlInboxStore
from tests.fakes import (
    FakeMessenger,
    said,
    undeliverable,
)
from tests.support.inbox import (
    EN,
    QUICK,
    Forgetful,
    LosesReplies,
    Office,
    Opens,
    die,
    settled,
    until,
)


async def test_a_delivery_that_fails_for_now_is_tried_again_with_the_same_turn(office: Office) -> None:
    office.messenger.faults = [undeliverable(permanent=False)] * 2
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.conversations.stored) == 1


async def test_a_delivery_that_breaks_off_after_the_turn_was_made_does_not_make_it_again(office: Office) -> None:
    office.answering.afterwards = [undeliverable(permanent=False)]
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert len(office.answering.asked) == 1
    assert office.messenger.turns == [office.conversations.stored[0].id] * 2
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_platform_that_is_away_for_a_while_gets_the_answer_later(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.messenger.faults = [undeliverable(permanent=False)] * 9  # more than two in a row
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.conversations.stored) == 1


async def test_a_delivery_that_keeps_failing_is_given_up(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=3, patience=0))
    office.messenger.faults = [undeliverable(permanent=False)] * 3
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert office.messenger.faults == []


async def test_what_may_not_be_said_in_its_place_is_said_elsewhere(office: Office) -> None:
    office.messenger.other_places = 2
    office.messenger.faults = [undeliverable(permanent=True)] * 2
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question)[-1] == f"Re: {question.text}"
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.conversations.stored) == 1


async def test_what_is_said_elsewhere_is_asked_where_it_was_written(office: Office) -> None:
    office.messenger.moves_to = "other"
    office.messenger.other_places = 1
    office.messenger.faults = [undeliverable(permanent=True)]
    await office.inbox.receive_message(question := said())
    await settled(office)
    assert [asked.channel for asked in office.answering.asked] == [question.place.channel]
    job = await office.store.find_job(question.key)
    assert job and job.message == question and job.moved and job.moved.place.channel == "other"


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("closed", [0, 1, 2, 3])
async def test_what_was_said_elsewhere_and_not_noted_is_said_in_no_other_place(
    opens: Opens, closed: int, lost: int, begins: bool
) -> None:
    office = await opens(messenger=LosesReplies(closed, lost, begins=begins))
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]  # and nothing begun stands beside it


async def test_what_a_dead_process_said_elsewhere_is_not_said_there_again(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=99)
    dead = await opens(messenger=platform, limits=replace(QUICK, pause=9))
    await dead.inbox.receive_message(question := said())
    await until(lambda: platform.posts)
    await die(dead)
    platform.closed, platform.lost = 1, 0
    await settled(await opens(messenger=platform))
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_what_a_dead_process_began_is_removed_once_another_has_said_it_elsewhere(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=99, begins=True)
    dead = await opens(messenger=platform, limits=replace(QUICK, pause=9))
    await dead.inbox.receive_message(question := said())
    await until(lambda: any("/1/" in post for post in platform.posts))
    await die(dead)
    platform.lost = 0  # and its own place is open again
    await settled(await opens(messenger=platform))
    assert platform.said_to(question) == [f"Re: {question.text}"]
    assert all("/1/" in post for post in platform.posts)


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_what_moved_stays_where_it_is_while_the_database_cannot_be_read(opens: Opens, failing: int) -> None:
    platform = LosesReplies(closed=1, lost=1)
    office = await opens(messenger=platform)
    office.store.broken["record_reply"] = 1
    original = platform.show_answer

    async def answer(job: Job, events: AsyncIterator[Any], keep: Any) -> None:
        if "elsewhere" in job.message.reply_target:
            office.store.broken["find_job"] = failing
        await original(job, events, keep)

    platform.show_answer = answer  # type: ignore[method-assign]
    await office.inbox.receive_message(question := said())
    await settled(office)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_an_edit_is_answered_where_its_question_was_and_a_deletion_clears_that_place(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=0, begins=True)
    office = await opens(messenger=platform)
    await office.inbox.receive_message(question := said())
    await settled(office)
    edit = replace(question, text="What about pears?", edited_at=1.0)
    await office.inbox.receive_edit(edit)
    await settled(office, 2)
    assert platform.said_to(question) == ["Re: What about pears?"]
    await office.inbox.receive_deletion(question.key)
    await settled(office, 3)
    assert platform.said_to(question) == []


async def test_while_admins_cannot_be_told_what_can_be_said_nowhere_is_still_owed(opens: Opens) -> None:
    reachable, told = False, Counter[str]()

    async def tell(job: Job, cause: str) -> bool:
        told[cause] += 1
        return reachable

    office = await opens(on_undeliverable=tell)
    office.messenger.faults = [undeliverable(permanent=True)] * 99
    question = said()
    await office.inbox.receive_message(question)
    await until(lambda: told["not_in_channel"] >= 2)
    assert await office.state_of(question) is JobState.PENDING
    reachable = True
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED


async def test_what_can_be_said_nowhere_is_told_to_admins(opens: Opens) -> None:
    told: list[tuple[str, str]] = []

    async def tell(job: Job, cause: str) -> bool:
        told.append((job.message.id, cause))
        return True

    office = await opens(on_undeliverable=tell)
    office.messenger.other_places = 1
    office.messenger.faults = [undeliverable(permanent=True)] * 3
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert told == [(question.id, "not_in_channel")]


async def test_what_a_platform_refuses_the_bot_itself_waits_for_the_operator(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.messenger.refuses_bot = True
    questions = [said(user=f"u{number}") for number in range(6)]
    for question in questions:
        await office.inbox.receive_message(question)
    await until(lambda: office.inbox.find_trouble("test") == "token_revoked")
    await asyncio.sleep(1.5)  # some probes, and more beats than a delivery has tries
    assert [await office.state_of(question) for question in questions] == [JobState.PENDING] * 6
    office.messenger.refuses_bot = False
    await settled(office, 6)
    assert all(office.messenger.said_to(question)[-1] == f"Re: {question.text}" for question in questions)
    assert office.inbox.find_trouble("test") == ""


@pytest.mark.parametrize("kind", [Refusal.BOT, Refusal.FORM, Refusal.MOMENT])
async def test_what_may_stand_already_is_not_said_again_while_that_cannot_be_told(opens: Opens, kind: Refusal) -> None:
    messenger = Forgetful(kind)
    one = await opens(messenger=messenger)
    question = said()
    one.store.broken["record_reply"] = 99
    await one.inbox.receive_message(question)
    await until(lambda: messenger.said_to(question))
    await die(one)
    stood = dict(messenger.posts)
    two = await opens(messenger=messenger)
    other = said(user="bob")
    await two.inbox.receive_message(other)
    await until(lambda: messenger.said_to(other) == [f"Re: {other.text}"])  # nobody else waits for that
    await asyncio.sleep(0.5)
    assert messenger.said_to(question) == [text for post, text in stood.items() if post.startswith(f"{question.id}/")]
    messenger.refuses_history = False
    await until(lambda: messenger.said_to(question) == [f"Re: {question.text}"])
    assert len(messenger.said_to(question)) == 1


async def test_what_waited_for_the_operator_too_long_is_apologised_for(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, patience=0.5))
    office.messenger.refuses_bot = True
    question = said()
    await office.inbox.receive_message(question)
    await until(lambda: office.inbox.find_trouble("test"))
    await asyncio.sleep(0.6)
    office.messenger.refuses_bot = False
    await settled(office)
    assert office.messenger.said_to(question)[-1] == EN.say("too_late")
    assert await office.state_of(question) is JobState.EXCUSED


async def test_a_database_that_fails_in_mid_answer_is_tried_again(office: Office) -> None:
    office.answering.afterwards = [StorageError("The connection was closed.")] * 2
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_a_database_that_goes_on_failing_in_mid_answer_is_apologised_for(office: Office) -> None:
    office.answering.faults = [StorageError("The connection was closed.")] * 99
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert "went wrong" in office.messenger.said_to(question)[0]


async def test_a_delivery_that_can_never_succeed_is_not_tried_again(office: Office) -> None:
    office.messenger.faults = [undeliverable(permanent=True)] * 2
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert len(office.messenger.faults) == 1
    assert office.meter.faults == [("test", "DeliveryError")]


async def test_an_answer_that_went_out_is_not_replaced_by_an_apology_when_the_database_fails(office: Office) -> None:
    office.store.broken["finish_job"] = 1
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.conversations.stored) == 1


# -- every course that a delivery may take ------------------------------------------------------------------------

GOES_WELL, SAME, CHANGED = None, "same", "changed"
FAULTS = [StorageError("locked"), *(DeliveryError(kind.value, kind) for kind in Refusal)]


class ScriptedStore(SqlInboxStore):
    """Finds a job as the script tells: as it was, changed by others, or not at all."""

    def __init__(self, job: Job, readings: Sequence[str | StorageError]) -> None:
        self.job, self.readings = job, iter(readings)

    async def find_job(self, key: MessageRef) -> Job | None:
        reading = next(self.readings)
        if isinstance(reading, StorageError):
            raise reading
        return replace(self.job, revision=self.job.revision + (reading == CHANGED))

    async def list_open(self, place: ThreadRef) -> Sequence[Job]:
        return [self.job]


def foretell(
    acts: Sequence[Exception | None], readings: Sequence[str | StorageError], tries: int
) -> DeliveryOutcome | type[StorageError]:
    """What a delivery comes to, told without one."""
    for act, reading in zip(acts[:tries], readings, strict=False):
        if act is GOES_WELL:
            return DeliveryOutcome.DONE
        if isinstance(act, DeliveryError) and act.kind is Refusal.BOT:
            return DeliveryOutcome.MUST_WAIT
        if isinstance(act, DeliveryError) and act.kind is not Refusal.MOMENT:
            return DeliveryOutcome.REFUSED
        if reading == CHANGED:
            return DeliveryOutcome.CHANGED
    return StorageError if isinstance(acts[tries - 1], StorageError) else DeliveryOutcome.GIVEN_UP


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    tries=st.integers(1, 4),
    acts=st.lists(st.sampled_from([*FAULTS, GOES_WELL, FAULTS[0], FAULTS[2]]), min_size=4, max_size=4),
    readings=st.lists(st.sampled_from([SAME, SAME, CHANGED, FAULTS[0]]), min_size=4, max_size=4),
)
async def test_a_delivery_ends_as_its_last_fault_calls_for(
    tries: int, acts: list[Exception | None], readings: list[str | StorageError]
) -> None:
    limits = replace(QUICK, tries=tries, pause=0.0)
    question = said()
    job = Job("j", question, Disposition.ANSWER, "c", datetime.now(UTC))
    platforms, done = Platforms(), []
    platforms.add_platform("test", FakeMessenger())
    delivery = Delivery(platforms, ScriptedStore(job, readings), limits, lambda job, error: "f")

    async def act(sender: ReplySender, job: Job) -> None:
        done.append(job)
        if fault := acts[len(done) - 1]:
            raise fault

    expected = foretell(acts, readings, tries)
    if expected is StorageError:
        with pytest.raises(StorageError):
            await delivery.deliver_reply(job, act, unknown=False, here=True)
        assert len(done) == tries
    else:
        assert await delivery.deliver_reply(job, act, unknown=False, here=True) is expected
        assert len(done) <= tries
    suspended = any(isinstance(each, DeliveryError) and each.kind is Refusal.BOT for each in acts[: len(done)])
    assert bool(platforms.find_trouble("test")) is suspended
