"""The desk over a real inbox on SQLite, a platform that keeps what it is told, and answers from a script."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.chat.conversation import Decision, IncomingMessage, Turn
from bot.chat.message import Audience, Channel, ChannelKind, Job, JobState, ThreadRef
from bot.database.database import Database
from bot.errors import DeliveryError, Refusal, StorageError, TurnNotStored
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.service import HandoffService
from bot.handoff.store import SqlHandoffStore
from bot.i18n import words_for
from bot.inbox.assembly import build_inbox
from bot.inbox.limits import InboxLimits
from bot.inbox.masking import MessageMasking
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.service import InboxService
from bot.inbox.store import SqlInboxStore
from tests.fakes import (
    CountingMeter,
    FakeIntents,
    FakeMessenger,
    MemoryConversations,
    ScriptedAnswering,
    said,
    undeliverable,
)
from tests.support.turns import make_turn

QUICK = InboxLimits(workers=4, seconds=5, lease=0.4, pause=0.01, told_after=0.05)
EN = words_for("en")


class FlakyInbox(SqlInboxStore):
    """A real inbox whose methods named in `broken` fail so many times."""

    broken: Counter[str]

    def __getattribute__(self, name: str) -> Any:
        attribute = super().__getattribute__(name)
        if name not in {
            "claim_message",
            "find_job",
            "start_job",
            "finish_job",
            "record_reply",
            "extend_lease",
            "release_lease",
        }:
            return attribute

        async def call(*args: Any, **options: Any) -> Any:
            if self.broken[name] > 0:
                self.broken[name] -= 1
                raise StorageError("The database is locked: end the other process.")
            return await attribute(*args, **options)

        return call


class Forgetful(FakeMessenger):
    """A platform that does not tell what stands on it, for a reason of that kind."""

    def __init__(self, kind: Refusal) -> None:
        super().__init__()
        self.kind, self.refuses_history = kind, True

    async def find_standing_replies(self, item: Job) -> Sequence[Mapping[str, str]]:
        if self.refuses_history:
            raise DeliveryError("missing_scope", self.kind)
        return await super().find_standing_replies(item)


class FakeHanding(HandoffService):
    """Keeps what it is told; raises what is in `faults` first. `where` is where questions can be handed over."""

    def __init__(self) -> None:
        self.relayed: list[tuple[str, str]] = []
        self.opened: list[tuple[str, HandoffReason]] = []
        self.given_up: list[str] = []
        self.faults: list[Exception] = []
        self.where = True

    def can_hand_over(self, place: ThreadRef) -> bool:
        return self.where

    async def relay_message(self, item: Job, text: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.relayed.append((item.message.context["side"], text))

    async def open_for(self, item: Job, turn: Turn, reason: HandoffReason) -> bool:
        self.opened.append((turn.question, reason))
        return True

    async def give_up(self, item: Job) -> None:
        self.given_up.append(item.message.text)


@dataclass
class Office:
    """A desk at work, and what stands around it."""

    desk: InboxService
    inbox: FlakyInbox
    messenger: FakeMessenger
    answering: ScriptedAnswering
    store: MemoryConversations
    meter: CountingMeter
    masking: MessageMasking
    running: asyncio.Task[None]

    async def state_of(self, message: Any) -> JobState:
        item = await self.inbox.find_job(message.key)
        assert item is not None
        return item.state


Opens = Callable[..., Awaitable[Office]]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What is logged, instead of being printed with every local variable."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path / 'desk.db'}")
    yield database
    await database.close()


@pytest.fixture
async def opens(database: Database) -> AsyncIterator[Opens]:
    """Opens desks on one database, each a process of its own, and closes them."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Office:
            return await stack.enter_async_context(_office(database, **options))

        yield open_one


@pytest.fixture
async def office(opens: Opens) -> Office:
    return await opens()


@asynccontextmanager
async def _office(
    database: Database,
    limits: InboxLimits = QUICK,
    messenger: FakeMessenger | None = None,
    store: MemoryConversations | None = None,
    owner: str = "",
    joined: bool = True,
    running: bool = True,
    handing: FakeHanding | None = None,
    on_abstention: bool = False,
    mask: Callable[[str], str] = lambda text: text,
    on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
) -> AsyncIterator[Office]:
    store, messenger, meter = store or MemoryConversations(), messenger or FakeMessenger(), CountingMeter()
    inbox = FlakyInbox(database, update_thread, owner, limits.lease)
    inbox.broken = Counter()
    answering = ScriptedAnswering(store)
    masking = MessageMasking(mask)
    desk = build_inbox(
        answering,
        store,
        inbox,
        meter,
        limits,
        intents=FakeIntents(),
        masking=masking,
        handoffs=handing,
        on_abstention=on_abstention,
        on_undeliverable=on_undeliverable,
    )
    if joined:
        desk.add_platform("test", messenger)
    task = asyncio.create_task(desk.run() if running else asyncio.sleep(0))
    yield Office(desk, inbox, messenger, answering, store, meter, masking, task)
    await desk.drain(0)
    await _end(task)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def die(office: Office) -> None:
    """End an inbox as SIGKILL does: nothing is finished and nothing released."""
    office.inbox.broken["release_lease"] = 1
    with pytest.raises(StorageError):
        await office.desk.drain(0)
    await _end(office.running)


async def until(condition: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what it waits for sets no event)
            await asyncio.sleep(0.005)


async def settled(office: Office, count: int = 1) -> None:
    """Until so many items came to their end."""
    await until(lambda: len(office.meter.ends) >= count)


# -- one answer ---------------------------------------------------------------------------------------------------


async def test_a_question_is_answered_in_its_thread_and_accounted_for(office: Office) -> None:
    question = said("Where is my order?")
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert office.meter.claims == [("test", "answer")]
    assert office.meter.ends == [("test", "answered", "answer")]
    [asked] = office.answering.asked
    assert asked == IncomingMessage(f"test:T1:C1:{question.id}", "Where is my order?", "test", "ann", "C1")
    item = await office.inbox.find_job(question.key)
    assert item
    assert item.turn_id == office.store.stored[0].id


