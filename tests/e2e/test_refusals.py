"""What Slack and Discord refuse, by its kind: nothing that was claimed ends in silence, and nothing is said twice."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import closing
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den
from tests.support.rooms import SECONDS, Direct, Room
from tests.support.slack import SlackStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

T = TypeVar("T")
DELIVERY, GIFTS = "How long does delivery take?", "Do gift cards expire?"
ADMINS = "CADMINS"
BOT_CODES = (
    "account_inactive",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "message_limit_exceeded",
    "missing_scope",
    "org_login_required",
    "team_access_not_granted",
    "team_added_to_org",
    "token_expired",
    "token_revoked",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with SlackStandIn() as slack:
        slack.add_channel(ADMINS, [], "private")
        folder = tmp_path_factory.mktemp("refused")
        async with Bot(slack, shop, folder, FRONTDESK_SLACK_ADMIN_CHANNEL=ADMINS) as bot:
            yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    bot.slack.faults.clear()
    return Room(bot)


def has_blocks(args: Mapping[str, Any]) -> bool:
    blocks = args.get("blocks") or []
    return bool(json.loads(blocks) if isinstance(blocks, str) else blocks)


def has_markdown_block(args: Mapping[str, Any]) -> bool:
    return has_blocks(args) and '"markdown"' in json.dumps(args["blocks"]).replace("\\", "")


async def said_in(room: Room, channel: str, text: str) -> str:
    """The bot's complete message in a channel that contains a text."""

    def found() -> str:
        said = [message for message in room.slack.messages(channel) if message.bot_id and text in message.shown]
        return said[-1].shown if said and not said[-1].streaming else ""

    return str(await room.slack.wait_for(found, SECONDS, f"{text!r} in {channel}"))


async def until(look: Callable[[], Awaitable[T]], fits: Callable[[T], bool], seconds: float = SECONDS) -> T:
    """What is seen, once it fits."""
    async with asyncio.timeout(seconds):
        while True:
            if fits(found := await look()):
                return found
            await asyncio.sleep(0.05)


# -- this form ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "a_code_of_tomorrow"])
async def test_what_slack_takes_in_no_blocks_it_gets_as_text(room: Room, code: str) -> None:
    room.slack.refuse(code, lambda args: args.get("channel") == room.channel and has_blocks(args))
    ts = await room.ask(DELIVERY)
    answer = await room.one_answer(ts, containing="working days")
    assert "delivery.html" in answer.shown
    assert not answer.streaming
    assert room.bot.states()[ts] == "answered"


async def test_what_slack_does_not_draw_comes_with_its_sources_and_buttons_all_the_same(room: Room) -> None:
    def refused(args: Mapping[str, Any]) -> bool:
        blocks = json.dumps(args.get("blocks") or "").replace("\\", "")
        return args.get("channel") == room.channel and ('"markdown"' in blocks or '"context_actions"' in blocks)

    room.slack.refuse("invalid_blocks", refused)
    answer = await room.one_answer(await room.ask(DELIVERY), containing="working days")
    assert not answer.streaming
    assert any(block["type"] == "section" and "delivery.html" in json.dumps(block) for block in answer.blocks)


@pytest.mark.parametrize("member", [True, False])
async def test_a_command_whose_blocks_slack_refuses_is_answered_in_bare_text(room: Room, member: bool) -> None:
    """Also where the bot is not in the channel: the response URL alone reaches the caller then."""
    for method in ("response_url", "chat.postEphemeral"):
        room.slack.refuse("invalid_blocks", has_blocks, method)
    if not member:
        room.slack.refuse("not_in_channel", lambda args: True, "chat.postEphemeral")
    await room.slack.command("/ask", room.asker, room.channel, DELIVERY)
    (answer,) = await room.slack.wait_for(lambda: room.slack.bot_messages(room.channel), SECONDS)
    assert "working days" in answer.shown and "delivery.html" in answer.shown
    assert answer.ephemeral_to == room.asker and not answer.blocks
    await room.slack.settled(SECONDS)
    assert room.slack.bot_messages(room.channel) == [answer]


async def test_metadata_that_slack_refuses_costs_no_answer(room: Room) -> None:
    room.slack.refuse(
        "metadata_must_be_sent_from_app",
        lambda args: args.get("channel") == room.channel and bool(args.get("metadata")),
    )
    ts = await room.ask(DELIVERY)
    direct = room.slack.dm(room.asker)
    await said_in(room, direct, "working days")
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)


