"""What is there is read: what a message forwards, quotes, links to, brings along, and what it was called in below."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import discord as dpy
import pytest
import pytest_asyncio

from bot.chat.links import BREAK
from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den
from tests.support.rooms import SECONDS, Direct, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.typed import rich_text
from tests.support.slack.workspace import Message

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DELIVERY, ANSWERED = "How long does delivery to Germany take?", "working days"
GIFTS, SHORT = "Do gift cards expire?", "How long does delivery take?"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


class Two(NamedTuple):
    """A bot in both stand-ins."""

    bot: Bot
    discord: DiscordStandIn


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    folder = tmp_path_factory.mktemp("reads")
    allow = {"FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8"}
    async with (
        SlackStandIn() as slack,
        DiscordStandIn(limits=False) as discord,
        Bot(slack, shop, folder, discord=discord, **allow) as bot,
    ):
        yield Two(bot, discord)


@pytest.fixture
def room(two: Two) -> Room:
    return Room(two.bot)


@pytest.fixture
def den(two: Two) -> Den:
    return Den(two.bot, two.discord)


# forwarded and quoted


async def elsewhere(room: Room, text: str, *, blocks: bool = True) -> Message:
    """A message of a channel that the bot is not in."""
    room.slack.add_channel(f"{room.channel}ELSE", [room.asker, room.teammate], bot=False)
    ts = await room.slack.say(f"{room.channel}ELSE", room.teammate, text)
    message = room.slack.workspace.message(f"{room.channel}ELSE", ts)
    if not blocks:
        message.blocks = []
    return message


@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize("comment", ["", "can you answer this?", "please answer this one"])
@pytest.mark.parametrize("how", ["private", "mention", "help"])
async def test_a_forwarded_message_is_the_question(room: Room, how: str, comment: str, blocks: bool) -> None:
    original = await elsewhere(room, DELIVERY, blocks=blocks)
    if how == "private":
        room = Direct(room.bot)
    elif how == "help":
        assert (await room.bot.command("channels", "help", room.channel)).code == 0
    ts = await room.slack.forward(room.channel, room.asker, original, comment, mention=how == "mention")
    assert ANSWERED in (await room.one_answer(ts)).shown


async def test_a_comment_with_a_question_of_its_own_is_answered_with_the_forwarded_words_below_it(room: Room) -> None:
    original = await elsewhere(room, "My order is on its way to Berlin.")
    direct = Direct(room.bot)
    ts = await room.slack.forward(direct.channel, direct.asker, original, GIFTS)
    assert "expire" in (await direct.one_answer(ts)).shown


async def test_a_forwarded_message_that_names_the_bot_or_others_addresses_nobody(room: Room) -> None:
    original = await elsewhere(room, f"<@{room.slack.bot_user}> <@{room.teammate}> {DELIVERY}")
    await room.silence(await room.slack.forward(room.channel, room.asker, original))


async def test_a_preview_that_is_added_later_is_read_once(room: Room) -> None:
    original = await elsewhere(room, DELIVERY)
    direct = Direct(room.bot)
    ts = await direct.ask(f"can you answer this? {room.slack.address(original)}")
    await direct.answer(ts)
    await room.slack.preview(direct.channel, ts, original)
    await direct.answer(ts, containing=ANSWERED)
    await room.slack.preview(direct.channel, ts, original)
    await room.slack.unfurl(direct.channel, ts)
    assert len(direct.said(ts)) == 1


@pytest.mark.parametrize("text", [f"> {DELIVERY}\ncan you answer this?", f"can you answer this?\n> {DELIVERY}"])
async def test_what_is_quoted_is_the_question(two: Two, room: Room, den: Den, text: str) -> None:
    direct = Direct(room.bot)
    assert ANSWERED in (await direct.one_answer(await direct.ask(text))).shown
    asked = await den.ask(text)
    assert ANSWERED in shown(await den.one_answer(asked))


async def test_a_message_whose_words_stand_in_its_blocks_alone(room: Room) -> None:
    direct = Direct(room.bot)
    message = Message(room.slack.workspace.next_ts(), direct.channel, direct.asker, "", blocks=rich_text(DELIVERY))
    room.slack.workspace.put(message)
    room.slack.announce(message)
    assert ANSWERED in (await direct.one_answer(message.ts)).shown


async def test_a_forwarded_message_in_discord(two: Two, den: Den) -> None:
    original = await den.teammate.send(den.channel, DELIVERY)
    sent = await den.asker.send_dm("hello")
    await den.done(sent.id)
    private = den.discord.backend.get_channel(sent.channel.id)
    forwarded = den.discord.backend.create_message(
        private.id,
        den.asker.id,
        reference={"type": 1, "channel_id": str(den.channel.id), "message_id": str(original.id)},
    )
    assert await den.done(forwarded.id) == "answered"
    assert ANSWERED in shown(await den.says(private.id, ANSWERED, after=forwarded.id))


# addresses of messages


@pytest.mark.parametrize("thread", [True, False])
async def test_a_message_of_the_same_channel_is_followed_by_its_address(room: Room, thread: bool) -> None:
    ts = await room.ask("Hi all." if thread else DELIVERY, mention=False)
    if thread:
        ts = await room.ask(DELIVERY, thread=ts, mention=False)
    address = room.slack.address(room.slack.workspace.message(room.channel, ts))
    for text in (address, f"can you answer this? {address}"):
        assert ANSWERED in (await room.one_answer(await room.ask(text, user=room.teammate))).shown


@pytest.mark.parametrize(
    ("kind", "inside", "asker", "seen"),
    [
        ("public", True, "member", True),
        ("public", True, "guest", False),
        ("public", True, "partner", False),
        ("public", False, "member", False),
        ("private", True, "member", False),
    ],
)
async def test_of_other_channels_only_public_ones_and_only_for_who_may_see_them(
    room: Room, kind: str, inside: bool, asker: str, seen: bool
) -> None:
    slack, other = room.slack, f"{room.channel}OTHER"
    slack.add_channel(other, [room.teammate], kind, bot=inside)
    address = slack.address(slack.workspace.message(other, await slack.say(other, room.teammate, DELIVERY)))
    user = slack.workspace.users[room.asker]
    user.team, user.is_restricted = ("T0PARTNER" if asker == "partner" else ""), asker == "guest"
    answer = await room.one_answer(await room.ask(f"can you answer this? {address}"))
    assert (ANSWERED in answer.shown) is seen


async def test_a_message_s_address_in_discord(den: Den) -> None:
    guild, world = den.discord.guild, den.discord.world
    see, hide = dpy.PermissionOverwrite(view_channel=True), dpy.PermissionOverwrite(view_channel=False)
    overwrites = {guild.default_role: hide, world.me(): see, den.teammate: see}
    hidden = guild.create_text_channel(f"hidden-{den.channel.id}", overwrites=overwrites)
    open_channel = guild.create_text_channel(f"open-{den.channel.id}")
    for channel, seen in ((den.channel, True), (open_channel, True), (hidden, False)):
        asked = await den.teammate.send(channel, DELIVERY)
        address = f"https://discord.com/channels/{guild.id}/{channel.id}/{asked.id}"
        mine = await den.ask(f"can you answer this? {address}")
        assert (ANSWERED in shown(await den.one_answer(mine))) is seen


# files


LOG = "2026-01-01 INFO start\nHow long does delivery to Germany take?\n2026-01-01 INFO end\n"


@pytest.mark.parametrize("text", ["", "can you answer this?"])
async def test_a_text_file_is_read_with_the_token(room: Room, text: str) -> None:
    direct = Direct(room.bot)
    file = room.slack.attach("question.txt", DELIVERY.encode(), "text/plain")
    ts = await room.slack.say(direct.channel, direct.asker, text, files=[file])
    assert ANSWERED in (await direct.one_answer(ts)).shown
    assert room.slack.workspace.files[file["id"]].asked == [room.slack.bot_token]


@pytest.mark.parametrize(
    "fault", ["large", "many", "scope", "elsewhere", "binary"], ids=lambda fault: f"not where it is {fault}"
)
async def test_a_file_that_cannot_be_read_is_named(room: Room, fault: str) -> None:
    slack, direct = room.slack, Direct(room.bot)
    bodies = {"large": b"x" * 70_000, "binary": b"a\0b"}
    files = [slack.attach("trace.log", bodies.get(fault, DELIVERY.encode()), "text/plain")]
    files = (
        [slack.attach(f"a{n}.txt", b"nothing", "text/plain") for n in range(3)] + files if fault == "many" else files
    )
    if fault == "elsewhere":
        files[0]["url_private"] = files[0]["url_private_download"] = "https://files.slack.com.evil.example/trace.log"
    if fault == "scope":
        slack.scopes.discard("files:read")
    try:
        answer = await direct.one_answer(await slack.say(direct.channel, direct.asker, GIFTS, files=files))
    finally:
        slack.scopes.add("files:read")
    assert "trace.log" in answer.shown.replace(BREAK, "") and "expire" in answer.shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "I read only text"),
        ("what does this error mean?", "so I go by what you wrote"),
        (GIFTS, "so I go by what you wrote"),
        ("礼品卡会过期吗？这个怎么用？", "我看不了"),
    ],
)
async def test_a_picture_is_named_in_the_reply_s_language(room: Room, den: Den, text: str, says: str) -> None:
    direct, picture = Direct(room.bot), room.slack.attach("screenshot.png", PNG, "image/png")
    answer = await direct.one_answer(await room.slack.say(direct.channel, direct.asker, text, files=[picture]))
    assert says in answer.shown and "screenshot.png" in answer.shown.replace("\\", "").replace(BREAK, "")
    assert room.slack.workspace.files[picture["id"]].asked == []
    sent = await den.asker.send(den.channel, f"{den.me} {text}".strip(), attachments=[("screenshot.png", PNG)])
    there = shown(await den.one_answer(sent.id)).replace("\\", "").replace(BREAK, "")
    assert says in there and "screenshot.png" in there


async def test_a_picture_alone_is_named_below_an_answer_too_and_not_among_people(room: Room, den: Den) -> None:
    slack, picture = room.slack, ("screenshot.png", PNG)
    ts = await room.ask(GIFTS)
    await room.one_answer(ts)
    file = slack.attach(*picture, "image/png")
    alone = await slack.say(room.channel, room.asker, "", ts, files=[file])
    assert "I read only text" in (await room.one_answer(alone, ts)).shown
    await room.silence(await slack.say(room.channel, room.other, "", ts, files=[file]), ts)

    asked = await den.ask(GIFTS)
    await den.one_answer(asked)
    sent = await den.asker.send(den.discord.channel(asked), "", attachments=[picture])
    assert "I read only text" in shown(await den.says(asked, "I read only text", sent.id))
    other = await den.other.send(den.discord.channel(asked), "", attachments=[picture])
    await den.discord.settled()
    assert not [message for message in den.said(asked) if message.id > other.id]


async def test_a_picture_alone_says_nothing_of_what_was_suggested(shop: Knowledge, tmp_path: Path) -> None:
    unsure = {"FRONTDESK_ANSWER_THRESHOLD": "1", "FRONTDESK_SUGGEST_THRESHOLD": "0"}
    async with (
        SlackStandIn() as slack,
        DiscordStandIn(limits=False) as discord,
        Bot(slack, shop, tmp_path, discord=discord, **unsure) as bot,
    ):
        direct, den = Direct(bot), Den(bot, discord)
        await direct.one_answer(await direct.ask(GIFTS), containing="nearest thing I found")
        alone = await slack.say(
            direct.channel, direct.asker, "", files=[slack.attach("screenshot.png", PNG, "image/png")]
        )
        assert "I read only text" in (await direct.one_answer(alone)).shown
        asked = await den.ask(GIFTS)
        suggested = await den.one_answer(asked, containing="nearest thing I found")
        await den.ask("", thread=asked)
        await den.says(asked, "What would you like to know?", suggested.id)
        assert bot.sql("SELECT vote FROM feedback") == []


async def test_a_text_file_in_discord_is_read_without_a_token(den: Den) -> None:
    sent = await den.asker.send(den.channel, den.me, attachments=[("log.txt", DELIVERY.encode())])
    assert ANSWERED in shown(await den.one_answer(sent.id))


async def test_a_file_is_masked(two: Two, room: Room) -> None:
    direct = Direct(room.bot)
    file = room.slack.attach("log.txt", b"mail to sam.iam@example.com bounced", "text/plain")
    await direct.answer(await room.slack.say(direct.channel, direct.asker, "Why did this bounce?", files=[file]))
    ((question,),) = two.bot.sql("SELECT question FROM turns WHERE user_id = ?", direct.asker)
    assert "bounced" in question and "sam.iam" not in question


# called in below somebody's question


CALLS = ["", "can you answer this?", "help", "please answer the question above", "你来回答一下", "any idea?", "hello"]


@pytest.mark.parametrize("call", CALLS)
async def test_slack_called_into_the_thread_of_a_question(room: Room, call: str) -> None:
    root = await room.ask(f"Hi all, {DELIVERY}", mention=False)
    ts = await room.ask(call, user=room.teammate, thread=root)
    answer = await room.one_answer(ts, root)
    assert ANSWERED in answer.shown and room.asker.lower() in answer.shown.lower()
    assert not [each for each in room.slack.mentions() if room.asker in str(each)]


@pytest.mark.parametrize("call", CALLS)
async def test_discord_called_by_a_reply_to_a_question(den: Den, call: str) -> None:
    asked = await den.asker.send(den.channel, DELIVERY)
    sent = await den.teammate.send(den.channel, f"{den.me} {call}".strip(), reply_to=asked)
    answer = shown(await den.one_answer(sent.id))
    assert ANSWERED in answer and "asker" in answer


@pytest.mark.parametrize("call", CALLS[:3])
async def test_discord_called_into_the_thread_of_a_question(den: Den, call: str) -> None:
    asked = await den.asker.send(den.channel, DELIVERY)
    den.discord.backend.create_thread(den.channel.id, "delivery", den.teammate.id, message_id=asked.id)
    sent = await den.ask(call, user=den.teammate, thread=asked.id)
    assert ANSWERED in shown(await den.one_answer(sent, asked.id))


CHANNEL_CALLS = ["", "can you answer this?", "please answer the question above", "你来回答一下"]


@pytest.mark.parametrize("call", CHANNEL_CALLS)
async def test_slack_called_right_below_a_question_of_the_channel(room: Room, call: str) -> None:
    await room.ask(GIFTS, mention=False)
    await room.ask(f"Hi all, {DELIVERY}", mention=False)
    ts = await room.ask(call, user=room.teammate)
    answer = await room.one_answer(ts)
    assert ANSWERED in answer.shown and room.asker.lower() in answer.shown.lower()
    assert not [each for each in room.slack.mentions() if room.asker in str(each)]
    again = await room.one_answer(await room.ask(call, user=room.other))
    assert ANSWERED not in again.shown and "expire" not in again.shown  # it has its answer


@pytest.mark.parametrize("call", CHANNEL_CALLS)
async def test_discord_called_right_below_a_question_of_the_channel(den: Den, call: str) -> None:
    await den.asker.send(den.channel, GIFTS)
    await den.asker.send(den.channel, DELIVERY)
    answer = shown(await den.one_answer(await den.ask(call, user=den.teammate)))
    assert ANSWERED in answer and "asker" in answer
    again = shown(await den.one_answer(await den.ask(call, user=den.other)))
    assert ANSWERED not in again and "expire" not in again


@pytest.mark.parametrize("call", CHANNEL_CALLS)
@pytest.mark.parametrize("replies", [True, False])
async def test_a_thread_is_named_by_the_question_that_is_answered(den: Den, call: str, replies: bool) -> None:
    asked = await den.asker.send(den.channel, f"**{DELIVERY}** I am ann@example.com")
    sent = await den.teammate.send(den.channel, f"{den.me} {call}".strip(), reply_to=asked if replies else None)
    await den.one_answer(sent.id, containing=ANSWERED)
    assert den.discord.backend.channels[sent.id].name == f"{DELIVERY} I am [email]"
    own = await den.ask(GIFTS, user=den.teammate)
    await den.one_answer(own)
    assert den.discord.backend.channels[own].name == GIFTS


@pytest.mark.parametrize("call", CHANNEL_CALLS[:2])
async def test_a_channel_s_question_that_was_answered_in_its_thread_is_not_taken(
    room: Room, den: Den, call: str
) -> None:
    await room.ask(GIFTS, mention=False)
    root = await room.ask(DELIVERY, mention=False)
    await room.ask("Three days, I think.", user=room.other, thread=root, mention=False)
    assert "expire" in (await room.one_answer(await room.ask(call, user=room.teammate))).shown

    asked = await den.asker.send(den.channel, DELIVERY)
    den.discord.backend.create_thread(den.channel.id, "delivery", den.other.id, message_id=asked.id)
    answer = shown(await den.one_answer(await den.ask(call, user=den.teammate)))
    assert ANSWERED not in answer


async def test_what_only_its_asker_has_added_to_is_open(room: Room) -> None:
    root = await room.ask(DELIVERY, mention=False)
    await room.ask("By express, I mean.", thread=root, mention=False)
    assert ANSWERED in (await room.one_answer(await room.ask("", user=room.teammate))).shown


@pytest.mark.parametrize("call", ["", "can you answer this?"])
async def test_what_was_asked_in_a_channel_long_ago_or_far_above_is_not_taken(room: Room, den: Den, call: str) -> None:
    slack = room.slack
    said = await room.ask(DELIVERY, mention=False)
    old = slack.workspace.channel(room.channel).messages.pop(said)
    old.ts = f"{float(said) - 3700:.6f}"
    slack.workspace.channel(room.channel).messages[old.ts] = old
    assert ANSWERED not in (await room.one_answer(await room.ask(call, user=room.teammate))).shown

    far = Room(room.bot)
    await far.ask(DELIVERY, mention=False)
    for number in range(51):
        await far.ask(f"Number {number}", user=far.asker, mention=False)
    assert ANSWERED not in (await far.one_answer(await far.ask(call, user=far.teammate))).shown

    await den.asker.send(den.channel, DELIVERY)
    for number in range(51):
        await den.asker.send(den.channel, f"Number {number}")
    assert ANSWERED not in shown(await den.one_answer(await den.ask(call, user=den.teammate)))


async def test_a_channel_is_read_only_where_the_bot_is_summoned(room: Room) -> None:
    await room.ask(DELIVERY, mention=False)
    for text in (GIFTS, "hello", "thanks"):
        await room.one_answer(await room.ask(text, user=room.teammate))
    assert not [call for call in room.slack.called("conversations.history") if call.args["channel"] == room.channel]


async def test_where_a_channel_cannot_be_read_the_bot_says_what_it_can(room: Room) -> None:
    await room.ask(DELIVERY, mention=False)
    room.slack.fail("conversations.history", "missing_scope")
    assert "What would you like to know" in (await room.answer(await room.ask("", user=room.teammate))).shown


async def test_a_question_of_its_own_is_answered_whatever_stands_above(room: Room, den: Den) -> None:
    root = await room.ask(DELIVERY, mention=False)
    answer = await room.one_answer(await room.ask(GIFTS, user=room.teammate, thread=root), root)
    assert "expire" in answer.shown and ANSWERED not in answer.shown
    unknown = "Can I keep a crocodile in the bath?"
    answer = await room.one_answer(await room.ask(unknown, user=room.teammate, thread=root), root)
    assert ANSWERED not in answer.shown


async def test_the_newest_open_question_is_taken_and_follow_ups_go_on(room: Room) -> None:
    root = await room.ask(GIFTS, mention=False)
    await room.ask("They do not, as far as I know.", user=room.other, thread=root, mention=False)
    await room.ask(f"And {DELIVERY[0].lower()}{DELIVERY[1:]}", thread=root, mention=False)
    ts = await room.ask("can you answer this?", user=room.teammate, thread=root)
    assert ANSWERED in (await room.answer(ts, root)).shown
    follow = await room.ask(GIFTS, user=room.teammate, thread=root, mention=False)
    assert "expire" in (await room.answer(follow, root)).shown


@pytest.mark.parametrize("fault", ["fail", "rate"])
async def test_where_the_thread_cannot_be_read_the_bot_says_what_it_can(room: Room, fault: str) -> None:
    root = await room.ask(DELIVERY, mention=False)
    if fault == "fail":
        room.slack.fail("conversations.replies", "missing_scope")
    else:
        room.slack.fail("conversations.replies", "internal_error")
    ts = await room.ask("", user=room.teammate, thread=root)
    assert "What would you like to know" in (await room.answer(ts, root)).shown


async def test_the_acknowledgement_does_not_wait_for_the_thread(room: Room) -> None:
    root = await room.ask(DELIVERY, mention=False)
    held = room.slack.hold("conversations.replies")
    ts = await room.ask("", user=room.teammate, thread=root)
    await room.slack.wait_for(lambda: room.bot.states().get(ts), SECONDS, "a claim")
    await room.slack.wait_for(
        lambda: any(ack.event_id and not ack.late for ack in room.slack.acks[-2:]), SECONDS, "an acknowledgement"
    )
    assert not room.said(root)
    held.release()
    assert ANSWERED in (await room.answer(ts, root)).shown


async def test_whose_question_was_taken_is_forgotten_with_it(two: Two, room: Room) -> None:
    root = await room.ask(DELIVERY, mention=False)
    await room.answer(await room.ask("", user=room.teammate, thread=root), root)
    assert two.bot.sql("SELECT count(*) FROM turns WHERE user_id = ?", room.teammate) == [(1,)]
    assert (await two.bot.command("forget", room.asker, "--platform", "slack", "--yes")).code == 0
    assert two.bot.sql("SELECT count(*) FROM turns WHERE user_id = ?", room.teammate) == [(0,)]


# groups


async def test_a_group_that_is_addressed_is_somebody(two: Two, room: Room, den: Den) -> None:
    assert (await two.bot.command("channels", "help", room.channel)).code == 0
    await room.silence(await room.ask(f"<!subteam^S0123|@helpers> {DELIVERY}", mention=False))
    assert ANSWERED in (await room.one_answer(await room.ask(f"<!here> {SHORT}", mention=False))).shown