async def test_duplicates_get_one_answer(office: Office) -> None:
    question = said()
    for _ in range(3):
        await office.desk.receive_message(question)
    await settled(office)
    await office.desk.receive_message(question)  # a retry that comes after the answer
    await asyncio.sleep(0.05)
    assert len(office.messenger.said_to(question)) == 1
    assert len(office.answering.asked) == 1


async def test_a_mention_that_comes_as_two_events_gets_one_answer(office: Office) -> None:
    mention = said()
    await asyncio.gather(
        office.desk.receive_message(replace(mention, audience=Audience.CHANNEL)), office.desk.receive_message(mention)
    )
    await settled(office)
    assert len(office.messenger.said_to(mention)) == 1


async def test_two_processes_that_are_told_of_the_same_messages_answer_each_once(opens: Opens) -> None:
    platform = FakeMessenger()
    one, two = await opens(messenger=platform), await opens(messenger=platform)
    questions = [said(f"Question {number}?", user=f"user {number % 7}") for number in range(40)]
    await asyncio.gather(*(desk.receive_message(q) for q in questions for desk in (one.desk, two.desk, one.desk)))
    await until(lambda: len(platform.history) >= 40)
    await asyncio.sleep(0.05)
    assert Counter(id for _, id, _ in platform.history) == {question.id: 1 for question in questions}
    assert all(platform.said_to(question) == [f"Re: {question.text}"] for question in questions)


async def test_what_calls_for_nothing_costs_nothing(office: Office) -> None:
    await office.desk.receive_message(said("Good morning everyone!", audience=Audience.CHANNEL))
    await asyncio.sleep(0.05)
    assert (office.messenger.posts, office.meter.claims, office.desk.waiting_count) == ({}, [], 0)


async def test_questions_of_one_user_are_answered_in_order_and_one_at_a_time(office: Office) -> None:
    most = 0

    def count(_message: IncomingMessage) -> None:
        nonlocal most
        most = max(most, len(office.answering.running))

    office.answering.on_answer = count
    questions = [said(f"Question {number}?") for number in range(5)]
    for question in questions:
        await office.desk.receive_message(question)
    await settled(office, 5)
    assert [asked.text for asked in office.answering.asked] == [question.text for question in questions]
    assert most == 1


async def test_a_storage_fault_in_the_claim_reaches_the_adapter(office: Office) -> None:
    office.inbox.broken["claim_message"] = 1
    question = said()
    with pytest.raises(StorageError):
        await office.desk.receive_message(question)
    await office.desk.receive_message(question)  # what the platform does, not having been acknowledged
    await settled(office)
    assert len(office.messenger.said_to(question)) == 1


# -- edits and deletions ------------------------------------------------------------------------------------------


async def test_an_edited_question_is_answered_again_in_place(office: Office) -> None:
    question = said("Where is my oder?")
    await office.desk.receive_message(question)
    await settled(office)
    await office.desk.receive_edit(replace(question, text="Where is my order?"))
    await settled(office, 2)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_an_edit_cancels_the_work_in_flight_and_takes_its_place(office: Office) -> None:
    office.answering.go.clear()
    question = said("Where is my oder?")
    await office.desk.receive_message(question)
    await until(lambda: office.answering.running)
    await office.desk.receive_edit(replace(question, text="Where is my order?"))
    await until(lambda: office.answering.running == {"Where is my order?"})
    assert office.answering.closed == ["Where is my oder?"]
    office.answering.go.set()
    await settled(office)
    await asyncio.sleep(0.05)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert len(office.meter.ends) == 1


