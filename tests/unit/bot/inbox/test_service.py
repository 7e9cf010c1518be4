"""What adapters report, over a real store on SQLite: claims, edits, deletions, quiet."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.conversation import IncomingMessage
from bot.chat.message import Audience, Channel, ChannelKind, ChatMessage, Job, JobState
from bot.errors import StorageError
from bot.inbox.policy import classify_message
from retrieval.audiences import Viewer
from tests.fakes import (
    FakeMessenger,
    said,
    undeliverable,
)
from tests.support.inbox import (
    EN,
    QUICK,
    Office,
    Opens,
    settled,
    shout,
    until,
)


async def test_a_question_is_answered_in_its_thread_and_accounted_for(office: Office) -> None:
    question = said("Where is my order?")
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert office.meter.claims == [("test", "answer")]
    assert office.meter.ends == [("test", "answered", "answer")]
    [asked] = office.answering.asked
    seen_there = Viewer(frozenset({"test:channel:C1", "test:workspace:T1"}))
    assert asked == IncomingMessage(
        f"test:T1:C1:{question.id}", "Where is my order?", "test", "ann", "C1", viewer=seen_there
    )
    job = await office.store.find_job(question.key)
    assert job
    assert job.turn_id == office.conversations.stored[0].id


async def test_duplicates_get_one_answer(office: Office) -> None:
    question = said()
    for _ in range(3):
        await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.receive_message(question)  # a retry that comes after the answer
    await asyncio.sleep(0.05)
    assert len(office.messenger.said_to(question)) == 1
    assert len(office.answering.asked) == 1


async def test_of_a_flood_only_some_ask_the_database_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    original, under_way, most = office.store.claim_message, 0, 0

    async def claim_slowly(*arguments: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        try:
            return await original(*arguments)
        finally:
            under_way -= 1

    monkeypatch.setattr(office.store, "claim_message", claim_slowly)
    flood = [said(channel=f"C{number}") for number in range(200)]
    await asyncio.gather(*(office.inbox.receive_message(message) for message in flood))
    assert 8 <= most <= 100
    assert all([await office.store.find_job(message.key) for message in flood])


@pytest.mark.parametrize("slow", ["find_thread", "hand_over"])
async def test_who_joins_a_conversation_counts_for_the_message_that_comes_right_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    original, seen = getattr(office.store, slow), []

    async def take_time(*arguments: Any, **options: Any) -> Any:
        seen.append(arguments)
        if len(seen) == 1:
            await asyncio.sleep(0.1)
        return await original(*arguments, **options)

    monkeypatch.setattr(office.store, slow, take_time)
    joins = said("I'll look into it.", user="mei", thread=question.id, audience=Audience.CHANNEL)
    behind = said("And how much is it?", thread=question.id, audience=Audience.CHANNEL)
    await asyncio.gather(office.inbox.receive_message(joins), office.inbox.receive_message(behind))
    await office.inbox.until_idle()
    assert seen and await office.store.find_job(behind.key) is None


async def test_a_mention_that_comes_as_two_events_gets_one_answer(office: Office) -> None:
    mention = said()
    await asyncio.gather(
        office.inbox.receive_message(replace(mention, audience=Audience.CHANNEL)), office.inbox.receive_message(mention)
    )
    await settled(office)
    assert len(office.messenger.said_to(mention)) == 1


async def test_two_processes_that_are_told_of_the_same_messages_answer_each_once(opens: Opens) -> None:
    platform = FakeMessenger()
    one, two = await opens(messenger=platform), await opens(messenger=platform)
    questions = [said(f"Question {number}?", user=f"user {number % 7}") for number in range(40)]
    await asyncio.gather(*(inbox.receive_message(q) for q in questions for inbox in (one.inbox, two.inbox, one.inbox)))
    await until(lambda: len(platform.history) >= 40)
    await asyncio.sleep(0.05)
    assert Counter(id for _, id, _ in platform.history) == {question.id: 1 for question in questions}
    assert all(platform.said_to(question) == [f"Re: {question.text}"] for question in questions)


async def test_what_calls_for_nothing_costs_nothing(office: Office) -> None:
    await office.inbox.receive_message(said("Good morning everyone!", audience=Audience.CHANNEL))
    await asyncio.sleep(0.05)
    assert (office.messenger.posts, office.meter.claims, office.inbox.waiting_count) == ({}, [], 0)


async def test_questions_of_one_user_are_answered_in_order_and_one_at_a_time(office: Office) -> None:
    most = 0

    def count(_message: IncomingMessage) -> None:
        nonlocal most
        most = max(most, len(office.answering.running))

    office.answering.on_answer = count
    questions = [said(f"Question {number}?") for number in range(5)]
    for question in questions:
        await office.inbox.receive_message(question)
    await settled(office, 5)
    assert [asked.text for asked in office.answering.asked] == [question.text for question in questions]
    assert most == 1


async def test_a_storage_fault_in_the_claim_reaches_the_adapter(office: Office) -> None:
    office.store.broken["claim_message"] = 1
    question = said()
    with pytest.raises(StorageError):
        await office.inbox.receive_message(question)
    await office.inbox.receive_message(question)  # what the platform does, not having been acknowledged
    await settled(office)
    assert len(office.messenger.said_to(question)) == 1


async def test_an_edited_question_is_answered_again_in_place(office: Office) -> None:
    question = said("Where is my oder?")
    await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.receive_edit(replace(question, text="Where is my order?"))
    await settled(office, 2)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert await office.state_of(question) is JobState.ANSWERED


async def test_an_edit_cancels_the_work_in_flight_and_takes_its_place(office: Office) -> None:
    office.answering.go.clear()
    question = said("Where is my oder?")
    await office.inbox.receive_message(question)
    await until(lambda: office.answering.running)
    await office.inbox.receive_edit(replace(question, text="Where is my order?"))
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
    await office.inbox.receive_message(first)
    await until(lambda: office.answering.running)
    await office.inbox.receive_message(question)
    await office.inbox.receive_edit(replace(question, text="Where is my order?"))
    assert office.inbox.waiting_count == 1
    office.answering.go.set()
    await settled(office, 2)
    assert office.messenger.said_to(question) == ["Re: Where is my order?"]
    assert [asked.text for asked in office.answering.asked] == [first.text, "Where is my order?"]


async def test_an_edit_that_changes_no_word_is_none(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.receive_edit(question)  # a link was unfurled
    await asyncio.sleep(0.05)
    assert len(office.answering.asked) == 1


async def test_a_wish_for_quiet_that_becomes_a_question_by_an_edit_is_answered(office: Office) -> None:
    wish = said("quiet")
    await office.inbox.receive_message(wish)
    await settled(office)
    await office.inbox.receive_edit(replace(wish, text="Where is my order?"))
    await settled(office, 2)
    assert office.messenger.said_to(wish) == ["Re: Where is my order?"]


async def test_a_statement_that_becomes_a_question_by_an_edit_is_answered(office: Office) -> None:
    statement = said("where is it", audience=Audience.CHANNEL)
    await office.inbox.receive_message(statement)
    await office.inbox.receive_edit(replace(statement, audience=Audience.MENTION))
    await settled(office)
    assert office.messenger.said_to(statement) == ["Re: where is it"]


async def test_a_deleted_question_loses_its_answer(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.said_to(question) == []
    assert await office.state_of(question) is JobState.WITHDRAWN


async def test_a_deletion_cancels_the_work_in_flight_and_removes_what_stands(office: Office) -> None:
    office.answering.go.clear()
    question = said()
    await office.inbox.receive_message(question)
    await until(lambda: office.messenger.posts)
    await office.inbox.receive_deletion(question.key)
    await settled(office)
    assert office.answering.running == set()
    assert office.messenger.posts == {}
    office.answering.go.set()
    await asyncio.sleep(0.05)
    assert office.meter.ends == [("test", "withdrawn", "")]


async def test_an_answer_that_cannot_be_removed_for_a_while_is_removed_later(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, tries=2))
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    office.messenger.faults = [undeliverable(permanent=False)] * 9
    await office.inbox.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.said_to(question) == []
    assert await office.state_of(question) is JobState.WITHDRAWN


async def test_a_follow_up_that_overtakes_its_question_is_answered(office: Office) -> None:
    question = said()
    follow_up = said("And for a gift?", thread=question.id, audience=Audience.CHANNEL)
    await office.inbox.receive_message(follow_up)
    await office.inbox.receive_message(question)
    await settled(office, 2)
    assert office.messenger.said_to(follow_up) == ["Re: And for a gift?"]


async def test_a_follow_up_that_overtakes_its_question_by_way_of_another_process_is_answered(opens: Opens) -> None:
    one, two = await opens(), await opens()
    question = said()
    follow_up = said("And for a gift?", thread=question.id, audience=Audience.CHANNEL)
    await one.inbox.receive_message(follow_up)
    await two.inbox.receive_message(question)
    await until(lambda: one.messenger.said_to(follow_up) == ["Re: And for a gift?"])


async def test_what_was_said_in_a_thread_before_the_bot_was_called_is_not_answered(office: Office) -> None:
    root = said(audience=Audience.CHANNEL)
    remark = said("Is that so?", thread=root.id, audience=Audience.CHANNEL)
    call = said("And what do you say?", thread=root.id)
    for message in (root, remark, call):
        await office.inbox.receive_message(message)
    await settled(office)
    await asyncio.sleep(2.5)
    assert office.messenger.said_to(remark) == [] and len(office.messenger.posts) == 1


@pytest.mark.parametrize("first", ["message", "edit"])
async def test_an_edit_that_meets_its_own_message_s_claim_is_heard(office: Office, first: str) -> None:
    for _ in range(20):
        message = said("How do I retrun?")
        edit = replace(message, text="How do I return a jacket?")
        calls = [office.inbox.receive_message(message), office.inbox.receive_edit(edit)]
        await asyncio.gather(*(calls if first == "message" else reversed(calls)))
        await until(lambda: office.messenger.said_to(message) == [f"Re: {edit.text}"])  # noqa: B023 (awaited here)


async def test_a_deleted_question_that_waits_is_never_asked(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    first, second = said(user="ben"), said()
    await office.inbox.receive_message(first)
    await until(lambda: office.answering.running)
    await office.inbox.receive_message(second)
    await office.inbox.receive_deletion(second.key)
    office.answering.go.set()
    await settled(office, 2)
    assert len(office.answering.asked) == 1


async def test_an_edit_after_the_deletion_brings_nothing_back(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.receive_deletion(question.key)
    await office.inbox.receive_edit(replace(question, text="Another?"))
    await asyncio.sleep(0.05)
    assert office.messenger.said_to(question) == []


async def test_a_deletion_that_overtakes_its_question_lets_nothing_be_answered(office: Office) -> None:
    question = said()
    await office.inbox.receive_deletion(question.key)
    await office.inbox.receive_message(question)
    await asyncio.sleep(0.02)
    assert office.messenger.history == [] and office.answering.asked == []


async def test_a_retraction_is_tried_again(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    office.messenger.faults = [undeliverable(permanent=False)]
    await office.inbox.receive_deletion(question.key)
    await settled(office, 2)
    assert office.messenger.posts == {}


async def test_the_bot_that_is_asked_to_be_quiet_says_so_once_and_is(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    wish = said("quiet!", thread=question.id, audience=Audience.CHANNEL)
    await office.inbox.receive_message(wish)
    await settled(office, 2)
    assert office.messenger.said_to(wish) == [EN.say("quieted")]
    follow_up = said("And by post?", thread=question.id, audience=Audience.CHANNEL)
    await office.inbox.receive_message(follow_up)
    assert await office.store.find_job(follow_up.key) is None
    again = said("And by post?", thread=question.id)
    await office.inbox.receive_message(again)
    await settled(office, 3)
    assert office.messenger.said_to(again) == ["Re: And by post?"]


async def test_a_thread_is_muted_by_a_reaction_and_unmuted(office: Office) -> None:
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    await office.inbox.set_muted(question.place, True)
    muted = said("And by post?", thread=question.id, audience=Audience.CHANNEL)
    await office.inbox.receive_message(muted)
    assert await office.store.find_job(muted.key) is None
    await office.inbox.set_muted(question.place, False)
    await office.inbox.receive_message(heard := said("And by post?", thread=question.id, audience=Audience.CHANNEL))
    await settled(office, 2)
    assert office.messenger.said_to(heard) == ["Re: And by post?"]


async def test_the_inbox_tells_how_much_waits_and_is_worked_on(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    for user in ("ann", "ben", "cleo"):
        await office.inbox.receive_message(said(user=user))
    await until(lambda: office.answering.running and (office.inbox.working_count, office.inbox.waiting_count) == (1, 2))


async def test_the_rule_of_the_inbox_is_the_policy(office: Office) -> None:
    question = said()
    job: Job | None = await office.store.claim_message(question, classify_message)
    assert job
    assert job.message == question


async def test_a_masked_question_is_answered_as_it_is_kept(opens: Opens) -> None:
    office = await opens(mask=shout)
    await office.inbox.receive_message(said("Is 4111 a card?"))
    await settled(office)
    assert [asked.text for asked in office.answering.asked] == ["Is [number] a card?"]
    long = said("Is 4111 a card? " + "x" * 5_000)
    await office.inbox.receive_message(long)
    await settled(office, 2)
    assert "4111" not in office.answering.asked[1].text


async def test_a_quiet_channel_is_left_alone_but_for_commands(office: Office) -> None:
    await office.store.mark_channel(Channel("test", "T1", "C1"), ChannelKind.QUIET)
    await office.inbox.receive_message(mention := said())
    assert await office.store.find_job(mention.key) is None
    await office.inbox.receive_message(command := said(audience=Audience.COMMAND))
    await settled(office)
    assert office.messenger.said_to(command) == [f"Re: {command.text}"]


async def test_a_process_that_has_just_begun_is_not_idle(opens: Opens) -> None:
    """It is told now of what was said meanwhile, and asked whether it is ready."""
    office = await opens()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(office.inbox.until_idle(5), 0.6)


# what people say to each other


TALK = {
    "a new message of a channel": said("Ann's number is 4111", audience=Audience.CHANNEL),
    "a reply in a thread that the bot is not in": said("Call 4111", audience=Audience.CHANNEL, thread="t"),
    "a reply of somebody else": said("Call 4111", user="ben", audience=Audience.CHANNEL, thread="answered"),
    "a reply of whoever asked, to them": said("At 4111?", audience=Audience.CHANNEL, thread="answered"),
    "a reply to somebody by name": said("4111?", audience=Audience.CHANNEL, thread="fresh", names_others=True),
    "a reply in a muted thread": said("4111?", audience=Audience.CHANNEL, thread="muted"),
    "a reply in a quiet channel's thread": said("4111?", audience=Audience.CHANNEL, thread="t", channel="CQUIET"),
    "a post of an ordinary forum": said("4111?", audience=Audience.POST, channel="CFORUM"),
}


@pytest.fixture
async def masked(opens: Opens) -> tuple[Office, list[str]]:
    """An office, and what it has masked since three threads were begun there."""
    seen: list[str] = []

    def mask(text: str) -> str:
        seen.append(text)
        return shout(text)

    office = await opens(mask=mask)
    for thread in ("answered", "fresh", "muted"):
        await office.inbox.receive_message(said(id=thread))
        await settled(office, 1)
    await office.store.set_muted(said(thread="muted").place, True)
    await office.store.mark_channel(Channel("test", "T1", "CQUIET"), ChannelKind.QUIET)
    await office.inbox.receive_message(said("Let me see", user="ben", audience=Audience.CHANNEL, thread="answered"))
    seen.clear()
    return office, seen


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("talk", TALK.values(), ids=TALK)
async def test_what_people_say_to_each_other_is_neither_masked_nor_kept(
    masked: tuple[Office, list[str]], talk: ChatMessage, edited: bool
) -> None:
    office, seen = masked
    await (office.inbox.receive_edit if edited else office.inbox.receive_message)(talk)
    assert await office.store.find_job(talk.key) is None
    assert seen == []


async def test_what_is_told_of_again_is_masked_once(masked: tuple[Office, list[str]]) -> None:
    """A mention comes as two events, and any may come again."""
    office, seen = masked
    told = said("4111?", audience=Audience.CHANNEL, thread="fresh")
    for _ in range(3):
        await office.inbox.receive_message(told)
    await settled(office)
    assert seen == ["4111?"]


async def test_what_is_kept_of_a_reply_that_is_answered_is_masked(masked: tuple[Office, list[str]]) -> None:
    office, _ = masked
    replies = [said(f"And {number}?", audience=Audience.CHANNEL, thread="fresh") for number in ("4111", "5222")]
    for reply in replies:
        await office.inbox.receive_message(reply)
        job = await office.store.find_job(reply.key)
        assert job and job.message.text == "And [number]?"


async def test_who_joins_a_thread_takes_it_over_without_being_read(masked: tuple[Office, list[str]]) -> None:
    office, seen = masked
    await office.inbox.receive_message(said("I know: 4111", user="ben", audience=Audience.CHANNEL, thread="fresh"))
    after = said("Thanks! And 5222?", audience=Audience.CHANNEL, thread="fresh")
    await office.inbox.receive_message(after)
    assert await office.store.find_job(after.key) is None
    assert seen == []


async def test_a_reply_right_behind_its_question_is_claimed_before_it_is_acknowledged(opens: Opens) -> None:
    """It is judged after the question, which is being claimed, and not dropped as people's talk meanwhile."""
    office = await opens(mask=shout)
    for number in range(20):
        question = said(id=f"{number}first")
        reply = said("And 4111?", id=f"{number}then", audience=Audience.CHANNEL, thread=question.id)
        claiming = asyncio.create_task(office.inbox.receive_message(question))
        await asyncio.sleep(0)
        await office.inbox.receive_message(reply)
        job = await office.store.find_job(reply.key)
        assert job and job.message.text == "And [number]?"
        await claiming