# -- this place ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["is_archived", "restricted_action", "not_in_channel", "restricted_action_read_only_channel"]
)
async def test_what_may_not_be_said_in_a_channel_is_said_to_its_author(room: Room, code: str) -> None:
    room.slack.refuse(code, lambda args: args.get("channel") == room.channel)
    ts = await room.ask(DELIVERY)
    told = await said_in(room, room.slack.dm(room.asker), "working days")
    assert DELIVERY in told and "delivery.html" in told
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)
    assert room.said(ts) == []


async def test_what_was_said_to_its_author_with_the_reply_lost_is_not_said_in_the_channel_again(room: Room) -> None:
    """Though the channel takes messages again by then."""
    closed = room.slack.refuse("is_archived", lambda args: args.get("channel") == room.channel)
    room.slack.fail("chat.postMessage", drop="after")
    ts, direct = await room.ask(DELIVERY), room.slack.dm(room.asker)
    await said_in(room, direct, "working days")
    room.slack.faults.lift(closed)
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)
    await room.slack.settled(SECONDS)
    assert len(room.slack.bot_messages(direct)) == 1 and room.said(ts) == []


async def test_what_may_not_be_said_in_a_thread_is_said_in_its_channel(room: Room) -> None:
    room.slack.refuse(
        "restricted_action_thread_locked",
        lambda args: args.get("channel") == room.channel and bool(args.get("thread_ts")),
    )
    ts = await room.ask(DELIVERY)
    told = await said_in(room, room.channel, "working days")
    assert DELIVERY in told
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)


async def test_what_can_be_said_to_nobody_is_told_to_admins_once(room: Room) -> None:
    room.slack.refuse("is_archived", lambda args: args.get("channel") == room.channel)
    room.slack.refuse("user_disabled", lambda args: True, "conversations.open")
    asked = [await room.ask(question) for question in (DELIVERY, GIFTS)]
    await room.slack.wait_for(lambda: {room.bot.states().get(ts) for ts in asked} == {"failed"}, SECONDS)
    await said_in(room, ADMINS, room.channel)
    await room.slack.settled(SECONDS)
    told = [message.shown for message in room.slack.messages(ADMINS) if room.channel in message.shown]
    assert len(told) == 1 and "is_archived" in told[0] and DELIVERY not in told[0]


async def test_what_no_private_conversation_can_be_opened_for_at_the_moment_is_not_whispered(room: Room) -> None:
    """A whisper can be taken back by nobody: it is for where nothing else is possible."""
    for method in ("chat.startStream", "chat.postMessage"):
        room.slack.refuse("is_archived", lambda args: args.get("channel") == room.channel, method)
    room.slack.fail("conversations.open", "internal_error", times=2)
    ts = await room.ask(DELIVERY)
    await said_in(room, room.slack.dm(room.asker), "working days")
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)
    assert [message.shown for message in room.slack.messages(room.channel) if message.ephemeral_to] == []


async def test_what_its_author_alone_was_shown_is_not_shown_again(room: Room) -> None:
    """Nobody can find again what a user alone sees: it is noted, should what follows fail."""
    room.slack.refuse("is_archived", lambda args: args.get("channel") == room.channel, "chat.startStream")
    room.slack.refuse("is_archived", lambda args: args.get("channel") == room.channel, "chat.postMessage")
    room.slack.refuse("user_disabled", lambda args: True, "conversations.open")
    with closing(sqlite3.connect(room.bot.sqlite, timeout=30)) as other:
        refuses = "CREATE TRIGGER full BEFORE UPDATE OF state ON inbox BEGIN SELECT RAISE(ABORT, 'full'); END"
        other.execute(refuses)
        other.commit()
        try:
            ts = await room.ask(DELIVERY)

            def whispered() -> list[str]:
                said = [message.shown for message in room.slack.messages(room.channel) if message.ephemeral_to]
                return [text for text in said if "working days" in text]

            await room.slack.wait_for(whispered, SECONDS)
            await asyncio.sleep(3)  # it is taken up again meanwhile
        finally:
            other.execute("DROP TRIGGER full")
            other.commit()
    await room.slack.wait_for(lambda: room.bot.states()[ts] == "answered", SECONDS)
    assert len(whispered()) == 1