async def test_an_edit_of_a_question_that_waits_is_answered_once(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    first, question = said(user="ben"), said("Where is my oder?")
    await office.desk.receive_message(first)
    await until(lambda: office.answering.running)
    await office.desk.receive_message(question)
    await office.desk.receive_edit(replace(question, text="Where is my order?"))
    assert office.desk.waiting_count == 1
    office.answering.go.set()
    await settled(office, 2)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert [asked.text for asked in office.answering.asked] == [first.text, "Where is my order?"]


async def test_an_edit_that_changes_no_word_is_none(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    await office.desk.receive_edit(question)  # a link was unfurled
    await asyncio.sleep(0.05)
    assert len(office.answering.asked) == 1


async def test_an_edit_that_another_process_is_told_of_is_answered_in_place_of_the_old(opens: Opens) -> None:
    messenger = FakeMessenger()
    one, two = await opens(messenger=messenger, owner="one"), await opens(messenger=messenger, owner="two")
    one.answering.go.clear()
    question = said("Where is my oder?")
    await one.desk.receive_message(question)
    await until(lambda: one.answering.running)
    await two.desk.receive_edit(replace(question, text="Where is my order?"))
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
    await one.desk.receive_message(question)
    await until(lambda: one.answering.running)
    await two.desk.receive_edit(replace(question, text="Where is my order?"))
    one.answering.go.set()
    await settled(one)
    assert messenger.said_to(question) == ["Re: Where is my order?"]


async def test_a_deletion_that_another_process_is_told_of_removes_the_answer(opens: Opens) -> None:
    messenger, slow = FakeMessenger(), replace(QUICK, lease=60)
    one = await opens(messenger=messenger, owner="one", limits=slow)
    two = await opens(messenger=messenger, owner="two", limits=slow)
    one.answering.go.clear()
    question = said()
    await one.desk.receive_message(question)
    await until(lambda: one.answering.running)
    await two.desk.receive_deletion(question.key)
    one.answering.go.set()
    await settled(one)
    assert messenger.said_to(question) == []


async def test_a_wish_for_quiet_that_becomes_a_question_by_an_edit_is_answered(office: Office) -> None:
    wish = said("quiet")
    await office.desk.receive_message(wish)
    await settled(office)
    await office.desk.receive_edit(replace(wish, text="Where is my order?"))
    await settled(office, 2)
    assert office.messenger.said_to(wish) == ["Re: Where is my order?"]


async def test_edits_count_for_the_budget(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=2))
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    for number in range(2):
        await office.desk.receive_edit(replace(question, text=f"Where is order {number}?"))
        await settled(office, number + 2)
    assert len(office.answering.asked) == 2
    [line] = office.messenger.said_to(question)
    assert line.startswith("That's more questions")


async def test_a_statement_that_becomes_a_question_by_an_edit_is_answered(office: Office) -> None:
    statement = said("where is it", audience=Audience.CHANNEL)
    await office.desk.receive_message(statement)
    await office.desk.receive_edit(replace(statement, audience=Audience.MENTION))
    await settled(office)
    assert office.messenger.said_to(statement) == ["Re: where is it"]


async def test_a_deleted_question_loses_its_answer(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    await office.desk.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.said_to(question) == []
    assert await office.state_of(question) is JobState.WITHDRAWN


async def test_a_deletion_cancels_the_work_in_flight_and_removes_what_stands(office: Office) -> None:
    office.answering.go.clear()
    question = said()
    await office.desk.receive_message(question)
    await until(lambda: office.messenger.posts)
    await office.desk.receive_deletion(question.key)
    await settled(office)
    assert office.answering.running == set()
    assert office.messenger.posts == {}
    office.answering.go.set()
    await asyncio.sleep(0.05)
    assert office.meter.ends == [("test", "withdrawn", "")]


async def test_an_answer_that_cannot_be_removed_for_a_while_is_removed_later(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    office.messenger.faults = [undeliverable(permanent=False)] * 9
    await office.desk.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.said_to(question) == []
    assert await office.state_of(question) is JobState.WITHDRAWN


async def test_a_removal_that_was_killed_is_done_by_another(opens: Opens) -> None:
    messenger = FakeMessenger()
    one = await opens(messenger=messenger, limits=replace(QUICK, pause=60))
    question = said()
    await one.desk.receive_message(question)
    await settled(one)
    messenger.faults = [undeliverable(permanent=False)]
    await one.desk.receive_deletion(question.key)
    await until(lambda: not messenger.faults)
    await die(one)
    assert one.messenger.said_to(question)
    two = await opens(messenger=messenger)
    await settled(two)
    assert messenger.said_to(question) == []
    assert await two.state_of(question) is JobState.WITHDRAWN


async def test_a_follow_up_that_overtakes_its_question_is_answered(office: Office) -> None:
    question = said()
    follow_up = said("And for a gift?", thread=question.id, audience=Audience.CHANNEL)
    await office.desk.receive_message(follow_up)
    await office.desk.receive_message(question)
    await settled(office, 2)
    assert office.messenger.said_to(follow_up) == ["Re: And for a gift?"]


async def test_a_follow_up_that_overtakes_its_question_by_way_of_another_process_is_answered(opens: Opens) -> None:
    one, two = await opens(), await opens()
    question = said()
    follow_up = said("And for a gift?", thread=question.id, audience=Audience.CHANNEL)
    await one.desk.receive_message(follow_up)
    await two.desk.receive_message(question)
    await until(lambda: one.messenger.said_to(follow_up) == ["Re: And for a gift?"])


async def test_what_was_said_in_a_thread_before_the_bot_was_called_is_not_answered(office: Office) -> None:
    root = said(audience=Audience.CHANNEL)
    remark = said("Is that so?", thread=root.id, audience=Audience.CHANNEL)
    call = said("And what do you say?", thread=root.id)
    for message in (root, remark, call):
        await office.desk.receive_message(message)
    await settled(office)
    await asyncio.sleep(2.5)
    assert office.messenger.said_to(remark) == [] and len(office.messenger.posts) == 1


@pytest.mark.parametrize("first", ["message", "edit"])
async def test_an_edit_that_meets_its_own_message_s_claim_is_heard(office: Office, first: str) -> None:
    for _ in range(20):
        message = said("How do I retrun?")
        edit = replace(message, text="How do I return a jacket?")
        calls = [office.desk.receive_message(message), office.desk.receive_edit(edit)]
        await asyncio.gather(*(calls if first == "message" else reversed(calls)))
        await until(lambda: office.messenger.said_to(message) == [f"Re: {edit.text}"])  # noqa: B023 (awaited here)


async def test_a_deleted_question_that_waits_is_never_asked(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    first, second = said(user="ben"), said()
    await office.desk.receive_message(first)
    await until(lambda: office.answering.running)
    await office.desk.receive_message(second)
    await office.desk.receive_deletion(second.key)
    office.answering.go.set()
    await settled(office, 2)
    assert len(office.answering.asked) == 1


async def test_an_edit_after_the_deletion_brings_nothing_back(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    await office.desk.receive_deletion(question.key)
    await office.desk.receive_edit(replace(question, text="Another?"))
    await asyncio.sleep(0.05)
    assert office.messenger.said_to(question) == []


async def test_a_deletion_that_overtakes_its_question_lets_nothing_be_answered(office: Office) -> None:
    question = said()
    await office.desk.receive_deletion(question.key)
    await office.desk.receive_message(question)
    await asyncio.sleep(0.02)
    assert office.messenger.history == [] and office.answering.asked == []


async def test_a_retraction_is_tried_again(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    office.messenger.faults = [undeliverable(permanent=False)]
    await office.desk.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.posts == {}


# -- faults -------------------------------------------------------------------------------------------------------


async def test_a_fault_becomes_one_apology_with_an_id_and_nothing_of_the_fault(office: Office, logs: list[Any]) -> None:
    office.answering.faults = [RuntimeError("password=hunter2 in /srv/secret")]
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    [apology] = office.messenger.said_to(question)
    fault = re.search(r"Reference: ([0-9a-f]{8})", apology)
    assert fault
    assert "hunter2" not in apology
    assert [entry["fault"] for entry in logs if entry["event"] == "fault"] == [fault[1]]
    assert "hunter2" not in str([entry for entry in logs if entry["log_level"] != "debug"])
    assert office.meter.faults == [("test", "RuntimeError")]
    assert await office.state_of(question) is JobState.EXCUSED


async def test_an_apology_is_in_the_language_of_the_question(office: Office) -> None:
    office.answering.faults = [RuntimeError()]
    question = said("怎么修改收货地址")
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question)[0].startswith("抱歉")


async def test_an_answer_that_takes_too_long_is_apologised_for(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, seconds=0.05))
    office.answering.go.clear()
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert "went wrong" in office.messenger.said_to(question)[0]
    assert office.meter.faults == [("test", "TimeoutError")]


async def test_a_turn_that_could_not_be_logged_was_answered_all_the_same(office: Office) -> None:
    office.answering.afterwards = [TurnNotStored(make_turn(), OSError())]
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert office.meter.faults == [("test", "TurnNotStored")]


async def test_a_delivery_that_fails_for_now_is_tried_again_with_the_same_turn(office: Office) -> None:
    office.messenger.faults = [undeliverable(permanent=False)] * 2
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.store.stored) == 1


async def test_a_delivery_that_breaks_off_after_the_turn_was_made_does_not_make_it_again(office: Office) -> None:
    office.answering.afterwards = [undeliverable(permanent=False)]
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert len(office.answering.asked) == 1
    assert office.messenger.turns == [office.store.stored[0].id] * 2
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_platform_that_is_away_for_a_while_gets_the_answer_later(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.messenger.faults = [undeliverable(permanent=False)] * 9  # more than two in a row
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.store.stored) == 1


async def test_a_delivery_that_keeps_failing_is_given_up(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=3, patience=0))
    office.messenger.faults = [undeliverable(permanent=False)] * 3
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert office.messenger.faults == []


async def test_what_may_not_be_said_in_its_place_is_said_elsewhere(office: Office) -> None:
    office.messenger.other_places = 2
    office.messenger.faults = [undeliverable(permanent=True)] * 2
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question)[-1] == f"Re: {question.text}"
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.store.stored) == 1


