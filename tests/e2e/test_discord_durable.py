"""Nothing is lost and nothing answered twice in Discord, whatever dies, drops or fails; both platforms at once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import labels, shown
from tests.support.guilds import SECONDS, Den
from tests.support.rooms import Room
from tests.support.slack import SlackStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DELIVERY, PAYMENT, GIFTS = (
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
)
QUESTIONS = (DELIVERY, PAYMENT, GIFTS, "How do I return something?", "如何退货？")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with (
        DiscordStandIn() as discord,
        Bot(None, shop, tmp_path_factory.mktemp("durable"), discord=discord) as bot,
    ):
        bot.discord = discord  # type: ignore[attr-defined]
        yield bot


@pytest.fixture
def den(bot: Bot) -> Den:
    return Den(bot, bot.discord)  # type: ignore[attr-defined]


# connections


@pytest.mark.parametrize("how", ["cut", "closed", "asked"])
async def test_a_connection_that_ends_is_resumed_and_loses_nothing(den: Den, how: str) -> None:
    gateway = den.discord.gateway
    resumed = gateway.resumed
    asked = [await den.ask(DELIVERY)]
    await (gateway.ask_to_reconnect() if how == "asked" else gateway.drop(1006 if how == "cut" else 4000))
    asked.append(await den.ask(PAYMENT))
    await den.discord.wait_for(lambda: gateway.resumed > resumed and gateway.connections, SECONDS)
    asked.append(await den.ask(GIFTS))
    for message_id in asked:
        await den.one_answer(message_id)


BAD_FRAMES = {
    "no JSON": "{not json",
    "nothing": "",
    "no object": '["op", 0]',
    "null": "null",
    "unknown op": '{"op": 77, "d": null, "s": null, "t": null}',
    "no op": "{}",
    "unknown event": '{"op": 0, "t": "PENGUIN_CREATE", "s": null, "d": {"id": "1"}}',
    **{
        f"{event} of {shape}": f'{{"op": 0, "t": "{event}", "s": null, "d": {shape}}}'
        for event in ("MESSAGE_CREATE", "MESSAGE_DELETE", "INTERACTION_CREATE", "GUILD_CREATE", "CHANNEL_UPDATE")
        for shape in ("{}", "null", "[]", '{"id": "x"}')
    },
}


async def test_a_frame_that_cannot_be_read_is_skipped_and_the_session_goes_on(den: Den) -> None:
    gateway = den.discord.gateway
    await den.one_answer(await den.ask(DELIVERY))
    begun, resumed, logged = gateway.identified, gateway.resumed, len(den.bot.log)
    for frame in BAD_FRAMES.values():
        await gateway.send_raw(frame)
    await den.one_answer(await den.ask(PAYMENT))
    told = den.bot.log[logged:]
    assert (gateway.identified, gateway.resumed) == (begun, resumed), told
    assert "Traceback" not in told
    skipped = [line for line in told.splitlines() if "discord frame skipped" in line]
    assert 10 < len(skipped) <= len(BAD_FRAMES)


async def test_a_session_whose_beginning_cannot_be_read_is_begun_anew(den: Den) -> None:
    gateway = den.discord.gateway
    begun = gateway.identified
    gateway.spoiled.append("READY")
    await gateway.invalidate()
    await den.discord.wait_for(lambda: gateway.identified == begun + 2 and gateway.connections, SECONDS)
    await den.one_answer(await den.ask(DELIVERY))
    assert "discord frame skipped" in den.bot.log and "adapter failed" not in den.bot.log


async def test_what_was_said_while_a_session_was_invalid_is_read_from_the_channels(den: Den) -> None:
    gateway = den.discord.gateway
    before = await den.ask(DELIVERY)
    thread = await den.ask(GIFTS)
    await den.one_answer(before)
    await den.one_answer(thread)
    direct = await den.asker.send_dm(DELIVERY)
    await den.one_answer(direct.id, direct.channel.id)
    await asyncio.sleep(5.5)  # the bot notes now and then until when it has heard everything
    identified = gateway.identified
    await gateway.invalidate()
    missed = await den.ask(PAYMENT)
    follow_up = await den.ask("And do they expire in Sweden?", thread=thread, mention=False)
    private = await den.asker.send_dm(PAYMENT)
    await den.discord.wait_for(lambda: gateway.identified > identified and gateway.connections, SECONDS)
    await den.one_answer(missed)
    await den.one_answer(follow_up, thread)
    await den.one_answer(private.id, private.channel.id)
    assert len(den.said(before)) == 1


async def test_a_token_that_is_refused_for_a_moment_gives_up_no_channel(den: Den) -> None:
    gateway = den.discord.gateway
    await den.one_answer(await den.ask(DELIVERY))
    await asyncio.sleep(5.5)  # the bot notes now and then until when it has heard everything
    await gateway.invalidate()
    read = await den.ask(GIFTS)
    await den.one_answer(read)
    await gateway.invalidate()
    missed = await den.ask(PAYMENT)
    den.discord.fail(f"GET /channels/{den.channel.id}/messages", 3, status=401)
    await den.one_answer(missed)
    assert "channel given up" not in den.bot.log


@pytest.mark.parametrize(
    "fault", [{}, {"status": 503}, {"drop": "before"}, {"drop": "after"}], ids=["well", "busy", "cut", "lost"]
)
async def test_what_was_deleted_while_a_session_was_invalid_takes_its_answer_along(
    den: Den, fault: dict[str, Any]
) -> None:
    """Also where Discord could not tell of it at first."""
    gateway = den.discord.gateway
    kept, gone = await den.ask(DELIVERY), await den.ask(PAYMENT)
    await den.one_answer(kept)
    follow_up = await den.ask("And do they cost anything?", thread=kept, mention=False)
    private = await den.asker.send_dm(GIFTS)
    for message_id, where in ((kept, kept), (gone, gone), (follow_up, kept), (private.id, private.channel.id)):
        await den.done(message_id)
        assert [message for message in den.said(where) if message.id > message_id]
    await asyncio.sleep(5.5)  # the bot notes now and then until when it has heard everything
    identified = gateway.identified
    await gateway.invalidate()
    for channel, message_id in ((den.channel.id, gone), (kept, follow_up), (private.channel.id, private.id)):
        den.discord.backend.delete_message(channel, message_id)
        if fault:
            den.discord.fail(f"GET /channels/{channel}/messages/{message_id}", times=2, **fault)
    await den.discord.wait_for(lambda: gateway.identified > identified and gateway.connections, SECONDS)
    for message_id, where in ((gone, gone), (follow_up, kept), (private.id, private.channel.id)):
        await den.discord.wait_for(lambda id=message_id: den.bot.states()[str(id)] == "withdrawn", SECONDS)  # type: ignore[misc]
        assert [message for message in den.said(where) if message.id > message_id] == []
    assert len(den.said(kept)) == 1 and den.bot.states()[str(kept)] == "answered"


async def test_where_the_history_may_not_be_read_no_answer_is_taken_back(den: Den) -> None:
    gateway = den.discord.gateway
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked)
    await asyncio.sleep(5.5)
    roles = list(den.discord.backend.guilds[den.discord.guild.id].roles.values())
    before = [role.permissions for role in roles]
    readable = discord.Permissions.read_message_history.flag | discord.Permissions.administrator.flag
    try:
        for role in roles:
            role.permissions = int(role.permissions) & ~readable
        identified = gateway.identified
        await gateway.invalidate()
        await den.discord.wait_for(lambda: gateway.identified > identified and gateway.connections, SECONDS)
        await asyncio.sleep(3)
    finally:
        for role, permissions in zip(roles, before, strict=True):
            role.permissions = permissions
    assert den.bot.states()[str(asked)] == "answered"
    assert len(den.said(asked)) == 1


# Discord's refusals


async def test_what_discord_refuses_for_the_moment_is_done_a_moment_later(den: Den) -> None:
    den.discord.rate_limit("POST /channels/*/messages", 1.0)
    den.discord.fail("POST /channels/*/threads", status=502)
    answer = await den.one_answer(await den.ask(DELIVERY))
    assert "working days" in shown(answer)


async def test_a_reply_that_is_lost_on_its_way_leads_to_no_second_answer(den: Den) -> None:
    den.discord.fail("POST /channels/*/messages", drop="after")
    assert labels(await den.one_answer(await den.ask(DELIVERY)))


async def test_a_bot_never_runs_into_discord_s_limits_by_itself(den: Den) -> None:
    thread = await den.ask(DELIVERY)
    await den.one_answer(thread)
    asked = [await den.ask(QUESTIONS[number % 5], thread=thread, user=den.asker) for number in range(7)]
    for message_id in asked:
        await den.done(message_id)
    await den.discord.settled()
    assert len(den.said(thread)) == 8 and den.discord.limited == 0


# the database


async def test_a_database_that_is_locked_delays_and_loses_nothing(den: Den) -> None:
    with closing(sqlite3.connect(den.bot.sqlite, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # a backup, a browser
        asked = await den.ask(DELIVERY)
        result = await den.asker.slash(den.channel, "ask", question=PAYMENT)
        await asyncio.sleep(3.0)
        assert den.said(asked) == [] and result.deferred  # acknowledged in time all the same
        other.execute("ROLLBACK")
    await den.one_answer(asked)
    assert shown(await den.response(result))


# death


async def test_killed_in_mid_answer_the_next_start_finishes_everything_in_place(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn() as discord, Bot(None, shop, tmp_path, discord=discord) as bot:
        before, unheard, edited, command, direct = (Den(bot, discord) for _ in range(5))
        known = await direct.asker.send_dm(GIFTS)
        await direct.one_answer(known.id, known.channel.id)
        changed = await edited.ask(GIFTS)
        stood = await edited.one_answer(changed)
        await asyncio.sleep(5.5)

        holds = [discord.hold("POST /channels/*/threads")]
        first = await before.ask(DELIVERY)
        await holds[0].begun()
        holds.append(discord.hold("POST /channels/*/messages"))
        second = await unheard.ask(DELIVERY)
        await holds[1].begun()
        holds.append(discord.hold("PATCH /channels/*"))
        await edited.asker.edit(edited.channel.history()[0], f"{edited.me} {DELIVERY}")
        await holds[2].begun()
        holds.append(discord.hold("PATCH /webhooks/*"))
        result = await command.asker.slash(command.channel, "ask", question=DELIVERY)
        await holds[3].begun()
        await bot.kill()

        for hold in holds[1:]:  # Discord does it, and nobody hears of it
            hold.release()
        await discord.wait_for(lambda: unheard.said(second), SECONDS)
        heard = unheard.said(second)[0].id
        missed = Den(bot, discord)
        third = await missed.ask(PAYMENT)  # while nobody listens
        private = await direct.asker.send_dm(PAYMENT)

        await bot.start()
        assert labels(await before.one_answer(first))
        assert (await unheard.one_answer(second)).id == heard
        assert (await edited.one_answer(changed, containing="working days")).id == stood.id
        assert "working days" in shown(await command.response(result))
        assert labels(await missed.one_answer(third))
        assert labels(await direct.one_answer(private.id, private.channel.id))
        assert all(state == "answered" for state in bot.states().values())
        assert command.said(command.channel.id) == [result.response._message]


async def test_told_to_end_it_finishes_what_is_in_flight(shop: Knowledge, tmp_path: Path) -> None:
    async with DiscordStandIn() as discord, Bot(None, shop, tmp_path, discord=discord) as bot:
        den = Den(bot, discord)
        hold = discord.hold("POST /channels/*/messages")
        asked = await den.ask(DELIVERY)
        await hold.begun()
        ended = asyncio.create_task(bot.terminate())
        while (await bot.get("/readyz"))[0] == 200:  # noqa: ASYNC110  (it is another process that says so)
            await asyncio.sleep(0.02)
        hold.release()
        assert await ended == 0
        assert labels(den.said(asked)[0]) and bot.states() == {str(asked): "answered"}


# both platforms


async def test_both_platforms_answer_at_once_from_one_database(
    shop: Knowledge, tmp_path: Path, postgres_url: str
) -> None:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn())
        discord = await stack.enter_async_context(DiscordStandIn())
        bot = await stack.enter_async_context(Bot(slack, shop, tmp_path, discord=discord))
        rooms, dens = [Room(bot) for _ in range(5)], [Den(bot, discord) for _ in range(5)]
        in_slack = [await room.ask(question) for room, question in zip(rooms, QUESTIONS, strict=True)]
        in_discord = [await den.ask(question) for den, question in zip(dens, QUESTIONS, strict=True)]
        for room, ts in zip(rooms, in_slack, strict=True):
            await room.one_answer(ts)
        for den, message_id in zip(dens, in_discord, strict=True):
            await den.one_answer(message_id)
        assert bot.sql("SELECT platform, count(*) FROM inbox GROUP BY 1 ORDER BY 1") == [("discord", 5), ("slack", 5)]
        status, metrics = await bot.get("/metrics")
        assert status == 200 and 'platform="discord"' in metrics and 'platform="slack"' in metrics

        # one that fails is started again, and the other does not notice
        identified = discord.gateway.identified
        await discord.gateway.drop(4004)
        again = await rooms[0].ask(PAYMENT)
        await rooms[0].one_answer(again)
        await discord.wait_for(lambda: discord.gateway.identified > identified and discord.gateway.connections, SECONDS)
        await dens[0].one_answer(await dens[0].ask(PAYMENT))


# load


async def test_a_burst_with_duplicates_and_a_kill_in_the_middle(shop: Knowledge, tmp_path: Path) -> None:
    """2,000 events from 100 people in their direct messages and in 20 channels, the process killed in the middle; a
    third of the events come twice: a new session reads again what the old one has told."""
    settings = {"FRONTDESK_LEASE_SECONDS": "3", "FRONTDESK_USER_BUDGET": "0", "FRONTDESK_LOG_LEVEL": "WARNING"}
    async with DiscordStandIn(limits=False) as discord, Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
        people = [discord.guild.add_member(discord.world.create_user(f"p{number}")) for number in range(100)]
        channels = [discord.guild.create_text_channel(f"c{number}") for number in range(20)]
        asked: dict[int, int] = {}  # message: where its answer goes
        me = f"<@{discord.backend.bot_user.id}>"

        async def burst(first: int, last: int) -> None:
            for number in range(first, last):
                person, question = people[number % 100], QUESTIONS[number % len(QUESTIONS)]
                if number % 4:
                    sent = await person.send(channels[number % 20], f"{me} {question}")
                    asked[sent.id] = sent.id
                else:
                    sent = await person.send_dm(question)
                    asked[sent.id] = sent.channel.id
                await asyncio.sleep(0.004)

        await burst(0, 100)
        for message_id in asked:
            await discord.wait_for(lambda message_id=message_id: str(message_id) in bot.states(), SECONDS)
        await asyncio.sleep(5.5)
        await burst(100, 667)
        await bot.kill()
        await burst(667, 700)  # nobody listens
        await bot.start()
        await discord.gateway.invalidate()  # the third that is told twice: what was heard is read again
        await burst(700, 1333)
        for _ in range(1200):
            if sum(state == "answered" for state in bot.states().values()) == len(asked):
                break
            await asyncio.sleep(0.1)
        await discord.settled(60)
        assert bot.states() == dict.fromkeys(map(str, asked), "answered")
        threads = [where for message_id, where in asked.items() if where == message_id]
        assert len(threads) == 999 and all(len(discord.bot_messages(where)) == 1 for where in threads)
        for where in {where for message_id, where in asked.items() if where != message_id}:
            questions = [each for each in discord.messages(where) if each.author_id != discord.backend.bot_user.id]
            answers = discord.bot_messages(where)
            assert len(answers) == len(questions)
            assert [shown(each) for each in answers if not labels(each)] == []