# -- this bot -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", BOT_CODES)
async def test_what_is_asked_while_slack_refuses_the_bot_is_answered_when_it_does_not(bot: Bot, code: str) -> None:
    bot.slack.faults.clear()
    direct = Direct(bot)
    bot.slack.refuse(code, lambda _: True)
    ts = await direct.ask(DELIVERY)

    await until(lambda: bot.get("/readyz"), lambda told: told[0] == 503 and code in told[1])
    bot.slack.faults.clear()
    await direct.one_answer(ts)
    await until(lambda: bot.get("/readyz"), lambda told: told[0] == 200)


@pytest.mark.slow
async def test_others_are_told_of_what_a_process_that_runs_has_met(bot: Bot) -> None:
    bot.slack.faults.clear()
    direct = Direct(bot)
    bot.slack.refuse("token_revoked", lambda _: True, "chat.startStream")
    bot.slack.refuse("token_revoked", lambda _: True, "chat.postMessage")
    ts = await direct.ask(DELIVERY)  # what others call is not refused: a token of their own, say

    async def told() -> str:
        return (await bot.command("status")).out

    await until(told, lambda out: "token_revoked" in out, 60)
    [refused] = json.loads((await bot.command("status", "--json")).out)["refused"]
    assert refused["platform"] == "slack" and "token_revoked" in refused["cause"]
    assert "a process that runs is refused" in (await bot.command("doctor")).out
    bot.slack.faults.clear()
    await direct.one_answer(ts)
    await until(told, lambda out: "token_revoked" not in out, 60)
    assert "a process that runs is refused" not in (await bot.command("doctor")).out


async def test_while_nothing_can_be_claimed_the_bot_is_not_ready(bot: Bot, room: Room) -> None:
    with closing(sqlite3.connect(bot.sqlite, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await until(lambda: bot.get("/readyz"), lambda told: told[0] == 503 and "database" in told[1])
        other.execute("ROLLBACK")
    await until(lambda: bot.get("/readyz"), lambda told: told[0] == 200)


@pytest.mark.parametrize("mode", ["socket", "http"])
@pytest.mark.parametrize("fault", ["internal_error", "503", "cut", "slow", "429", "invalid_auth"])
@pytest.mark.slow
async def test_no_fault_of_slack_s_acknowledges_a_process_s_first_event(
    shop: Knowledge, tmp_path_factory: pytest.TempPathFactory, mode: str, fault: str
) -> None:
    """Bolt would ask auth.test by itself, and acknowledge what it cannot authorize."""
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path_factory.mktemp("first"), mode=mode) as bot:
        direct = Direct(bot)
        if fault == "slow":
            slack.slow("auth.test", 4.0, times=9)
        elif fault == "429":
            slack.rate_limit("auth.test", 9, 1)
        elif fault in {"503", "cut"}:
            slack.fail(
                "auth.test", times=9, status=503 if fault == "503" else 200, drop="before" if fault == "cut" else ""
            )
        else:
            slack.fail("auth.test", fault, times=9)
        await direct.one_answer(await direct.ask(DELIVERY))


# -- Discord ------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def discord_bot(
    shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Bot, DiscordStandIn]]:
    folder = tmp_path_factory.mktemp("refused-there")
    async with DiscordStandIn() as discord, Bot(None, shop, folder, discord=discord) as bot:
        yield bot, discord


@pytest.fixture
def den(discord_bot: tuple[Bot, DiscordStandIn]) -> Den:
    bot, discord = discord_bot
    discord.mend()
    return Den(bot, discord)


def has_components(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("components"))


async def test_what_discord_takes_in_no_layout_it_gets_as_text(den: Den) -> None:
    den.discord.fail("*/messages*", 999, status=400, code=50035, where=has_components)
    asked = await den.ask(DELIVERY)
    answer = await den.one_answer(asked, containing="working days")
    assert "delivery.html" in shown(answer) and not answer.components


@pytest.mark.parametrize("forms", [1, 2, 999])
async def test_what_was_said_in_a_plainer_form_with_the_reply_lost_is_one_message(den: Den, forms: int) -> None:
    """Whichever form Discord takes by the next try: it gives back what stands, and that becomes the answer."""
    den.discord.fail("POST /channels/*/messages", forms, status=400, code=50035, where=has_components)
    den.discord.fail("POST /channels/*/messages", drop="after", where=lambda body: not has_components(body))
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked, containing="working days")


async def test_buttons_that_discord_refuses_cost_the_buttons_alone(den: Den) -> None:
    den.discord.fail("*/messages*", 999, status=400, code=50035, where=lambda body: "custom_id" in json.dumps(body))
    asked = await den.ask(DELIVERY)
    answer = await den.one_answer(asked, containing="working days")
    assert "delivery.html" in shown(answer) and answer.components