class LosesReplies(FakeMessenger):
    """Refuses the first `closed` places, opens them again after that, and loses the reply to the first `lost` posts,
    which stand all the same. What stands is found in its own place only."""

    def __init__(self, closed: int, lost: int, *, begins: bool = False) -> None:
        super().__init__()
        self.other_places, self.closed, self.lost, self.begins = 3, closed, lost, begins

    async def show_answer(self, item: Job, events: AsyncIterator[Any], keep: Any) -> None:
        if self.closed:
            self.closed -= 1
            if self.begins:  # closed in mid-answer: the beginning stands, and was noted
                where = item.message.context.get("elsewhere", "0")
                self.posts[post := f"{item.message.id}/{where}/begun"] = "begun"
                await keep([{"post": post}])
            raise undeliverable(permanent=True)
        if item.replies and self.posts.get(item.replies[0]["post"]) == "begun":
            raise undeliverable(permanent=True)  # nor is it edited there
        await super().show_answer(item, events, keep)

    async def _open(self, item: Job, keep: Any) -> str:
        where = item.message.context.get("elsewhere", "0")
        post = item.replies[0]["post"] if item.replies else f"{item.message.id}/{where}/{len(self.posts)}"
        self.posts[post] = ""
        if self.lost:
            self.lost -= 1
            raise undeliverable(permanent=False)
        await keep([{"post": post}])
        return post

    async def find_standing_replies(self, item: Job) -> Any:
        where = item.message.context.get("elsewhere", "0")
        return [{"post": post} for post in self.posts if post.startswith(f"{item.message.id}/{where}/")]


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("closed", [0, 1, 2, 3])
async def test_what_was_said_elsewhere_and_not_noted_is_said_in_no_other_place(
    opens: Opens, closed: int, lost: int, begins: bool
) -> None:
    office = await opens(messenger=LosesReplies(closed, lost, begins=begins))
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]  # and nothing begun stands beside it


async def test_what_a_dead_process_said_elsewhere_is_not_said_there_again(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=99)
    dead = await opens(messenger=platform, limits=replace(QUICK, pause=9))
    await dead.desk.receive_message(question := said())
    await until(lambda: platform.posts)
    await die(dead)
    platform.closed, platform.lost = 1, 0
    await settled(await opens(messenger=platform))
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_what_a_dead_process_began_is_removed_once_another_has_said_it_elsewhere(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=99, begins=True)
    dead = await opens(messenger=platform, limits=replace(QUICK, pause=9))
    await dead.desk.receive_message(question := said())
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
    office.inbox.broken["record_reply"] = 1
    original = platform.show_answer

    async def answer(item: Job, events: AsyncIterator[Any], keep: Any) -> None:
        if "elsewhere" in item.message.context:
            office.inbox.broken["find_job"] = failing
        await original(item, events, keep)

    platform.show_answer = answer  # type: ignore[method-assign]
    await office.desk.receive_message(question := said())
    await settled(office)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_an_edit_is_answered_where_its_question_was_and_a_deletion_clears_that_place(opens: Opens) -> None:
    platform = LosesReplies(closed=1, lost=0, begins=True)
    office = await opens(messenger=platform)
    await office.desk.receive_message(question := said())
    await settled(office)
    edit = replace(question, text="What about pears?", edited_at=1.0)
    await office.desk.receive_edit(edit)
    await settled(office, 2)
    assert platform.said_to(question) == ["Re: What about pears?"]
    await office.desk.receive_deletion(question.key)
    await settled(office, 3)
    assert platform.said_to(question) == []


async def test_while_admins_cannot_be_told_what_can_be_said_nowhere_is_still_owed(opens: Opens) -> None:
    reachable, told = False, Counter[str]()

    async def tell(item: Job, cause: str) -> bool:
        told[cause] += 1
        return reachable

    office = await opens(on_undeliverable=tell)
    office.messenger.faults = [undeliverable(permanent=True)] * 99
    question = said()
    await office.desk.receive_message(question)
    await until(lambda: told["not_in_channel"] >= 2)
    assert await office.state_of(question) is JobState.PENDING
    reachable = True
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED


async def test_what_can_be_said_nowhere_is_told_to_admins(opens: Opens) -> None:
    told: list[tuple[str, str]] = []

    async def tell(item: Job, cause: str) -> bool:
        told.append((item.message.id, cause))
        return True

    office = await opens(on_undeliverable=tell)
    office.messenger.other_places = 1
    office.messenger.faults = [undeliverable(permanent=True)] * 3
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert told == [(question.id, "not_in_channel")]


