"""Who is answered in Slack, and who is not: `frontdesk serve` in both modes, against the stand-in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.rooms import QUIET, SECONDS, Direct, Room
from tests.support.slack import CannotDo, SlackStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

HELP = "C0HELP"
DELIVERY, PAYMENT, GIFTS = (
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
)


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["socket", pytest.param("http", marks=pytest.mark.slow)]
)
async def bot(
    request: pytest.FixtureRequest, shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    folder = tmp_path_factory.mktemp(f"policy-{request.param}")
    async with SlackStandIn() as slack, Bot(slack, shop, folder, mode=request.param) as bot:
        slack.retry_schedule = (0, 0.5, 1)
        slack.add_channel(HELP, [])
        assert (await bot.command("channels", "help", HELP)).code == 0
        yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    return Room(bot)


# answered


async def test_a_direct_message_is_answered(bot: Bot) -> None:
    direct = Direct(bot)
    ts = await direct.ask(DELIVERY)
    answer = await direct.one_answer(ts)
    assert "working days" in answer.shown and answer.thread_ts == ts


async def test_two_questions_in_one_breath_are_both_answered(bot: Bot) -> None:
    direct = Direct(bot)
    asked = await asyncio.gather(*(direct.ask(question) for question in (DELIVERY, GIFTS)))
    for ts, containing in zip(asked, ("working days", "first year"), strict=True):
        await direct.one_answer(ts, containing=containing)


async def test_a_mention_is_answered_once_in_its_thread(room: Room) -> None:
    ts = await room.ask(DELIVERY)
    answer = await room.one_answer(ts)
    assert "working days" in answer.shown and answer.thread_ts == ts
    events = [sent.payload["event"] for sent in room.slack.deliveries if sent.kind == "events_api"]
    assert sorted(event["type"] for event in events if event["ts"] == ts) == ["app_mention", "message"]


async def test_the_assistant_pane_is_answered(bot: Bot) -> None:
    direct = Direct(bot)
    direct.channel, thread = await bot.slack.open_assistant(direct.asker)
    ts = await direct.ask(PAYMENT, thread=thread)
    assert "Visa" in (await direct.one_answer(ts, thread)).shown
    ts = await direct.ask(GIFTS, thread=thread)
    assert "No." in (await direct.one_answer(ts, thread)).shown


async def test_ask_is_answered_for_the_asker_alone_who_may_share_it(room: Room) -> None:
    slack = room.slack
    await slack.command("/ask", room.asker, room.channel, PAYMENT)
    (answer,) = await slack.wait_for(lambda: slack.bot_messages(room.channel), SECONDS)
    assert "Visa" in answer.shown and answer.ephemeral_to == room.asker

    with pytest.raises(CannotDo):  # nobody else sees the button
        await slack.click(room.other, room.channel, answer.ts, "share")
    answer.ephemeral_to = room.other  # … and who forges the click has no say
    await slack.click(room.other, room.channel, answer.ts, "share")
    await slack.settled(SECONDS)
    assert slack.bot_messages(room.channel) == [answer]
    answer.ephemeral_to = room.asker

    await slack.click(room.asker, room.channel, answer.ts, "share")
    await slack.settled(SECONDS)
    (shared,) = slack.bot_messages(room.channel)
    assert shared.ephemeral_to == "" and "Visa" in shared.shown and PAYMENT in shared.shown
    assert room.asker.lower() in shared.shown and "<@" not in shared.shown


async def test_ask_without_a_question_is_answered_too(room: Room) -> None:
    await room.slack.command("/ask", room.asker, room.channel)
    (answer,) = await room.slack.wait_for(lambda: room.slack.bot_messages(room.channel), SECONDS)
    assert answer.ephemeral_to == room.asker and "What would you like to know" in answer.shown


@pytest.mark.parametrize(
    "text", [DELIVERY, "hi all, my parcel arrived broken", "能寄到中国吗？", "I can't find my tracking number"]
)
async def test_a_new_question_in_a_help_channel_is_answered_without_a_mention(bot: Bot, text: str) -> None:
    room = Room(bot, HELP)
    ts = await room.ask(text, mention=False)
    assert (await room.one_answer(ts)).thread_ts == ts


@pytest.mark.parametrize(
    "text", ["Good morning everyone!", "I'm off to lunch", "thanks, that did it", "大家早上好", "🎉"]
)
async def test_chatter_in_a_help_channel_is_left_alone(bot: Bot, text: str) -> None:
    room = Room(bot, HELP)
    await room.silence(await room.ask(text, mention=False))


async def test_a_question_to_somebody_by_name_is_left_to_them(bot: Bot) -> None:
    room = Room(bot, HELP)
    await room.silence(await room.ask(f"<@{room.teammate}> {DELIVERY}", mention=False))


async def test_a_question_in_an_ordinary_channel_is_left_alone(room: Room) -> None:
    await room.silence(await room.ask(DELIVERY, mention=False))


async def test_a_follow_up_in_its_thread_needs_no_mention(room: Room) -> None:
    root = await room.ask("Can I skip a month of the tea box?")
    await room.one_answer(root)
    ts = await room.ask("And how do I cancel it?", thread=root, mention=False)
    answer = await room.one_answer(ts, root)
    assert "My Lane" in answer.shown and answer.thread_ts == root


async def test_a_mention_within_a_thread_of_others_is_answered_there(room: Room) -> None:
    root = await room.ask("The new cups are lovely", user=room.other, mention=False)
    ts = await room.ask(GIFTS, thread=root)
    assert (await room.one_answer(ts, root)).thread_ts == root


# silent


async def test_other_bots_and_itself_are_not_answered(bot: Bot, room: Room) -> None:
    ts = await bot.slack.say(room.channel, room.other, DELIVERY, mention=True, bot_id="B9")
    await room.silence(ts)
    room = Room(bot, HELP)
    ts = await bot.slack.say(HELP, room.other, DELIVERY, bot_id="B9")
    await room.silence(ts)
    root = await room.ask(DELIVERY, mention=False)
    answer = await room.one_answer(root)  # comes back to the bot as an event, which changes nothing
    assert [reply.ts for reply in room.said(root)] == [answer.ts]


async def test_a_teammate_who_replies_takes_the_thread_over_until_a_mention(room: Room) -> None:
    root = await room.ask(DELIVERY)
    await room.one_answer(root)
    ts = await room.ask("I am looking into this for you", user=room.teammate, thread=root, mention=False)
    await room.silence(ts, root)
    await room.silence(await room.ask(PAYMENT, thread=root, mention=False), root)
    ts = await room.ask(PAYMENT, thread=root)
    assert "Visa" in (await room.one_answer(ts, root)).shown
    ts = await room.ask(GIFTS, thread=root, mention=False)
    assert "No." in (await room.one_answer(ts, root)).shown


@pytest.mark.parametrize(("word", "reply"), [("quiet", "I'll be quiet"), ("安静", "不再说话")])
async def test_a_thread_is_quiet_when_told_until_a_mention(room: Room, word: str, reply: str) -> None:
    root = await room.ask(DELIVERY)
    await room.one_answer(root)
    ts = await room.ask(word, thread=root, mention=False)
    assert reply in (await room.one_answer(ts, root)).shown
    await room.silence(await room.ask(PAYMENT, thread=root, mention=False), root)
    ts = await room.ask(PAYMENT, thread=root)
    assert "Visa" in (await room.one_answer(ts, root)).shown
    ts = await room.ask(GIFTS, thread=root, mention=False)
    await room.one_answer(ts, root)


@pytest.mark.parametrize("on", ["question", "answer"])
async def test_the_muted_speaker_mutes_a_thread_as_long_as_it_stands(room: Room, on: str) -> None:
    root = await room.ask(DELIVERY)
    answer = await room.one_answer(root)
    where = root if on == "question" else answer.ts
    await room.slack.react(room.channel, where, room.other, "mute")
    await room.slack.settled(SECONDS)
    await room.silence(await room.ask(PAYMENT, thread=root, mention=False), root)
    await room.slack.unreact(room.channel, where, room.other, "mute")
    await room.slack.settled(SECONDS)
    ts = await room.ask(GIFTS, thread=root, mention=False)
    await room.one_answer(ts, root)
    await room.slack.react(room.channel, where, room.other, "thumbsup")  # says nothing to us
    await room.slack.settled(SECONDS)
    await room.one_answer(await room.ask(PAYMENT, thread=root, mention=False), root)


# edited, deleted


async def test_an_edited_question_is_answered_again_in_place(room: Room) -> None:
    ts = await room.ask(GIFTS)
    first = await room.one_answer(ts)
    short = first.shown
    await room.slack.edit(room.channel, ts, f"<@{room.slack.bot_user}> {DELIVERY}")
    longer = await room.one_answer(ts, containing="working days")
    assert longer.ts == first.ts and len(longer.shown) > len(short)
    assert "delivery.html" in longer.shown and "gift-cards.html" not in longer.shown
    await room.slack.edit(room.channel, ts, f"<@{room.slack.bot_user}> {GIFTS}")
    assert (await room.one_answer(ts, containing="gift-cards.html")).ts == first.ts


@pytest.mark.parametrize("held", ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"])
async def test_a_question_edited_while_it_is_answered_has_one_answer(room: Room, held: str) -> None:
    hold = room.slack.hold(held)
    ts = await room.ask(GIFTS)
    await hold.begun()
    await room.slack.edit(room.channel, ts, f"<@{room.slack.bot_user}> {DELIVERY}")
    await room.slack.wait_for(lambda: room.bot.sql("SELECT revision FROM inbox WHERE message_id = ?", ts) == [(1,)])
    hold.release()
    answer = await room.one_answer(ts, containing="working days")
    assert "gift-cards.html" not in answer.shown


@pytest.mark.parametrize("held", ["chat.startStream", "chat.stopStream"])
async def test_two_edits_in_a_row_leave_one_answer_and_no_open_stream(room: Room, held: str) -> None:
    hold = room.slack.hold(held)
    ts = await room.ask(GIFTS)
    await hold.begun()
    for revision, text in enumerate(("How do I return something?", DELIVERY), start=1):
        await room.slack.edit(room.channel, ts, f"<@{room.slack.bot_user}> {text}")
        changed = partial(room.bot.sql, "SELECT 1 FROM inbox WHERE message_id = ? AND revision = ?", ts, revision)
        await room.slack.wait_for(changed, SECONDS, f"edit {revision}")
    hold.release()
    await room.one_answer(ts, containing="working days")
    assert not any(message.streaming for message in room.said(ts))


async def test_a_question_that_is_edited_into_one_is_answered(bot: Bot) -> None:
    room = Room(bot, HELP)
    ts = await room.ask("Good morning", mention=False)
    await room.silence(ts)
    await bot.slack.edit(HELP, ts, f"Good morning. {DELIVERY}")
    await room.one_answer(ts, containing="working days")


async def test_a_link_preview_is_no_edit(room: Room) -> None:
    ts = await room.ask(f"{DELIVERY} I read https://example.com/delivery before")
    answer = await room.one_answer(ts)
    calls = len(room.slack.calls)
    await room.slack.unfurl(room.channel, ts)
    await room.slack.settled(SECONDS)
    assert room.said(ts) == [answer] and len(room.slack.calls) == calls


async def test_a_preview_of_a_teammates_link_does_not_take_the_thread_over_again(room: Room) -> None:
    root = await room.ask(DELIVERY)
    await room.one_answer(root)
    theirs = await room.ask("See https://example.com/", user=room.teammate, thread=root, mention=False)
    await room.silence(theirs, root)
    await room.one_answer(await room.ask(PAYMENT, thread=root), root)
    await room.slack.unfurl(room.channel, theirs)
    await room.slack.settled(SECONDS)
    await room.one_answer(await room.ask(GIFTS, thread=root, mention=False), root)


async def test_a_deleted_question_takes_its_answer_along(room: Room) -> None:
    ts = await room.ask(DELIVERY)
    await room.one_answer(ts)
    await room.slack.delete(room.channel, ts)  # with a reply below it: a tombstone
    await room.slack.wait_for(lambda: not room.said(ts), SECONDS)
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "withdrawn", SECONDS)


@pytest.mark.parametrize("held", ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"])
async def test_a_question_deleted_while_it_is_answered_is_not_answered(room: Room, held: str) -> None:
    await room.slack.settled(SECONDS, QUIET)  # no call of another test is held
    hold = room.slack.hold(held)
    ts = await room.ask(DELIVERY)
    await hold.begun()
    await room.slack.delete(room.channel, ts)
    await room.slack.wait_for(lambda: room.bot.states().get(ts) in {"retracting", "withdrawn"}, SECONDS)
    hold.release()
    await room.slack.settled(SECONDS, quiet=0.5)
    assert room.said(ts) == [] and room.slack.status(room.channel, ts) == ""


# owed an answer that cannot be had


async def test_a_fault_is_told_in_one_honest_line_with_an_id(bot: Bot, room: Room) -> None:
    bot.sql("ALTER TABLE turns RENAME TO turns_away")
    try:
        ts = await room.ask(DELIVERY)
        answer = await room.one_answer(ts)
        other = Room(bot)
        await bot.slack.command("/ask", other.asker, other.channel, DELIVERY)
        (told,) = await bot.slack.wait_for(lambda: bot.slack.bot_messages(other.channel), SECONDS)
    finally:
        bot.sql("ALTER TABLE turns_away RENAME TO turns")
    for shown in (answer.shown, told.shown):
        fault = re.search(r"something went wrong.*\(Reference: ([0-9a-f]{8})\)", shown)
        assert fault and fault[1] in bot.log
        assert "\n" not in shown and "turns" not in shown and "Error" not in shown
    assert bot.states()[ts] == "excused"
    await room.one_answer(await room.ask(PAYMENT, thread=ts, mention=False), ts)  # and all is well again


async def test_an_answer_whose_turn_cannot_be_logged_still_comes(bot: Bot, room: Room) -> None:
    bot.sql("ALTER TABLE turn_passages RENAME TO away")
    try:
        ts = await room.ask(DELIVERY)
        answer = await room.one_answer(ts)
        assert "working days" in answer.shown
        vote = next(block for block in answer.blocks if block["type"] == "context_actions")["elements"][0]
        await bot.slack.click(room.asker, room.channel, answer.ts, "feedback", vote["negative_button"]["value"])
    finally:
        bot.sql("ALTER TABLE away RENAME TO turn_passages")
    assert bot.states()[ts] == "answered"


async def test_who_comes_when_the_queue_is_full_is_told_so(shop: Knowledge, tmp_path: Path) -> None:
    narrow = {"FRONTDESK_WORKERS": "1", "FRONTDESK_QUEUE_LIMIT": "2", "FRONTDESK_QUEUE_PER_USER": "1"}
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, **narrow) as bot:
        room, late = Room(bot), Room(bot)
        hold = slack.hold("chat.startStream")
        first = await room.ask(DELIVERY)
        await hold.begun()
        waits = await room.ask(PAYMENT)
        too_many_of_theirs = await room.ask(GIFTS)
        assert "several of your questions" in (await room.answer(too_many_of_theirs)).shown
        other = await room.ask(GIFTS, user=room.other)
        too_many = await late.ask(GIFTS)
        assert "more questions right now than I can take" in (await late.answer(too_many)).shown
        for ts, ahead in ((other, 1), (waits, 2)):  # whose first is being answered lets the others go first
            await slack.wait_for(lambda: slack.status(room.channel, ts) == f"Waiting, {ahead} before yours…", SECONDS)  # noqa: B023
        hold.release()
        for ts in (first, waits, other):
            await room.one_answer(ts)
        assert bot.states() == {
            first: "answered",
            waits: "answered",
            other: "answered",
            too_many_of_theirs: "excused",
            too_many: "excused",
        }


async def test_who_asks_more_than_the_budgets_allow_is_told_so(shop: Knowledge, tmp_path: Path) -> None:
    budgets = {"FRONTDESK_USER_BUDGET": "2", "FRONTDESK_WORKSPACE_BUDGET": "3"}
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, mode="http", **budgets) as bot:
        room = Room(bot)
        for question in (DELIVERY, PAYMENT):
            assert "Sources" in (await room.one_answer(await room.ask(question))).shown
        assert "in about 30 min" in (await room.one_answer(await room.ask(GIFTS))).shown
        assert "Sources" in (await room.one_answer(await room.ask(GIFTS, user=room.other))).shown
        assert "in about 20 min" in (await room.one_answer(await room.ask(GIFTS, user=room.teammate))).shown