@pytest.mark.parametrize(("status", "code"), [(400, 40058), (403, 40333), (400, 130000), (429, 0), (401, 0), (500, 0)])
async def test_what_passes_by_itself_is_tried_again(den: Den, status: int, code: int) -> None:
    den.discord.fail("POST /channels/*/messages", 2, status=status, code=code)
    await den.one_answer(await den.ask(DELIVERY))


async def test_where_the_bot_may_not_read_it_answers_without_replying(den: Den) -> None:
    den.discord.fail(f"POST /channels/{den.channel.id}/messages/*/threads", 9, status=403, code=50013)
    den.discord.fail(
        f"POST /channels/{den.channel.id}/messages",
        999,
        status=403,
        code=160002,
        where=lambda body: isinstance(body, dict) and bool(body.get("message_reference")),
    )
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked, den.channel.id, containing="working days")


@pytest.mark.parametrize("code", [50013, 160005, 50083])
async def test_what_may_not_be_said_in_a_thread_is_said_in_its_discord_channel(den: Den, code: int) -> None:
    """Also where the thread was locked after it was made; no empty one is left."""
    den.discord.fail(
        "POST /channels/*/messages",
        999,
        status=403,
        code=code,
        where=lambda body: isinstance(body, dict) and not body.get("message_reference"),
    )
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked, den.channel.id, containing="working days")
    assert not den.said(asked)


def in_thread(discord: DiscordStandIn) -> Callable[[int], bool]:
    return lambda channel: channel in discord.backend.channels and discord.backend.channels[channel].is_thread


class Once:
    """Which call is the first that fits, and which come after that."""

    def __init__(self, fits: Callable[[Any], bool]) -> None:
        self._fits, self._found = fits, False

    def __call__(self, body: Any) -> bool:
        self._found = self._found or self._fits(body)
        return self._found

    def over(self, _body: Any) -> bool:
        return self._found


async def lose_a_bare_answer(den: Den, follow_up: bool, *, edited: bool = False) -> tuple[int, int]:
    """A question, and its thread, whose answer Discord takes as bare text only; of that the reply is lost, and nothing
    more is taken in the thread. A second question is answered there before, so that its messages are told apart."""
    thread = await den.ask(GIFTS)
    await den.one_answer(thread, containing="first year")
    asked = thread
    if follow_up:
        asked = await den.ask("And who pays for the return postage?", thread=thread, mention=False)
        await den.done(asked)
    inside = in_thread(den.discord)
    den.discord.fail("*/messages*", 9_999, status=400, code=50035, where=has_components)
    nonce = "a" if edited else ""  # after an edit the first one gives back the answer that was removed
    lost = Once(lambda body: str(body["nonce"]).endswith(nonce))
    den.discord.fail("POST /channels/*/messages", drop="after", among=inside, where=lost)
    den.discord.fail("POST /channels/*/messages", 9_999, status=403, code=160005, among=inside, where=lost.over)
    if edited:
        place = thread if follow_up else den.channel.id
        named = "" if follow_up else f"{den.me} "
        den.discord.backend.edit_message(place, asked, {"content": f"{named}{DELIVERY}"})
        return asked, thread
    asked = await den.ask(DELIVERY, thread=thread if follow_up else None, mention=not follow_up)
    return asked, thread if follow_up else asked


@pytest.mark.parametrize("edited", [False, True], ids=["asked", "edited"])
@pytest.mark.parametrize("follow_up", [False, True], ids=["question", "follow-up"])
async def test_what_was_said_as_bare_text_with_the_reply_lost_does_not_stand_beside_what_is_said_elsewhere(
    den: Den, follow_up: bool, edited: bool
) -> None:
    asked, thread = await lose_a_bare_answer(den, follow_up, edited=edited)
    others = [message for message in den.said(thread) if message.id < asked or (follow_up and not edited)]

    def answers() -> list[str]:
        said = [*den.said(thread), *den.said(den.channel.id)]
        return [text for text in map(shown, said) if "working days" in text]

    await den.discord.wait_for(lambda: den.said(den.channel.id), SECONDS)
    await den.done(asked)
    await den.discord.settled(SECONDS, 1.0)
    assert len(answers()) == 1
    standing = [message.id for message in den.said(thread)]
    assert [message.id for message in others if message.id not in standing] == []