async def test_what_a_platform_refuses_the_bot_itself_waits_for_the_operator(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.messenger.refuses_bot = True
    questions = [said(user=f"u{number}") for number in range(6)]
    for question in questions:
        await office.desk.receive_message(question)
    await until(lambda: office.desk.find_trouble("test") == "token_revoked")
    await asyncio.sleep(1.5)  # some probes, and more beats than a delivery has tries
    assert [await office.state_of(question) for question in questions] == [JobState.PENDING] * 6
    office.messenger.refuses_bot = False
    await settled(office, 6)
    assert all(office.messenger.said_to(question)[-1] == f"Re: {question.text}" for question in questions)
    assert office.desk.find_trouble("test") == ""


@pytest.mark.parametrize("kind", [Refusal.BOT, Refusal.FORM, Refusal.MOMENT])
async def test_what_may_stand_already_is_not_said_again_while_that_cannot_be_told(opens: Opens, kind: Refusal) -> None:
    messenger = Forgetful(kind)
    one = await opens(messenger=messenger)
    question = said()
    one.inbox.broken["record_reply"] = 99
    await one.desk.receive_message(question)
    await until(lambda: messenger.said_to(question))
    await die(one)
    stood = dict(messenger.posts)
    two = await opens(messenger=messenger)
    other = said(user="bob")
    await two.desk.receive_message(other)
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
    await office.desk.receive_message(question)
    await until(lambda: office.desk.find_trouble("test"))
    await asyncio.sleep(0.6)
    office.messenger.refuses_bot = False
    await settled(office)
    assert office.messenger.said_to(question)[-1] == EN.say("too_late")
    assert await office.state_of(question) is JobState.EXCUSED


async def test_a_database_that_fails_in_mid_answer_is_tried_again(office: Office) -> None:
    office.answering.afterwards = [StorageError("The connection was closed.")] * 2
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_a_database_that_goes_on_failing_in_mid_answer_is_apologised_for(office: Office) -> None:
    office.answering.faults = [StorageError("The connection was closed.")] * 99
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert "went wrong" in office.messenger.said_to(question)[0]


async def test_a_delivery_that_can_never_succeed_is_not_tried_again(office: Office) -> None:
    office.messenger.faults = [undeliverable(permanent=True)] * 2
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert len(office.messenger.faults) == 1
    assert office.meter.faults == [("test", "DeliveryError")]


async def test_an_answer_that_went_out_is_not_replaced_by_an_apology_when_the_database_fails(office: Office) -> None:
    office.inbox.broken["finish_job"] = 1
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert len(office.store.stored) == 1


@pytest.mark.parametrize("method", ["start_job", "record_reply"])
async def test_what_a_storage_fault_broke_off_is_taken_up_again(office: Office, method: str) -> None:
    office.inbox.broken[method] = 2
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert len(office.messenger.said_to(question)) == 1
    assert await office.state_of(question) is not JobState.PENDING


@pytest.mark.parametrize("unseen", [1, 2, 3])
@pytest.mark.parametrize("unnoted", [1, 2, 3])
async def test_what_was_said_while_the_database_was_away_is_not_said_again(
    office: Office, unnoted: int, unseen: int
) -> None:
    office.inbox.broken |= {"record_reply": unnoted, "find_job": unseen}
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_claim_that_was_committed_though_the_connection_told_otherwise_is_seen_to(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = office.inbox.claim_message

    async def cut_off(*args: Any) -> None:
        await claim(*args)
        raise StorageError("The connection was closed.")

    question = said()
    with monkeypatch.context() as patch:
        patch.setattr(office.inbox, "claim_message", cut_off)
        with pytest.raises(StorageError):
            await office.desk.receive_message(question)
    await office.desk.receive_message(question)  # the platform tells again
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


@pytest.mark.parametrize("method", ["start_job", "finish_job"])
async def test_a_database_that_breaks_off_every_start_leaves_nobody_without_an_answer(
    opens: Opens, method: str
) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    office.inbox.broken[method] = 6
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_an_item_that_breaks_every_attempt_is_given_up_and_admins_are_told(opens: Opens) -> None:
    told: list[str] = []

    async def tell(item: Job, cause: str) -> bool:
        told.append(item.message.id)
        return True

    office = await opens(limits=replace(QUICK, tries=2), on_undeliverable=tell)
    office.messenger.faults = [RuntimeError()] * 10
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    assert await office.state_of(question) is JobState.FAILED
    assert told == [question.id]
    await office.desk.receive_message(follow_up := said())
    office.messenger.faults = []
    await settled(office, 2)
    assert office.messenger.said_to(follow_up) == [f"Re: {follow_up.text}"]


# -- too much -----------------------------------------------------------------------------------------------------


async def test_who_asks_too_much_at_once_is_told_so(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, per_user=2))
    office.answering.go.clear()
    await office.desk.receive_message(said())
    await until(lambda: office.answering.running)
    questions = [said() for _ in range(3)]
    for question in questions:
        await office.desk.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(questions[2]) == [EN.say("too_many_of_yours")]
    assert await office.state_of(questions[2]) is JobState.EXCUSED
    other = said(user="ben")
    await office.desk.receive_message(other)
    office.answering.go.set()
    await settled(office, 5)
    assert office.messenger.said_to(other) == [f"Re: {other.text}"]


async def test_who_comes_when_the_queue_is_full_is_told_so(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1, queue=1))
    office.answering.go.clear()
    await office.desk.receive_message(said(user="ann"))
    await until(lambda: office.answering.running)
    await office.desk.receive_message(said(user="ben"))
    late = said("请问怎么退货", user="cleo")
    await office.desk.receive_message(late)
    await settled(office)
    assert office.messenger.said_to(late) == [words_for("zh").say("too_many")]
    assert office.meter.faults == [("test", "too_many")]


@pytest.mark.parametrize("budget", ["user_budget", "workspace_budget"])
async def test_who_is_over_a_budget_is_told_when_to_come_back(opens: Opens, budget: str) -> None:
    office = await opens(limits=replace(QUICK, **{budget: 2}))
    questions = [said() for _ in range(3)]
    for question in questions:
        await office.desk.receive_message(question)
    await settled(office, 3)
    assert office.messenger.said_to(questions[2]) == [EN.say("over_budget", minutes=30)]
    other = said(user="ben")
    await office.desk.receive_message(other)
    await settled(office, 4)
    free = budget == "user_budget"
    assert (await office.state_of(other)) is (JobState.ANSWERED if free else JobState.EXCUSED)


