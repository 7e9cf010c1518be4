"""What a member sees in Discord: form, feedback, waiting; nothing rings or lures; and the bot without the intent."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord as dpy
import pytest
import pytest_asyncio
from simcord.backend.models import Message

from tests.e2e.conftest import crawled
from tests.support.bots import SLOW_FRONTDESK, Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import labels, shown
from tests.support.guilds import SECONDS, Den, create_team_channel, show_to_everyone
from tests.support.lore import CODE, SENTENCES
from tests.support.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DELIVERY, PAYMENT = "How long does delivery take?", "Which payment methods do you accept?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchard(lore: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Den]:
    async with (
        DiscordStandIn(limits=False) as discord,
        Bot(None, lore, tmp_path_factory.mktemp("orchard"), discord=discord, program=SLOW_FRONTDESK) as bot,
    ):
        yield Den(bot, discord)


def discord_of(message: Message, den: Den, where: int) -> Any:
    """A message as actors take it."""
    return next(each for each in den.discord.channel(where).history() if each.id == message.id)


# form


async def test_a_long_answer_comes_in_messages_that_discord_takes_and_loses_nothing(orchard: Den) -> None:
    asked = await orchard.ask("How do I program the cider press?")
    await orchard.done(asked)
    await orchard.discord.settled()
    said = orchard.said(asked)
    whole = "\n".join(shown(message) for message in said)
    assert len(said) > 1 and all(shown(message).count("```") % 2 == 0 for message in said)
    assert all(line in whole for line in CODE.split("\n"))
    assert [bool(labels(message)) for message in said] == [False] * (len(said) - 1) + [True]


async def test_a_long_command_answer_goes_on_in_further_messages(orchard: Den) -> None:
    result = await orchard.asker.slash(
        orchard.channel, "ask", question="How do I program the cider press?", private=True
    )
    first = await orchard.response(result)
    await orchard.discord.wait_for(lambda: any(labels(each._message) for each in result.followups), SECONDS)
    whole = [shown(first), *(shown(each._message) for each in result.followups)]
    assert all(line in "\n".join(whole) for line in CODE.split("\n"))
    assert all(each.ephemeral for each in result.followups) and len(whole) > 1


async def test_a_long_chinese_answer_comes_in_bodies_that_discord_takes(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each of its characters is six bytes in a body, of which a message may have 10,170."""
    steps = [f"第{number}步：打开设置页面，选择语言，然后保存所有更改并等待确认。" for number in range(1, 43)]
    code = "\n".join(steps)
    with Site() as site:
        site.html("/", f"<html lang=zh><h1>设置</h1><h2>如何更改语言设置？</h2><pre><code>{code}</code></pre></html>")
        known = crawled(tmp_path_factory.mktemp("zh") / "data", site.url("/"))
    async with DiscordStandIn(limits=False) as discord, Bot(None, known, tmp_path, discord=discord) as bot:
        den = Den(bot, discord)
        asked = await den.ask("如何更改语言设置？")
        assert await den.done(asked) == "answered"
        await discord.settled()
        whole = "\n".join(shown(message) for message in den.said(asked))
        assert len(den.said(asked)) > 1 and all(step in whole for step in steps)
        assert not [call for call in discord.calls if call.code == 50035]
        bodies = [len(json.dumps(call.body)) for call in discord.calls if isinstance(call.body, dict)]
        assert 5_000 < max(bodies) <= 10_170


async def test_a_long_text_is_split_between_sentences(orchard: Den) -> None:
    asked = await orchard.ask("What are all the watering rules of the orchard?")
    await orchard.done(asked)
    await orchard.discord.settled()
    said = orchard.said(asked)
    assert len(said) > 1 and all(any(sentence in shown(m) for m in said) for sentence in SENTENCES)


async def test_tables_and_code_survive(orchard: Den) -> None:
    boxes = await orchard.one_answer(await orchard.ask("How heavy are the apple boxes?"))
    assert "```\nSize   Weight\n─────  ──────\nbox 1  3 kg" in shown(boxes)
    chipper = await orchard.one_answer(await orchard.ask("How do I start the chipper?"))
    assert "chip --fast && echo <done>" in shown(chipper)


async def test_nothing_rings_and_nothing_lures(orchard: Den) -> None:
    asked = await orchard.ask("When are the lanterns lit?")
    answer = await orchard.one_answer(asked)
    text = shown(answer)
    assert "Lanterns are lit at dusk" in text
    assert "@everyone" not in text and "@here" not in text and "<!channel>" not in text.replace("\\<", "")
    pages = "".join(text for (text,) in orchard.bot.sql("SELECT text FROM turn_passages"))
    assert "[the prize](" not in text and all(link in pages for link in re.findall(r"https?://evil[^\s)|>]+", text))
    assert not answer.ping_user_ids and not answer.ping_role_ids
    bodies = [call.body for call in orchard.discord.calls if isinstance(call.body, dict) and call.method == "POST"]
    sent = [body for body in bodies if "components" in body or "content" in body]
    assert sent and all(body["allowed_mentions"]["parse"] == [] for body in sent)
    assert all(not body["allowed_mentions"].get("replied_user") for body in sent)