@pytest.mark.parametrize("follow_up", [False, True], ids=["question", "follow-up"])
async def test_what_was_said_as_bare_text_with_the_reply_lost_goes_with_its_question(den: Den, follow_up: bool) -> None:
    thread = await den.ask(GIFTS)
    await den.one_answer(thread, containing="first year")
    kept = len(den.said(thread))
    inside = in_thread(den.discord)
    den.discord.fail("*/messages*", 9_999, status=400, code=50035, where=has_components)
    den.discord.fail("POST /channels/*/messages", drop="after", among=inside)
    den.discord.fail("POST /channels/*/messages", 9_999, status=503, among=inside)
    asked = await den.ask(DELIVERY, thread=thread if follow_up else None, mention=not follow_up)
    place = thread if follow_up else asked
    await den.discord.wait_for(lambda: any("working days" in shown(each) for each in den.said(place)), SECONDS)
    den.discord.backend.delete_message(thread if follow_up else den.channel.id, asked)
    await den.discord.wait_for(lambda: den.bot.states().get(str(asked)) == "withdrawn", SECONDS)
    assert [shown(message) for message in den.said(place) if "working days" in shown(message)] == []
    assert len(den.said(thread)) == kept


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 10003), (400, 200000)])
async def test_what_may_not_be_said_in_a_discord_channel_is_said_to_its_author(
    den: Den, status: int, code: int
) -> None:
    den.discord.fail(
        "POST /channels/*/messages", 999, status=status, code=code, where=lambda body: "> " not in json.dumps(body)
    )
    den.discord.fail(f"POST /channels/{den.channel.id}/messages", 999, status=status, code=code)
    asked = await den.ask(DELIVERY)
    assert await den.done(asked) == "answered"
    told = [
        channel
        for channel in den.discord.backend.messages
        if any("working days" in shown(message) for message in den.said(channel))
        and den.discord.backend.channels[channel].guild_id is None
    ]
    assert told and not den.said(den.channel.id) and not den.said(asked)


@pytest.mark.parametrize(("status", "code", "retry_after"), [(429, 0, 3600.0), (400, 30034, 0.0), (403, 50001, 0.0)])
@pytest.mark.slow
async def test_messages_are_answered_though_the_commands_cannot_be_registered(
    shop: Knowledge, tmp_path_factory: pytest.TempPathFactory, status: int, code: int, retry_after: float
) -> None:
    async with DiscordStandIn() as discord:
        if retry_after:
            discord.rate_limit("PUT /applications/*/commands", retry_after, times=99)
        else:
            discord.fail("PUT /applications/*/commands", 99, status=status, code=code)
        async with Bot(None, shop, tmp_path_factory.mktemp("commandless"), discord=discord) as bot:
            den = Den(bot, discord)
            await den.one_answer(await den.ask(DELIVERY))


@pytest.mark.slow
async def test_a_process_that_restarts_again_and_again_leaves_the_day_some_sessions(
    shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with DiscordStandIn() as discord:
        discord.gateway.session_starts = 12
        bot = Bot(None, shop, tmp_path_factory.mktemp("restless"), discord=discord)
        for _ in range(3):
            await bot.launch()
            async with asyncio.timeout(60):
                while "session starts are few" not in bot.log:  # noqa: ASYNC110 (another process writes it)
                    await asyncio.sleep(0.1)
            await asyncio.sleep(2)  # it starts no session meanwhile
            await bot.kill()
        assert discord.gateway.session_starts == 12
        assert "session starts are few" in bot.log


async def heard_until(bot: Bot) -> object:
    """The cursor of what was heard."""
    return bot.sql("SELECT value FROM markers WHERE name = 'discord:heard'")


@pytest.mark.slow
async def test_a_channel_that_discord_cannot_list_keeps_no_other_waiting(
    shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("unlisted")
    async with DiscordStandIn() as discord, Bot(None, shop, folder, discord=discord) as bot:
        bad, good = [Den(bot, discord) for _ in range(9)], Den(bot, discord)
        heard = await until(lambda: heard_until(bot), bool)
        await bot.kill()
        discord.gateway.forget()
        for den in bad:
            discord.fail(f"GET /channels/{den.channel.id}/messages", 999, status=500)
            await den.ask(GIFTS)
        missed = await good.ask(DELIVERY)
        await bot.start()
        await good.one_answer(missed)
        await until(lambda: heard_until(bot), lambda now: now != heard, 120)
        given_up = re.findall(r"channel given up.* channel=(\d+)", bot.log)
        assert {int(channel) for channel in given_up} == {den.channel.id for den in bad}