async def test_those_who_wait_are_told_how_many_come_first(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    questions = [said(user=user) for user in ("ann", "ben", "cleo", "dan")]
    for question in questions:
        await office.desk.receive_message(question)
    await until(lambda: len(office.messenger.told) >= 3)
    await asyncio.sleep(0.2)
    assert office.messenger.told == [(questions[1].id, 1), (questions[2].id, 2), (questions[3].id, 3)]  # once each


async def test_who_is_answered_at_once_is_told_of_no_queue(office: Office) -> None:
    await office.desk.receive_message(said())
    await settled(office)
    await asyncio.sleep(0.1)
    assert office.messenger.told == []


async def test_a_courtesy_that_fails_stops_nothing(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.messenger.broken_courtesy = True
    office.answering.go.clear()
    await office.desk.receive_message(said())
    await office.desk.receive_message(second := said(user="ben"))
    await until(lambda: office.meter.faults)
    office.answering.go.set()
    await settled(office, 2)
    assert office.messenger.said_to(second) == [f"Re: {second.text}"]


# -- quiet --------------------------------------------------------------------------------------------------------


async def test_the_bot_that_is_asked_to_be_quiet_says_so_once_and_is(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    wish = said("quiet!", thread=question.id, audience=Audience.CHANNEL)
    await office.desk.receive_message(wish)
    await settled(office, 2)
    assert office.messenger.said_to(wish) == [EN.say("quieted")]
    follow_up = said("And by post?", thread=question.id, audience=Audience.CHANNEL)
    await office.desk.receive_message(follow_up)
    assert await office.inbox.find_job(follow_up.key) is None
    again = said("And by post?", thread=question.id)
    await office.desk.receive_message(again)
    await settled(office, 3)
    assert office.messenger.said_to(again) == ["Re: And by post?"]


async def test_who_goes_on_over_budget_is_told_once_and_nobody_waits_for_that(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=5))
    many = [said(f"Question {number}?") for number in range(200)]
    await asyncio.gather(*(office.desk.receive_message(question) for question in many))
    other = said(user="bob")
    await office.desk.receive_message(other)
    await until(lambda: office.messenger.said_to(other) == [f"Re: {other.text}"])
    await settled(office, 201)
    excuses = [question for question in many if any("an hour" in text for text in office.messenger.said_to(question))]
    assert len(excuses) == 1
    states = Counter([await office.state_of(question) for question in many])
    assert states == {JobState.ANSWERED: 5, JobState.EXCUSED: 195}


async def test_quiet_is_heard_from_who_has_no_budget_left(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=1))
    await office.desk.receive_message(said())
    await office.desk.receive_message(wish := said("quiet"))
    await settled(office, 2)
    assert office.messenger.said_to(wish) == [EN.say("quieted")]


async def test_a_thread_is_muted_by_a_reaction_and_unmuted(office: Office) -> None:
    question = said()
    await office.desk.receive_message(question)
    await settled(office)
    await office.desk.set_muted(question.place, True)
    muted = said("And by post?", thread=question.id, audience=Audience.CHANNEL)
    await office.desk.receive_message(muted)
    assert await office.inbox.find_job(muted.key) is None
    await office.desk.set_muted(question.place, False)
    await office.desk.receive_message(heard := said("And by post?", thread=question.id, audience=Audience.CHANNEL))
    await settled(office, 2)
    assert office.messenger.said_to(heard) == ["Re: And by post?"]


# -- processes that come and go -----------------------------------------------------------------------------------


async def test_what_a_dead_process_owed_is_answered_by_the_next(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform)
    dead.answering.go.clear()
    questions = [said(f"Question {number}?") for number in range(3)]
    for question in questions:
        await dead.desk.receive_message(question)
    await until(lambda: platform.posts)
    await die(dead)
    assert platform.said_to(questions[0]) == ["Re: "] or platform.said_to(questions[0]) == [""]  # half open
    alive = await opens(messenger=platform)
    await settled(alive, 3)
    assert [platform.said_to(question) for question in questions] == [[f"Re: {q.text}"] for q in questions]
    assert [asked.text for asked in alive.answering.asked] == [question.text for question in questions]


async def test_a_turn_that_was_made_before_the_death_is_not_made_again(opens: Opens) -> None:
    platform, store = FakeMessenger(), MemoryConversations()
    dead = await opens(messenger=platform, store=store)
    question = said()
    dead.inbox.broken["finish_job"] = 1000
    await dead.desk.receive_message(question)
    await until(lambda: platform.history)
    await die(dead)
    alive = await opens(messenger=platform, store=store)
    await settled(alive)
    assert alive.answering.asked == []
    assert platform.said_to(question) == [f"Re: {question.text}"]
    assert alive.meter.ends == [("test", "answered", "answer")]


async def test_a_turn_that_was_kept_but_never_stored_is_made_again(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform)
    question = said()
    dead.inbox.broken["finish_job"] = 1000
    await dead.desk.receive_message(question)
    await until(lambda: platform.history)
    await die(dead)
    alive = await opens(messenger=platform, store=MemoryConversations())
    await settled(alive)
    assert len(alive.answering.asked) == 1
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_post_that_the_dead_process_did_not_live_to_note_is_found_on_the_platform(opens: Opens) -> None:
    platform = FakeMessenger()
    dead = await opens(messenger=platform, running=False)
    question = said()
    await dead.desk.receive_message(question)
    item = await dead.inbox.find_job(question.key)
    assert item
    await dead.inbox.start_job(item)
    platform.posts[f"{question.id}/lost"] = "Re: How do"
    alive = await opens(messenger=platform)
    await settled(alive)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_process_that_lost_its_claim_does_not_answer(opens: Opens) -> None:
    platform = FakeMessenger()
    stalled = await opens(messenger=platform, running=False)
    question = said()
    await stalled.desk.receive_message(question)
    await asyncio.sleep(QUICK.lease + 0.05)
    alive = await opens(messenger=platform)
    await settled(alive)
    stalled.running = asyncio.create_task(stalled.desk.run())  # it comes to its senses, with the item in its queue
    await until(lambda: stalled.desk.waiting_count == 0)
    await asyncio.sleep(0.05)
    await _end(stalled.running)
    assert [what for what, _, _ in platform.history] == ["answered"]


async def test_a_process_that_could_not_beat_lets_go_of_what_others_took_over(opens: Opens) -> None:
    """Of what it works on and of what waits: what another has said there stays as it is."""
    platform = FakeMessenger()
    stalled = await opens(messenger=platform, limits=replace(QUICK, workers=1, told_after=1.0))
    stalled.answering.go.clear()
    questions = [said(user=user) for user in ("ann", "ben", "cleo")]
    for question in questions:
        await stalled.desk.receive_message(question)
    await until(lambda: stalled.answering.running)
    stalled.inbox.broken["extend_lease"] = 8
    alive = await opens(messenger=platform)
    await settled(alive, 3)
    await until(lambda: not stalled.answering.running and stalled.desk.waiting_count == 0)
    await asyncio.sleep(1.2)
    assert platform.told == []
    assert [platform.said_to(question) for question in questions] == [[f"Re: {each.text}"] for each in questions]
    assert stalled.meter.ends == []


async def test_what_comes_back_by_way_of_others_is_begun_with_what_they_have_noted(opens: Opens) -> None:
    """It still waits here, as it was before they began it."""
    platform = FakeMessenger()
    here, there = await opens(messenger=platform, running=False), await opens(messenger=platform, running=False)
    question = said()
    await here.desk.receive_message(question)
    await asyncio.sleep(QUICK.lease + 0.05)
    [taken] = await there.inbox.reclaim_expired(["test"])
    assert await there.inbox.start_job(taken)
    platform.posts[f"{question.id}/0"] = "Re: How"  # and it dies
    await asyncio.sleep(QUICK.lease + 0.05)
    assert await here.inbox.reclaim_expired(["test"])
    here.running = asyncio.create_task(here.desk.run())
    await settled(here)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_a_living_process_keeps_what_takes_it_longer_than_a_lease(opens: Opens) -> None:
    platform = FakeMessenger()
    slow = await opens(messenger=platform)
    slow.answering.go.clear()
    question = said()
    await slow.desk.receive_message(question)
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
    await office.desk.receive_message(question)
    await asyncio.sleep(0.05)
    office.desk.add_platform("test", office.messenger)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_an_excuse_for_an_adapter_that_is_away_waits_for_it_too(opens: Opens) -> None:
    office = await opens(joined=False, limits=replace(QUICK, user_budget=1))
    await office.desk.receive_message(said())
    await office.desk.receive_message(question := said())
    await asyncio.sleep(0.05)
    office.desk.add_platform("test", office.messenger)
    await settled(office, 2)
    assert len(office.messenger.said_to(question)) == 1


async def test_a_database_that_is_away_for_a_while_ends_nothing(office: Office) -> None:
    office.inbox.broken["extend_lease"] = 2
    await asyncio.sleep(QUICK.lease)
    assert not office.running.done()
    await office.desk.receive_message(question := said())
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]


