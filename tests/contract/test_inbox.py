"""What every Inbox does: the database's, on both engines."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import permutations

import pytest
from sqlalchemy import func, select, update

from bot.chat.conversation import OptionPress
from bot.chat.intent import Intent, MessageReading
from bot.chat.message import (
    Audience,
    Channel,
    ChannelKind,
    ChatMessage,
    Disposition,
    Job,
    JobState,
    MessageFile,
    Move,
    Party,
    Thread,
    ThreadRef,
)
from bot.database.database import Database
from bot.database.tables import inbox as rows
from bot.errors import StorageError
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.ports import InboxStore
from bot.inbox.store import SqlInboxStore
from tests.fakes import said
from tests.support.turns import make_turn

LEASE = 0.2
HELP = Channel("test", "T1", "C1")
HERE = ["test"]


@pytest.fixture
def inbox(database: Database) -> SqlInboxStore:
    return SqlInboxStore(database, update_thread, "one", LEASE)


@pytest.fixture
def other(database: Database) -> SqlInboxStore:
    """The inbox of another process."""
    return SqlInboxStore(database, update_thread, "two", LEASE)


async def claimed(inbox: InboxStore, message: ChatMessage) -> Job:
    item = await inbox.claim_message(message, classify_message)
    assert item is not None
    return item


async def found(inbox: InboxStore, message: ChatMessage) -> Job:
    item = await inbox.find_job(message.key)
    assert item is not None
    return item


async def heard(inbox: InboxStore, message: ChatMessage, *, help_channel: bool = False) -> tuple[Thread, bool]:
    """The thread and the channel as the inbox shows them to a rule, which decides for silence."""
    shown: list[tuple[Thread, bool]] = []

    def rule(_message: ChatMessage, thread: Thread, in_help: bool) -> Disposition:
        shown.append((thread, in_help))
        return Disposition.SILENT

    assert await inbox.claim_message(replace(message, id=f"{message.id}-look"), rule) is None
    return shown[0]


QUIET = MessageReading(Intent.QUIET, sure=True)
ASKS = MessageReading(Intent.QUESTION, asks=True)


def reply_to(first: ChatMessage, text: str = "And by post?", **changes: object) -> ChatMessage:
    return said(text, thread=first.id, audience=Audience.CHANNEL, **changes)  # type: ignore[arg-type]


# -- claims -------------------------------------------------------------------------------------------------------


async def test_a_claim_is_an_item_that_is_owed_and_reads_back(inbox: InboxStore) -> None:
    question = said()
    item = await claimed(inbox, question)
    assert await inbox.find_job(question.key) == item
    assert (item.message, item.judgement, item.state) == (question, Disposition.ANSWER, JobState.PENDING)
    assert (item.revision, item.replies, item.turn_id, item.attempts) == (0, (), "", 0)
    assert item.conversation_id == f"test:T1:C1:{question.id}"


async def test_a_message_is_claimed_once(inbox: InboxStore, other: InboxStore) -> None:
    question = said()
    assert await inbox.claim_message(question, classify_message)
    assert await inbox.claim_message(question, classify_message) is None
    assert await other.claim_message(question, classify_message) is None


async def test_a_writing_that_is_told_under_several_ids_is_claimed_once(inbox: InboxStore, other: InboxStore) -> None:
    first, at_once, later = (said(gesture="g") for _ in range(3))
    one, two = await asyncio.gather(
        inbox.claim_message(first, classify_message), inbox.claim_message(at_once, classify_message)
    )  # in one transaction
    assert one and two is None
    assert [await each.claim_message(later, classify_message) for each in (inbox, other)] == [None, None]
    assert await inbox.find_job(later.key) is None
    assert (await found(other, first)).message == first


async def test_a_gesture_is_that_of_one_user_in_one_channel_and_without_one_all_differ(inbox: InboxStore) -> None:
    others = [{"user": "bob"}, {"channel": "C2"}, {"workspace": "T2"}, {"platform": "discord"}, {"gesture": "h"}]
    unnamed = [{"gesture": ""}] * 3
    messages = [said(**{"gesture": "g"} | changed) for changed in [{}, *others, *unnamed]]  # type: ignore[arg-type]
    items = await asyncio.gather(*(inbox.claim_message(message, classify_message) for message in messages))
    assert all(items)


async def test_of_writings_told_under_two_ids_to_two_processes_at_once_each_is_claimed_once(
    inbox: InboxStore, other: InboxStore
) -> None:
    """Of two processes that are told of them in contrary orders neither waits for the other for ever."""
    for _ in range(4):
        ones = [said(gesture=uuid.uuid4().hex) for _ in range(60)]
        twos = [said(gesture=one.gesture) for one in reversed(ones)]
        claims = [
            *(inbox.claim_message(one, classify_message) for one in ones),
            *(other.claim_message(two, classify_message) for two in twos),
        ]
        items = [item for item in await asyncio.gather(*claims) if item]
        assert sorted(item.message.gesture for item in items) == sorted(one.gesture for one in ones)


async def test_a_writing_that_was_of_no_interest_is_claimed_under_its_other_id(inbox: InboxStore) -> None:
    """And one that was edited or deleted is known still."""
    chatter, copy = (said("Good morning", audience=Audience.CHANNEL, gesture="g") for _ in range(2))
    assert await inbox.claim_message(chatter, classify_message) is None
    assert await inbox.claim_message(replace(copy, audience=Audience.MENTION), classify_message)
    assert await inbox.revise_job(replace(copy, text="@you How late is it?", edited_at=1.0), classify_message)
    assert await inbox.claim_message(replace(chatter, audience=Audience.MENTION), classify_message) is None
    await inbox.withdraw_job(copy.key)
    assert await inbox.claim_message(replace(chatter, audience=Audience.MENTION), classify_message) is None


async def test_a_message_that_was_answered_is_not_claimed_again(inbox: InboxStore) -> None:
    question = said()
    await inbox.finish_job(await claimed(inbox, question), JobState.ANSWERED)
    assert await inbox.claim_message(question, classify_message) is None
    assert (await found(inbox, question)).state is JobState.ANSWERED


async def test_the_same_id_in_another_channel_workspace_or_platform_is_another_message(inbox: InboxStore) -> None:
    messages = [
        said(id="1"),
        said(id="1", channel="C2"),
        said(id="1", workspace="T2"),
        said(id="1", platform="discord"),
    ]
    items = [await claimed(inbox, message) for message in messages]
    assert len({item.id for item in items}) == 4


async def test_where_nothing_is_owed_nothing_is_kept(inbox: InboxStore) -> None:
    chatter = said("Good morning everyone!", audience=Audience.CHANNEL)
    assert await inbox.claim_message(chatter, classify_message) is None
    assert await inbox.find_job(chatter.key) is None
    assert await inbox.claim_message(
        replace(chatter, audience=Audience.MENTION), classify_message
    )  # the other event of a mention


async def test_of_200_claims_at_once_each_message_is_claimed_once(database: Database, inbox: InboxStore) -> None:
    messages = burst()
    items = await asyncio.gather(*(inbox.claim_message(message, classify_message) for message in messages))
    assert_each_once(messages, items)
    count = await database.read(lambda connection: connection.scalar(select(func.count()).select_from(rows)))
    assert count == len({message.key for message in messages})


async def test_of_200_claims_at_once_by_two_processes_each_message_is_claimed_once(
    inbox: InboxStore, other: InboxStore
) -> None:
    for number in range(4):
        messages = burst(one_thread=number % 2 == 0)
        one = [inbox.claim_message(message, classify_message) for message in messages]
        two = [
            other.claim_message(message, classify_message) for message in reversed(messages)
        ]  # in whatever order they reach it
        assert_each_once(messages, await asyncio.gather(*one, *two))


def burst(*, one_thread: bool = True) -> Sequence[ChatMessage]:
    """200 messages of which a third are duplicates, a quarter of them in one thread."""
    thread = said().id if one_thread else ""
    questions = [said(user=f"user {n % 9}", thread=thread if n % 4 == 0 else "") for n in range(133)]
    return [*questions, *questions[:67]]


def assert_each_once(messages: Sequence[ChatMessage], items: Sequence[Job | None]) -> None:
    claimed = [item.message.key for item in items if item]
    assert len(claimed) == len(set(claimed)) == len({message.key for message in messages})


async def test_claims_at_once_see_what_the_one_before_did_to_the_thread(inbox: InboxStore) -> None:
    first = said()
    follow_up, human, too_late = reply_to(first), reply_to(first, user="teammate"), reply_to(first)
    items = await asyncio.gather(
        *(inbox.claim_message(each, classify_message) for each in (first, follow_up, human, too_late))
    )
    assert [item is not None for item in items] == [True, True, False, False]


async def test_a_rule_that_fails_fails_the_claim_and_nothing_is_kept(inbox: InboxStore) -> None:
    def broken(_message: ChatMessage, _thread: Thread, _help_channel: bool) -> Disposition:
        raise ZeroDivisionError

    question = said()
    with pytest.raises(ZeroDivisionError):
        await inbox.claim_message(question, broken)
    assert await inbox.claim_message(question, classify_message)


async def test_a_claim_that_fails_fails_no_other_that_came_with_it(inbox: InboxStore) -> None:
    def broken(message: ChatMessage, thread: Thread, help_channel: bool) -> Disposition:
        raise RuntimeError("no rule")

    messages = [said(user=f"user {number}") for number in range(20)]
    made = await asyncio.gather(
        *(inbox.claim_message(each, broken if each is messages[7] else classify_message) for each in messages),
        return_exceptions=True,
    )
    assert [type(each) for each in made] == [RuntimeError if number == 7 else Job for number in range(20)]
    assert await inbox.claim_message(messages[7], classify_message)
    assert await inbox.claim_message(messages[8], classify_message) is None


async def test_a_row_that_the_database_refuses_fails_no_other(sqlite_database: Database) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN NEW.user_id = 'refused' BEGIN SELECT RAISE(FAIL, 'x'); END"
    )
    await sqlite_database.write(lambda connection: connection.exec_driver_sql(refuse))
    inbox = SqlInboxStore(sqlite_database, update_thread, "one", LEASE)
    users = ["a", "b", "refused", "c", "d"]
    made = await asyncio.gather(
        *(inbox.claim_message(said(user=user), classify_message) for user in users), return_exceptions=True
    )
    assert [type(each) for each in made] == [Job, Job, StorageError, Job, Job]


async def test_a_claim_whose_caller_goes_away_is_made_all_the_same(inbox: InboxStore) -> None:
    question = said()
    claim = asyncio.create_task(inbox.claim_message(question, classify_message))
    await asyncio.sleep(0)
    claim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claim
    assert await inbox.claim_message(question, classify_message) is None
    assert (await found(inbox, question)).state is JobState.PENDING


async def test_a_database_that_fails_fails_every_claim_that_waits(sqlite_database: Database) -> None:
    inbox = SqlInboxStore(sqlite_database, update_thread)
    await sqlite_database.write(lambda connection: connection.run_sync(rows.drop))
    claims = await asyncio.gather(
        *(inbox.claim_message(said(), classify_message) for _ in range(150)), return_exceptions=True
    )
    assert {type(claim) for claim in claims} == {StorageError}


async def test_texts_with_nul_and_emoji_are_kept_as_both_engines_take_them(inbox: InboxStore) -> None:
    question = said("Wo ist 📦\0 meine Bestellung 😀\ud83d? 退货", user="än\0n")
    item = await claimed(inbox, question)
    assert item.message.text == question.text
    kept = await found(inbox, question)
    assert kept.message.text == "Wo ist 📦\ufffd meine Bestellung 😀\ufffd? 退货"
    assert kept.message.user == "än\ufffdn"
    await inbox.record_reply(kept, [{"post": "1\0", "text": "😀"}])
    assert (await found(inbox, question)).replies == ({"post": "1\ufffd", "text": "😀"},)
    assert await inbox.revise_job(question, classify_message) is None  # what cannot be kept as it was is no edit
    assert await inbox.claim_message(question, classify_message) is None


# -- threads ------------------------------------------------------------------------------------------------------


async def test_an_unknown_thread_is_a_blank_one(inbox: InboxStore) -> None:
    assert await heard(inbox, said()) == (Thread(), False)


async def test_an_answered_thread_knows_its_askers_and_its_conversation(inbox: InboxStore) -> None:
    first = said()
    await claimed(inbox, first)
    await claimed(inbox, said(user="ben", thread=first.id))
    thread, _ = await heard(inbox, reply_to(first))
    assert thread == Thread(True, False, False, frozenset({"ann", "ben"}), f"test:T1:C1:{first.id}")
    follow_up = await claimed(inbox, reply_to(first))
    assert follow_up.conversation_id == thread.conversation_id


async def test_a_humans_reply_is_remembered_until_the_bot_is_called(inbox: InboxStore) -> None:
    first = said()
    await claimed(inbox, first)
    assert await inbox.claim_message(reply_to(first, user="teammate"), classify_message) is None
    assert await inbox.claim_message(reply_to(first), classify_message) is None
    await claimed(inbox, said(thread=first.id))
    assert await inbox.claim_message(reply_to(first), classify_message)


async def test_a_command_leaves_the_thread_alone(inbox: InboxStore) -> None:
    command = said(thread="t", audience=Audience.COMMAND)
    item = await claimed(inbox, command)
    assert item.conversation_id == "test:T1:C1:command:ann"
    assert await heard(inbox, said(thread="t")) == (Thread(), False)


async def test_quiet_is_an_item_and_mutes_the_thread(inbox: InboxStore) -> None:
    wish = said("quiet", thread="t")
    item = await inbox.claim_message(wish, partial(classify_message, reading=QUIET))
    assert item and item.judgement is Disposition.QUIET
    thread, _ = await heard(inbox, said(thread="t"))
    assert thread.muted


@pytest.mark.parametrize("known", [True, False])
async def test_a_thread_is_muted_and_unmuted_also_one_never_heard_of(inbox: InboxStore, known: bool) -> None:
    first = said()
    if known:
        await claimed(inbox, first)
    before, _ = await heard(inbox, reply_to(first))
    await inbox.set_muted(first.place, True)
    assert (await heard(inbox, reply_to(first)))[0] == replace(before, muted=True)
    await inbox.set_muted(first.place, False)
    assert (await heard(inbox, reply_to(first)))[0] == before


async def test_a_thread_that_is_handed_over_is_a_humans(inbox: InboxStore) -> None:
    first = said()
    await claimed(inbox, first)
    await inbox.set_muted(first.place, True)
    await inbox.hand_over(first.place)
    thread, _ = await heard(inbox, reply_to(first))
    assert (thread.human, thread.muted, thread.answering) == (True, True, True)


async def test_changes_of_one_thread_at_once_by_two_processes_are_all_kept(
    inbox: InboxStore, other: InboxStore
) -> None:
    first = said()
    await claimed(inbox, first)
    for number in range(10):
        asker = said(user=f"user {number}", thread=first.id)
        await asyncio.gather(
            inbox.claim_message(asker, classify_message), other.hand_over(ThreadRef("test", "T1", "C1", f"t{number}"))
        )
        await asyncio.gather(
            inbox.claim_message(said(user=f"left {number}", thread=first.id), classify_message),
            other.claim_message(said(user=f"right {number}", thread=first.id), classify_message),
        )
    thread, _ = await heard(inbox, reply_to(first))
    assert len(thread.askers) == 31


# -- help channels ------------------------------------------------------------------------------------------------


async def test_help_channels_are_marked_and_unmarked(inbox: InboxStore) -> None:
    second = replace(HELP, channel="C2")
    assert list(await inbox.list_marked_channels()) == []
    for _ in range(2):
        await inbox.mark_channel(HELP, ChannelKind.HELP)
    await inbox.mark_channel(second, ChannelKind.HELP)
    assert list(await inbox.list_marked_channels()) == [HELP, second]
    for _ in range(2):
        await inbox.mark_channel(HELP, None)
    assert list(await inbox.list_marked_channels()) == [second]


async def test_a_question_in_a_help_channel_is_claimed_and_in_any_other_not(inbox: InboxStore) -> None:
    question = said(audience=Audience.CHANNEL)
    assert await inbox.claim_message(question, partial(classify_message, reading=ASKS)) is None
    await inbox.mark_channel(HELP, ChannelKind.HELP)
    assert await inbox.claim_message(question, partial(classify_message, reading=ASKS))
    assert (
        await inbox.claim_message(
            said(audience=Audience.CHANNEL, channel="C2"), partial(classify_message, reading=ASKS)
        )
        is None
    )
    assert (
        await inbox.claim_message(
            said(audience=Audience.CHANNEL, workspace="T2"), partial(classify_message, reading=ASKS)
        )
        is None
    )


# -- an item's life -----------------------------------------------------------------------------------------------


async def test_starts_are_counted_while_the_item_is_owed(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    assert await inbox.start_job(item)
    assert await inbox.start_job(item)
    assert (await found(inbox, item.message)).attempts == 2
    await inbox.finish_job(item, JobState.ANSWERED)
    assert not await inbox.start_job(item)


async def test_replies_are_kept_in_place_of_those_before(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.record_reply(item, [{"ts": "1.0", "stream": "open"}])
    await inbox.record_reply(item, [{"ts": "1.0"}, {"ts": "2.0"}])
    assert (await found(inbox, item.message)).replies == ({"ts": "1.0"}, {"ts": "2.0"})


async def test_a_reply_is_kept_also_when_nothing_is_owed_any_more(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.withdraw_job(item.message.key)
    await inbox.record_reply(item, [{"ts": "1.0"}])
    assert (await found(inbox, item.message)).replies == ({"ts": "1.0"},)


async def test_a_turn_is_kept_for_the_revision_it_was_made_for(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.record_turn(item, "f" * 32)
    assert (await found(inbox, item.message)).turn_id == "f" * 32
    await inbox.revise_job(replace(item.message, text="And then?"), classify_message)
    await inbox.record_turn(item, "e" * 32)  # of the work that the edit overtook
    assert (await found(inbox, item.message)).turn_id == ""


@pytest.mark.parametrize("state", [JobState.ANSWERED, JobState.EXCUSED, JobState.FAILED])
async def test_an_item_comes_to_one_end(inbox: InboxStore, state: JobState) -> None:
    item = await claimed(inbox, said())
    assert await inbox.finish_job(item, state)
    assert not await inbox.finish_job(item, JobState.EXCUSED)
    assert (await found(inbox, item.message)).state is state


async def test_an_edit_owes_a_new_answer_in_the_place_of_the_old(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.record_reply(item, [{"ts": "1.0"}])
    await inbox.record_turn(item, "f" * 32)
    await inbox.finish_job(item, JobState.ANSWERED)
    revised = await inbox.revise_job(replace(item.message, text="And then?", names_others=True), classify_message)
    assert revised
    assert (revised.id, revised.state, revised.revision) == (item.id, JobState.PENDING, 1)
    assert (revised.message.text, revised.message.names_others) == ("And then?", True)
    assert revised.message == replace(item.message, text="And then?", names_others=True)
    assert (revised.replies, revised.turn_id) == (({"ts": "1.0"},), "")
    assert await found(inbox, item.message) == revised


async def test_the_work_that_an_edit_overtook_ends_nothing(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    revised = await inbox.revise_job(replace(item.message, text="And then?"), classify_message)
    assert revised
    await inbox.finish_job(item, JobState.ANSWERED)
    assert not await inbox.start_job(item)
    assert (await found(inbox, item.message)).state is JobState.PENDING
    await inbox.finish_job(revised, JobState.ANSWERED)
    assert (await found(inbox, item.message)).state is JobState.ANSWERED


async def test_an_edit_brings_its_own_links_and_files_and_leaves_what_else_is_known(inbox: InboxStore) -> None:
    file = MessageFile("a.log", "text/plain", 9, "https://files.test/a.log")
    told = {"author": "Ann", "link": "https://chat.test/1", "replies_to": "7", "begins_thread": True, "unseen": "no"}
    known = {"handoff_thread": "", "asked_by": "bob", "links": ("C1/1",), "files": (file,)}
    await inbox.mark_channel(HELP, ChannelKind.HELP)
    item = await claimed(inbox, replace(said(), **told, **known))  # type: ignore[arg-type]
    assert item.message.in_help_channel
    edit = replace(said("And then?", id=item.message.id), links=("C1/2", "C1/3"), edited_at=1.0, reply_target={})
    revised = await inbox.revise_job(edit, classify_message)
    assert revised
    assert revised.message == replace(item.message, text="And then?", links=("C1/2", "C1/3"), files=(), edited_at=1.0)


async def test_an_edit_that_two_processes_are_told_of_is_owed_once(inbox: InboxStore, other: InboxStore) -> None:
    for number in range(10):
        item = await claimed(inbox, said())
        edited = replace(item.message, text=f"Edit {number}")
        await inbox.finish_job(item, JobState.ANSWERED)
        told = await asyncio.gather(*(each.revise_job(edited, classify_message) for each in (inbox, other, inbox)))
        assert sum(revised is not None for revised in told) == 1
        assert (await found(inbox, item.message)).revision == 1


@pytest.mark.parametrize("texts", [("b", "c", "d"), ("b", "a", "c"), ("b", "c", "a"), ("b", "b", "a")])
async def test_of_edits_that_are_told_of_in_any_order_and_again_the_last_counts(
    inbox: InboxStore, other: InboxStore, texts: Sequence[str]
) -> None:
    for order in permutations(range(3)):
        item = await claimed(inbox, said("a"))
        await inbox.finish_job(item, JobState.ANSWERED)
        edits = [replace(item.message, text=text, edited_at=number + 1.0) for number, text in enumerate(texts)]
        for number in (*order, *order):
            for each in (inbox, other):
                if revised := await each.revise_job(edits[number], classify_message):
                    await each.finish_job(revised, JobState.ANSWERED)
        assert (await found(inbox, item.message)).message.text == texts[-1], order


async def test_an_edit_of_nothing_owed_or_withdrawn_or_alike_is_none(inbox: InboxStore) -> None:
    assert await inbox.revise_job(said(), classify_message) is None
    item = await claimed(inbox, said())
    assert await inbox.revise_job(item.message, classify_message) is None
    await inbox.withdraw_job(item.message.key)
    assert await inbox.revise_job(replace(item.message, text="And then?"), classify_message) is None


async def test_a_withdrawn_item_is_owed_no_more(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.record_reply(item, [{"ts": "1.0"}])
    withdrawn = await inbox.withdraw_job(item.message.key)
    assert withdrawn
    assert (withdrawn.state, withdrawn.replies, withdrawn.revision) == (JobState.RETRACTING, ({"ts": "1.0"},), 1)
    assert not await inbox.finish_job(item, JobState.ANSWERED)
    assert not await inbox.start_job(item)
    assert await inbox.withdraw_job(item.message.key) is None
    assert await inbox.start_job(withdrawn)
    assert await inbox.finish_job(withdrawn, JobState.WITHDRAWN)
    assert (await found(inbox, item.message)).state is JobState.WITHDRAWN
    assert not await inbox.start_job(withdrawn)
    assert await inbox.claim_message(item.message, classify_message) is None


async def test_a_withdrawal_is_owed_by_whoever_takes_over(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.record_reply(item, [{"ts": "1.0"}])
    await inbox.finish_job(item, JobState.ANSWERED)
    assert await other.withdraw_job(item.message.key)  # nobody else is at it
    await other.release_lease()
    (taken,) = await inbox.reclaim_expired([item.message.place.platform])
    assert (taken.id, taken.state, taken.replies) == (item.id, JobState.RETRACTING, ({"ts": "1.0"},))


async def test_what_another_process_answers_is_withdrawn_by_that(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    assert await other.withdraw_job(item.message.key) is None
    withdrawn = await found(inbox, item.message)
    assert (withdrawn.state, withdrawn.revision) == (JobState.RETRACTING, 1)
    assert not await other.start_job(withdrawn)
    assert await inbox.start_job(withdrawn)


async def test_what_is_withdrawn_before_it_is_claimed_is_never_claimed(inbox: InboxStore, other: InboxStore) -> None:
    """Events may overtake each other."""
    question = said()
    assert await inbox.withdraw_job(question.key) is None
    assert await inbox.claim_message(question, classify_message) is None
    assert await other.claim_message(question, classify_message) is None
    assert (await found(inbox, question)).state is JobState.WITHDRAWN
    assert await inbox.revise_job(replace(question, text="And then?"), classify_message) is None


async def test_a_question_edited_into_a_wish_for_quiet_is_one_and_back(inbox: InboxStore) -> None:
    item = await claimed(inbox, said())
    quiet = await inbox.revise_job(replace(item.message, text="quiet"), partial(classify_message, reading=QUIET))
    assert quiet and quiet.judgement is Disposition.QUIET
    assert (await heard(inbox, reply_to(item.message)))[0].muted
    again = await inbox.revise_job(replace(item.message, text="And then?"), classify_message)
    assert again and again.judgement is Disposition.ANSWER
    assert not (await heard(inbox, reply_to(item.message)))[0].muted


async def test_an_edit_does_not_bring_the_bot_back_where_people_talk(inbox: InboxStore) -> None:
    item = await claimed(inbox, said(audience=Audience.MENTION))
    await inbox.claim_message(reply_to(item.message, "I'll see to it.", user="teammate"), classify_message)
    assert (await inbox.revise_job(replace(item.message, text="And then?"), classify_message)) is not None
    assert (await heard(inbox, reply_to(item.message)))[0].human


# -- processes ----------------------------------------------------------------------------------------------------


async def test_an_item_is_taken_over_only_after_its_lease(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    assert list(await other.reclaim_expired(HERE)) == []
    await asyncio.sleep(LEASE + 0.05)
    assert list(await other.reclaim_expired(HERE)) == [item]
    assert list(await other.reclaim_expired(HERE)) == []
    assert list(await inbox.reclaim_expired(HERE)) == []


async def test_what_was_taken_over_is_started_by_its_new_owner_only(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.release_lease()
    [taken] = await other.reclaim_expired(HERE)
    assert not await inbox.start_job(item)
    assert await other.start_job(taken)


async def test_a_beat_keeps_what_a_process_owes(inbox: InboxStore, other: InboxStore) -> None:
    await claimed(inbox, said())
    for _ in range(4):
        await asyncio.sleep(LEASE / 2)
        await inbox.extend_lease()
        await other.extend_lease()
    assert list(await other.reclaim_expired(HERE)) == []


async def test_a_process_knows_what_it_is_to_see_to(inbox: InboxStore, other: InboxStore) -> None:
    kept, taken, ended, edited = [await claimed(inbox, said()) for _ in range(4)]
    await inbox.finish_job(ended, JobState.ANSWERED)
    await inbox.revise_job(replace(edited.message, text="And then?"), classify_message)
    assert await inbox.own_revisions() == {kept.message.key: 0, taken.message.key: 0, edited.message.key: 1}
    await asyncio.sleep(LEASE + 0.05)
    await other.reclaim_expired(HERE, 1)
    owed = await other.own_revisions()
    assert len(owed) == 1 and not owed.keys() & (await inbox.own_revisions()).keys()
    for key in owed:
        mine, theirs = await inbox.find_job(key), await other.find_job(key)
        assert mine and theirs and not mine.mine and theirs.mine


async def test_a_release_frees_what_is_owed_at_once_and_nothing_of_others(inbox: InboxStore, other: InboxStore) -> None:
    mine, theirs, done = await claimed(inbox, said()), await claimed(other, said()), await claimed(inbox, said())
    await inbox.finish_job(done, JobState.ANSWERED)
    await inbox.release_lease()
    third = SqlInboxStore(inbox._database, update_thread, "three", LEASE)  # type: ignore[attr-defined]
    assert [item.id for item in await third.reclaim_expired(HERE)] == [mine.id]
    assert (await found(other, theirs.message)).state is JobState.PENDING


async def test_what_is_not_owed_is_not_taken_over(inbox: InboxStore, other: InboxStore) -> None:
    for state in (JobState.ANSWERED, JobState.EXCUSED, JobState.FAILED):
        await inbox.finish_job(await claimed(inbox, said()), state)
    withdrawn = await inbox.withdraw_job((await claimed(inbox, said())).message.key)
    assert withdrawn and await inbox.finish_job(withdrawn, JobState.WITHDRAWN)
    await asyncio.sleep(LEASE + 0.05)
    assert list(await other.reclaim_expired(HERE)) == []


async def test_items_are_taken_over_oldest_first_and_so_many_at_most(inbox: InboxStore, other: InboxStore) -> None:
    questions = [said() for _ in range(6)]
    await asyncio.gather(
        *(inbox.claim_message(question, classify_message) for question in questions)
    )  # in one transaction
    await inbox.release_lease()
    taken = [*await other.reclaim_expired(HERE, limit=4), *await other.reclaim_expired(HERE, limit=4)]
    assert [item.message for item in taken] == questions


async def test_two_processes_that_take_over_at_once_share(database: Database, inbox: InboxStore) -> None:
    await asyncio.gather(*(inbox.claim_message(said(), classify_message) for _ in range(60)))
    await inbox.release_lease()
    heirs = [SqlInboxStore(database, update_thread, f"heir {number}", 5) for number in range(3)]
    taken: list[Job] = []
    while some := await asyncio.gather(*(heir.reclaim_expired(HERE, limit=7) for heir in heirs)):
        taken += [item for items in some for item in items]
        if not any(some):
            break
    assert len(taken) == len({item.id for item in taken}) == 60


async def test_what_is_taken_over_tells_all_that_was_kept(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.start_job(item)
    await inbox.record_reply(item, [{"ts": "1.0"}])
    await inbox.record_turn(item, "f" * 32)
    await inbox.release_lease()
    [taken] = await other.reclaim_expired(HERE)
    assert taken == replace(item, attempts=1, replies=({"ts": "1.0"},), turn_id="f" * 32)


async def test_an_edit_belongs_to_the_process_that_was_told_of_it(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.finish_job(item, JobState.ANSWERED)
    revised = await other.revise_job(replace(item.message, text="And then?"), classify_message)
    assert revised
    await inbox.release_lease()
    assert list(await inbox.reclaim_expired(HERE)) == []
    assert await other.start_job(revised)


async def test_an_edit_of_what_another_process_is_answering_is_left_to_it(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.start_job(item)
    assert await other.revise_job(replace(item.message, text="And then?"), classify_message) is None
    assert not await inbox.finish_job(item, JobState.ANSWERED)
    revised = await found(inbox, item.message)
    assert (revised.message.text, revised.revision) == ("And then?", 1)
    assert not await other.start_job(revised)
    assert await inbox.start_job(revised)


async def test_an_edit_of_what_a_dead_process_was_answering_is_not_left_to_it(
    inbox: InboxStore, other: InboxStore
) -> None:
    item = await claimed(inbox, said())
    await asyncio.sleep(LEASE + 0.05)
    revised = await other.revise_job(replace(item.message, text="And then?"), classify_message)
    assert revised and await other.start_job(revised)


async def test_what_another_platform_is_owed_is_not_taken_over(inbox: InboxStore, other: InboxStore) -> None:
    item = await claimed(inbox, said())
    await inbox.release_lease()
    assert list(await other.reclaim_expired(["elsewhere"])) == []
    assert list(await other.reclaim_expired(["elsewhere", "test"])) == [item]


async def test_a_press_is_kept_with_what_was_chosen_and_an_item_is_found_by_its_turn(inbox: InboxStore) -> None:
    question = said()
    item = await claimed(inbox, question)
    turn = make_turn(platform="test", user="ann")
    assert await inbox.find_job_of_turn(turn) is None
    await inbox.record_turn(item, turn.id)
    of_turn = await inbox.find_job_of_turn(turn)
    assert of_turn and of_turn.id == item.id
    chosen = OptionPress(turn.id, 2, "ann", question.id)
    press = replace(question, id="choice:1", chosen=chosen)
    assert (await claimed(inbox, press)).message.chosen == chosen
    kept = await found(inbox, press)
    assert kept.message == press and kept.conversation_id == item.conversation_id
    assert await inbox.claim_message(replace(press, user="bob"), classify_message) is None


async def test_a_message_that_was_moved_is_answered_by_what_holds_there(inbox: InboxStore) -> None:
    """What its own place needs for a reply is not lost by that, and what only that one needs does not hold there."""
    item = await claimed(inbox, replace(said(), reply_target={"team": "T1", "url": "u"}))
    await inbox.record_reply(item, [{"ts": "1.0"}])
    there = ThreadRef("test", "T1", "D1", "")
    for left, target in (({"ts": "1.0"},), {"team": "T1", "in": "1"}), (({"ts": "2.0"},), {"team": "T2", "in": "2"}):
        move = Move(there, Audience.DIRECT, target, left)
        await inbox.move_job(item.where_answered, move)
        item = await found(inbox, item.message)
        assert (item.moved, item.replies, item.message.reply_target) == (move, (), {"team": "T1", "url": "u"})
        at = item.where_answered.message
        assert (at.place, at.audience, at.reply_target) == (there, Audience.DIRECT, target)
        await inbox.clear_left(item.where_answered)
        item = await found(inbox, item.message)
        assert item.moved == replace(move, left=())


async def test_where_nothing_is_kept_nothing_is_moved(inbox: InboxStore) -> None:
    unknown = replace(await claimed(inbox, said()), id="0" * 32)
    await inbox.move_job(unknown, Move(unknown.message.place, Audience.DIRECT, {}))
    assert (await found(inbox, unknown.message)).moved is None


@pytest.mark.parametrize(
    ("asked", "moved", "there"),
    [
        ({"team": "T1", "url": "u"}, {"url": "", "in": "1"}, {"team": "T1", "in": "1"}),
        ({"kind": "channel", "private": ""}, {"in": "1"}, {"kind": "channel", "in": "1"}),
    ],
)
async def test_what_the_version_before_left_is_gone_on_with(
    inbox: InboxStore, database: Database, asked: dict[str, str], moved: dict[str, str], there: dict[str, str]
) -> None:
    """Its rows hold everything but a message's ten fields in one mapping, and of a move what that adds to it."""
    item = await claimed(inbox, said())
    place, known = asdict(item.message.place), {"name": "Ann", "links": "C1/1", "help": "1", "side": "support"}
    row = {
        "message": {"place": place, "id": item.message.id, "user": "ann", "text": "Hi?"}
        | {"audience": "mention", "names_others": False, "context": {**known, **asked}}
        | {"chosen": None, "edited_at": 0.0, "gesture": ""},
        "moved": {"place": place, "audience": "direct", "context": moved, "left": [{"ts": "1.0"}]},
    }
    await database.write(lambda connection: connection.execute(update(rows).values(row)))
    [back] = await inbox.list_open(item.message.place)
    assert (back.message.author, back.message.links, back.message.side) == ("Ann", ("C1/1",), Party.SUPPORT)
    assert back.message.in_help_channel and back.where_answered.message.reply_target == there
    await inbox.clear_left(back.where_answered)
    again = await found(inbox, back.message)
    assert again.where_answered == replace(back.where_answered, moved=again.moved)