# feedback, and a person


@pytest.mark.slow
async def test_the_last_vote_counts_and_a_thumbs_down_asks_why_also_after_a_restart(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn() as discord, Bot(None, shop, tmp_path, discord=discord) as bot:
        den = Den(bot, discord)
        asked = await den.ask(DELIVERY)
        answer = discord_of(await den.one_answer(asked), den, asked)

        def votes() -> list[tuple[Any, ...]]:
            return bot.sql("SELECT vote, reason FROM feedback")

        up = await den.asker.click(answer, label="Helpful")
        assert "Thank you" in shown(await den.response(up)) and votes() == [("up", "")]
        await bot.kill()
        await bot.start()
        down = await den.asker.click(answer, label="Not helpful")
        await discord.wait_for(lambda: down.modal, SECONDS)
        await discord.wait_for(lambda: votes() == [("down", "")], SECONDS)
        await bot.kill()  # whoever showed the form is gone
        await bot.start()
        sent = await den.asker.submit_modal(down, {"why": "It is about returns."})
        assert "Thank you" in shown(await den.response(sent))
        assert votes() == [("down", "It is about returns.")]
        assert "Traceback" not in bot.log
        synced = [call for call in discord.calls if call.method == "PUT" and call.path.endswith("/commands")]
        assert len(synced) == 1  # not at the second and third start


async def test_ask_a_human_tells_the_team_and_the_customer_and_the_bot_is_quiet(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn() as discord:
        support = create_team_channel(discord, "support")
        settings = {"FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id)}
        async with Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
            den = Den(bot, discord)
            asked = await den.ask(DELIVERY)
            answer = discord_of(await den.one_answer(asked), den, asked)
            await den.asker.click(answer, label="Ask a human")
            await den.says(asked, "a person will reply here")
            await den.asker.click(answer, label="Ask a human")
            await discord.settled()
            (packet,) = discord.bot_messages(support.id)
            assert DELIVERY in shown(packet).replace("\\", "") and "asked for a person" in shown(packet)
            later = await den.ask("And to Sweden?", thread=asked, mention=False)
            assert await den.done(later) == "relayed"
            assert "And to Sweden" in shown(discord.bot_messages(packet.id)[-1])


# waiting, and streaming


async def test_who_waits_is_told_where_in_the_queue_and_the_line_becomes_the_answer(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with (
        DiscordStandIn(limits=False) as discord,
        Bot(None, shop, tmp_path, discord=discord, FRONTDESK_WORKERS="1") as bot,
    ):
        first, second, third = Den(bot, discord), Den(bot, discord), Den(bot, discord)
        hold = discord.hold("POST /channels/*/messages")
        await first.ask(DELIVERY)
        await hold.begun()
        waits = await second.ask(PAYMENT)
        result = await third.asker.slash(third.channel, "ask", question=PAYMENT)
        line = await discord.wait_for(lambda: second.said(waits), SECONDS)
        assert "before yours" in shown(line[0])  # the command may be heard first
        response = await third.response(result)
        assert "Waiting" in shown(response)
        hold.release()
        answer = await second.one_answer(waits, containing="Visa")
        assert answer.id == line[0].id
        await discord.wait_for(lambda: "Visa" in shown(result.response._message), SECONDS)


async def test_a_slow_answer_grows_by_edits_within_discord_s_limits(shop: Knowledge, tmp_path: Path) -> None:
    async with (
        DiscordStandIn() as discord,
        Bot(None, shop, tmp_path, discord=discord, program=SLOW_FRONTDESK, TEST_WRITER_PAUSE="0.4") as bot,
    ):
        den = Den(bot, discord)
        asked = await den.ask(DELIVERY)
        answer = await den.one_answer(asked, containing="Sources")
        calls = [call for call in discord.calls if call.path.startswith(f"/channels/{asked}/messages")]
        assert [call.method for call in calls[:2]] == ["POST", "PATCH"]
        assert discord.limited == 0 and labels(answer)


async def test_a_command_whose_token_has_expired_is_answered_by_a_message(shop: Knowledge, tmp_path: Path) -> None:
    async with DiscordStandIn() as discord, Bot(None, shop, tmp_path, discord=discord) as bot:
        den = Den(bot, discord)
        hold = discord.hold("PATCH /webhooks/*")
        await den.asker.slash(den.channel, "ask", question=DELIVERY)
        await hold.begun()
        discord.backend.advance_clock(901)
        hold.release()
        (answer,) = await discord.wait_for(
            lambda: [m for m in den.said(den.channel.id) if "working days" in shown(m)], SECONDS
        )
        assert labels(answer)

        hold = discord.hold("PATCH /webhooks/*")
        await den.asker.slash(den.channel, "ask", question=PAYMENT, private=True)
        await hold.begun()
        discord.backend.advance_clock(901)
        hold.release()
        direct = discord.backend.dm_channels
        await discord.wait_for(lambda: den.asker.id in direct and den.said(direct[den.asker.id]), SECONDS)
        assert "Visa" in shown(den.said(direct[den.asker.id])[0])  # to the asker alone
        assert not any("Visa" in shown(m) for m in den.said(den.channel.id))


# without the message content intent


async def test_a_support_channel_that_everybody_sees_gets_no_packet_until_it_is_hidden(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn() as discord:
        support = create_team_channel(discord, "support")
        show_to_everyone(discord, support, seen=True)
        settings = {"FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id)}
        async with Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
            den = Den(bot, discord)
            await discord.wait_for(lambda: "no room for the team" in bot.log, SECONDS)
            assert f"{support.id} is seen by @everyone" in (await bot.command("doctor")).out
            for seen, told in ((True, "can't reach our team"), (False, "a person will reply here")):
                show_to_everyone(discord, support, seen=seen)
                asked = await den.ask(DELIVERY)
                answer = discord_of(await den.one_answer(asked), den, asked)
                await den.asker.click(answer, label="Ask a human")
                await den.says(asked, told)
                await discord.settled()
                assert bool(discord.bot_messages(support.id)) is not seen


async def test_without_the_intent_mentions_and_commands_work_and_the_bot_says_so(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn(content=False) as discord:
        guild, world = discord.guild, discord.world
        team = guild.create_role("Team")
        hidden, seen = dpy.PermissionOverwrite(view_channel=False), dpy.PermissionOverwrite(view_channel=True)
        overwrites = {guild.default_role: hidden, team: seen, world.me(): seen}
        support = guild.create_text_channel("support", overwrites=overwrites)
        settings = {"FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id)}
        async with Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
            await without_the_intent(
                Den(bot, discord), support, guild.add_member(world.create_user("Ann"), roles=[team])
            )


async def without_the_intent(den: Den, support: Any, teammate: Any) -> None:
    discord, bot = den.discord, den.bot
    thread = await den.ask(DELIVERY)
    await den.one_answer(thread)
    unseen = await den.ask(PAYMENT, thread=thread, mention=False)
    await den.silence(unseen, thread)
    await den.one_answer(await den.ask(PAYMENT, thread=thread), thread, containing="Visa")
    sent = await den.asker.send_dm(DELIVERY)
    await den.one_answer(sent.id, sent.channel.id)
    result = await den.asker.slash(den.channel, "ask", question=PAYMENT)
    assert "Visa" in shown(await den.response(result))
    assert "help channels need the message content intent" in bot.log
    doctor = await bot.command("doctor")
    assert "help channels need the message content" in " ".join(doctor.out.split())
    await den.ask("I want to talk to a human")
    (packet,) = await discord.wait_for(lambda: discord.bot_messages(support.id), SECONDS)
    await discord.wait_for(lambda: packet.id in discord.backend.channels, SECONDS)
    await teammate.send(discord.channel(packet.id), "How can I help?")
    await den.says(packet.id, "Discord does not show me what is written here")
    told = await den.teammate.slash(den.channel, "faq handoffs")
    await den.whispered(told, "That is for")


async def test_the_invitation_asks_for_what_is_needed_and_no_more(shop: Knowledge, tmp_path: Path) -> None:
    async with DiscordStandIn() as discord, Bot(None, shop, tmp_path, discord=discord) as bot:
        printed = (await bot.command("discord", "invite")).out.strip()
        assert printed.startswith(f"https://discord.com/oauth2/authorize?client_id={discord.backend.application_id}")
        granted = int(printed.split("permissions=")[1].split("&")[0])
        assert granted == (1 << 10) | (1 << 11) | (1 << 15) | (1 << 16) | (1 << 35) | (1 << 38)
        channel = discord.guild.create_text_channel("help")
        marked = await bot.command("channels", "help", str(channel.id))
        assert marked.code == 0, marked.err
        assert (str(discord.guild.id), str(channel.id)) in bot.sql("SELECT workspace, channel FROM help_channels")
        refused = await bot.command("discord", "invite", DISCORD_TOKEN="MTE.wrong.token")
        assert refused.code == 1 and "DISCORD_TOKEN" in refused.err and "Traceback" not in refused.err