async def test_a_drain_finishes_what_is_in_flight_and_frees_the_rest_at_once(opens: Opens) -> None:
    platform = FakeMessenger()
    office = await opens(messenger=platform, limits=replace(QUICK, workers=1, lease=60))
    office.answering.go.clear()
    running, waiting = said(user="ann"), said(user="ben")
    await office.desk.receive_message(running)
    await until(lambda: office.answering.running)
    await office.desk.receive_message(waiting)
    asyncio.get_running_loop().call_later(0.1, office.answering.go.set)
    await office.desk.drain(5)
    assert platform.said_to(running) == [f"Re: {running.text}"]
    assert await office.state_of(running) is JobState.ANSWERED
    assert platform.said_to(waiting) == []
    await _end(office.running)
    following = await opens(messenger=platform)
    await settled(following)
    assert platform.said_to(waiting) == [f"Re: {waiting.text}"]


async def test_a_drain_ends_within_its_limit_and_leaves_what_is_not_finished_to_the_next(opens: Opens) -> None:
    platform = FakeMessenger()
    office = await opens(messenger=platform, limits=replace(QUICK, lease=60))
    office.answering.go.clear()
    question = said()
    await office.desk.receive_message(question)
    await until(lambda: office.answering.running)
    started = asyncio.get_running_loop().time()
    await office.desk.drain(0.1)
    assert asyncio.get_running_loop().time() - started < 1
    assert await office.state_of(question) is JobState.PENDING
    assert office.answering.running == set()
    await _end(office.running)
    following = await opens(messenger=platform)
    await settled(following)
    assert platform.said_to(question) == [f"Re: {question.text}"]


async def test_what_arrives_during_a_drain_is_claimed_and_left_to_the_next(opens: Opens) -> None:
    office = await opens()
    office.answering.go.clear()
    await office.desk.receive_message(said(user="ann"))
    await until(lambda: office.answering.running)
    draining = asyncio.create_task(office.desk.drain(0.2))
    await asyncio.sleep(0.02)
    late = said(user="ben")
    await office.desk.receive_message(late)
    await draining
    assert await office.state_of(late) is JobState.PENDING
    assert [asked.user for asked in office.answering.asked] == ["ann"]


async def test_the_desk_tells_how_much_waits_and_is_worked_on(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    for user in ("ann", "ben", "cleo"):
        await office.desk.receive_message(said(user=user))
    await until(lambda: office.answering.running and (office.desk.working_count, office.desk.waiting_count) == (1, 2))


async def test_the_rule_of_the_desk_is_the_policy(office: Office) -> None:
    question = said()
    item: Job | None = await office.inbox.claim_message(question, classify_message)
    assert item
    assert item.message == question


# -- people -------------------------------------------------------------------------------------------------------

SUPPORT = ThreadRef("test", "T1", "CSUPPORT", "packet")


async def handed(database: Database, customer: ThreadRef, state: HandoffState = HandoffState.OPEN) -> None:
    """A conversation that is with people."""
    turn = make_turn()
    await SqlHandoffStore(database).open_handoff(
        Handoff(
            "a" * 32, state, HandoffReason.BUTTON, "c", turn.id, "Where?", "en", customer, "ann", "Ann", SUPPORT,
            turn.created_at, turn.created_at,
        )
    )  # fmt: skip


def shout(text: str) -> str:
    """A mask that hides digits."""
    return re.sub(r"\d+", "[number]", text)


async def test_what_is_said_to_a_person_is_passed_on_unmasked_kept_masked_and_not_answered(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.desk.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", "My card is 4111")]
    assert await office.state_of(message) is JobState.RELAYED
    item = await office.inbox.find_job(message.key)
    assert item
    assert item.message.text == "My card is [number]"
    assert office.answering.asked == []
    assert office.masking.kept_count == 0


async def test_a_customer_who_waits_is_answered_and_read_by_people(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    message = said(thread="t1")
    await handed(database, message.place)
    await office.desk.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", message.text)]
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


async def test_people_who_cannot_read_along_keep_no_customer_from_an_answer(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    handing.faults = [undeliverable(permanent=False)]
    office = await opens(handing=handing)
    message = said(thread="t1")
    await handed(database, message.place)
    await office.desk.receive_message(message)
    await settled(office)
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


async def test_a_teammates_question_to_the_bot_never_reaches_the_customer(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing)
    await handed(database, said(thread="t1").place, HandoffState.CLAIMED)
    question = said("What do we know of Ann?", user="bob", channel="CSUPPORT", thread="packet")
    reply = said("In Oslo.", user="bob", channel="CSUPPORT", thread="packet", audience=Audience.CHANNEL)
    await office.desk.receive_message(question)
    await office.desk.receive_message(reply)
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
    await office.desk.receive_message(message)
    await settled(office)
    assert handing.relayed == [("customer", "Hello?")]
    handing.faults = [undeliverable(permanent=False)] * 2
    lost = said("Anyone?", thread="t1", audience=Audience.CHANNEL)
    await office.desk.receive_message(lost)
    await settled(office, 2)
    assert await office.state_of(lost) is JobState.FAILED
    assert handing.given_up == ["Anyone?"]


async def test_what_is_said_to_people_counts_in_no_budget(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, limits=replace(QUICK, user_budget=1))
    place = said(thread="t1").place
    await handed(database, place, HandoffState.CLAIMED)
    for number in range(5):
        await office.desk.receive_message(said(f"{number}", thread="t1", audience=Audience.CHANNEL))
    await settled(office, 5)
    assert sorted(text for _, text in handing.relayed) == ["0", "1", "2", "3", "4"]


async def test_the_same_text_once_more_leaves_a_waiting_relay_unmasked(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.desk.receive_message(message)
    await office.desk.receive_edit(message)  # a platform shows a link's preview
    office.running = asyncio.create_task(office.desk.run())
    await settled(office)
    await _end(office.running)
    assert handing.relayed == [("customer", "My card is 4111")]


async def test_a_corrected_number_reaches_people_though_it_reads_the_same_masked(
    opens: Opens, database: Database
) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout)
    message = said("Ring 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.desk.receive_message(message)
    await settled(office)
    await office.desk.receive_edit(replace(message, text="Ring 4222"))
    await settled(office, 2)
    await office.desk.receive_edit(replace(message, text="Ring 4222"))  # a platform shows a link's preview
    assert handing.relayed == [("customer", "Ring 4111"), ("customer", "Ring 4222")]


async def test_what_was_edited_out_before_it_was_relayed_is_not_relayed(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.desk.receive_message(message)
    await office.desk.receive_edit(replace(message, text="Never mind, I will call"))
    office.running = asyncio.create_task(office.desk.run())
    await settled(office)
    await _end(office.running)
    assert handing.relayed == [("customer", "Never mind, I will call")]


async def test_what_people_missed_is_told_to_its_author(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, limits=replace(QUICK, tries=2))
    handing.faults = [undeliverable(permanent=False)] * 2
    message = said(thread="t1")
    await handed(database, message.place)
    await office.desk.receive_message(message)
    await settled(office)
    assert handing.given_up == [message.text]
    assert office.messenger.said_to(message) == [f"Re: {message.text}"]


async def test_a_deleted_message_leaves_nothing_unmasked_in_memory(opens: Opens, database: Database) -> None:
    office = await opens(handing=FakeHanding(), mask=shout, running=False)
    message = said("My card is 4111", thread="t1", audience=Audience.CHANNEL)
    await handed(database, message.place, HandoffState.CLAIMED)
    await office.desk.receive_message(message)
    await office.desk.receive_deletion(message.key)
    await office.desk.receive_message(said("I have 2 cats", audience=Audience.CHANNEL))  # nobody asked the bot
    assert office.masking.kept_count == 0


async def test_a_masked_question_is_answered_as_it_is_kept(opens: Opens) -> None:
    office = await opens(mask=shout)
    await office.desk.receive_message(said("Is 4111 a card?"))
    await settled(office)
    assert [asked.text for asked in office.answering.asked] == ["Is [number] a card?"]
    long = said("Is 4111 a card? " + "x" * 5_000)
    await office.desk.receive_message(long)
    await settled(office, 2)
    assert "4111" not in office.answering.asked[1].text


@pytest.mark.parametrize(
    ("decision", "help_channel", "on_abstention", "reason"),
    [
        (Decision.HUMAN, False, False, HandoffReason.WORDS),
        (Decision.ABSTAIN, True, True, HandoffReason.ABSTENTION),
        (Decision.ABSTAIN, True, False, None),
        (Decision.ABSTAIN, False, True, None),
        (Decision.ANSWER, True, True, None),
    ],
)
@pytest.mark.parametrize("available", [True, False])
async def test_people_are_called_where_they_are_owed(
    opens: Opens,
    decision: Decision,
    help_channel: bool,
    on_abstention: bool,
    reason: HandoffReason | None,
    available: bool,
) -> None:
    handing = FakeHanding()
    handing.where = available
    office = await opens(handing=handing, on_abstention=on_abstention)
    if help_channel:
        await office.inbox.mark_channel(Channel("test", "T1", "C1"), ChannelKind.HELP)
    made = office.store.add_turn

    async def decided(turn: Turn) -> None:
        object.__setattr__(turn, "decision", decision)
        await made(turn)

    office.store.add_turn = decided  # type: ignore[method-assign]
    await office.desk.receive_message(question := said())
    await settled(office)
    assert handing.opened == ([(question.text, reason)] if reason and available else [])


async def test_a_quiet_channel_is_left_alone_but_for_commands(office: Office) -> None:
    await office.inbox.mark_channel(Channel("test", "T1", "C1"), ChannelKind.QUIET)
    await office.desk.receive_message(mention := said())
    assert await office.inbox.find_job(mention.key) is None
    await office.desk.receive_message(command := said(audience=Audience.COMMAND))
    await settled(office)
    assert office.messenger.said_to(command) == [f"Re: {command.text}"]
