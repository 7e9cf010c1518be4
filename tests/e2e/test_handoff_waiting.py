"""A customer in private who waits for a person: what they say is said to people, on both platforms and in two
languages, and whoever names the bot is answered; and a team that cannot be reached, which admins are told of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den, create_team_channel, show_to_everyone
from tests.support.rooms import SECONDS, Direct, Room
from tests.support.slack import SlackStandIn

pytestmark = pytest.mark.slow

TEAMMATE, SUPPORT = "U0TEAM", "C0SUPPORT"
COST = "How much does delivery cost?"
SPOKEN = [
    ("I want to talk to a human", ("Hello?", "my order PL-77 is broken, are you there?", COST), "told our team"),
    ("转人工", ("在吗？", "我的订单坏了，保修多久？"), "我已通知"),
]


@pytest.mark.parametrize(("wish", "said", "told"), SPOKEN)
async def test_in_slack_a_private_conversation_is_with_people_from_the_wish_on(
    shop: Knowledge, tmp_path: Path, wish: str, said: tuple[str, ...], told: str
) -> None:
    async with SlackStandIn() as slack:
        slack.add_user(TEAMMATE, "mei")
        slack.add_channel(SUPPORT, [TEAMMATE], "private")
        async with Bot(slack, shop, tmp_path, FRONTDESK_SLACK_SUPPORT_CHANNEL=SUPPORT) as bot:
            direct = Direct(bot)
            await direct.ask(wish)

            def notice() -> Any:
                return next((m for m in slack.bot_messages(direct.channel) if told in m.shown), None)

            assert "/ask" in (await slack.wait_for(notice, SECONDS, told)).shown
            before = len(slack.bot_messages(direct.channel))
            for text in said:
                await direct.ask(text)
                await slack.wait_for(
                    lambda text=text: any(text in m.shown for m in slack.bot_messages(SUPPORT)), SECONDS, text
                )
            await slack.settled(SECONDS, 0.3)
            assert len(slack.bot_messages(direct.channel)) == before, slack.bot_messages(direct.channel)[-1].shown
            named = await direct.ask(COST, mention=True)
            await direct.answer(named, containing="4.90")


@pytest.mark.parametrize(("wish", "said", "told"), SPOKEN)
async def test_in_discord_a_private_conversation_is_with_people_from_the_wish_on(
    shop: Knowledge, tmp_path: Path, wish: str, said: tuple[str, ...], told: str
) -> None:
    async with DiscordStandIn(limits=False) as discord:
        team = discord.guild.create_role("Team")
        support = create_team_channel(discord, "support", team)
        settings = {"FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id)}
        async with Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
            den = Den(bot, discord)
            where = (await den.asker.send_dm(wish)).channel.id
            assert "/ask" in shown(await den.says(where, told))
            before = len(den.said(where))
            for text in said:
                assert await den.done((await den.asker.send_dm(text)).id) == "relayed"
            await discord.settled(SECONDS, 0.4)
            assert len(den.said(where)) == before, [shown(message) for message in den.said(where)]
            packet = next(m for m in den.said(support.id))
            await asyncio.gather(*(den.says(packet.id, text) for text in said))
            named = await den.asker.send_dm(f"{den.me} {COST}")
            await den.done(named.id)
            await den.says(where, "4.90", after=named.id)


OFFICE = "C0OFFICE"


@pytest.mark.parametrize("kind", ["public", "gone"])
async def test_in_slack_a_team_that_cannot_be_reached_is_told_to_admins_and_said_once_to_the_customer(
    shop: Knowledge, tmp_path: Path, kind: str
) -> None:
    async with SlackStandIn() as slack:
        slack.add_user(TEAMMATE, "mei")
        if kind == "public":
            slack.add_channel(SUPPORT, [TEAMMATE], "public")
        slack.add_channel(OFFICE, [TEAMMATE], "private")
        settings = {"FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT, "FRONTDESK_SLACK_ADMIN_CHANNEL": OFFICE}
        async with Bot(slack, shop, tmp_path, **settings) as bot:
            for _ in range(2):
                room = Room(bot)
                ts = await room.ask("I want to talk to a human")
                await slack.wait_for(
                    lambda room=room, ts=ts: any("can't reach our team" in text for text in room.shown(ts)), SECONDS
                )
                await slack.settled(SECONDS, 0.3)
                (shown_once,) = room.shown(ts)
                assert "minutes" not in shown_once and "contact on our help pages" in shown_once
            (told,) = [m for m in slack.bot_messages(OFFICE) if "support channel" in m.shown]
            assert SUPPORT in told.shown and ("public" in told.shown or "channel_not_found" in told.shown)
            for _ in range(15):  # word is left every ten seconds
                if SUPPORT in (status := (await bot.command("status")).out):
                    break
                await asyncio.sleep(1)
            assert SUPPORT in status, status


async def test_in_slack_a_teammate_hears_why_nothing_is_passed_on_from_a_channel_that_became_public(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with SlackStandIn() as slack:
        slack.add_user(TEAMMATE, "mei")
        support = slack.add_channel(SUPPORT, [TEAMMATE], "private")
        async with Bot(slack, shop, tmp_path, FRONTDESK_SLACK_SUPPORT_CHANNEL=SUPPORT) as bot:
            room = Room(bot)
            ts = await room.ask("I want to talk to a human")
            await slack.wait_for(lambda: any("told our team" in text for text in room.shown(ts)), SECONDS)
            (packet,) = slack.bot_messages(SUPPORT)
            slack.workspace.channel(SUPPORT).kind = "public"
            await bot.kill()  # for a minute it believes what it was told
            await bot.start()
            await slack.say(SUPPORT, TEAMMATE, "Hello, this is Mei.", packet.ts)
            await slack.wait_for(
                lambda: any("has to be private" in m.shown for m in slack.bot_messages(SUPPORT, packet.ts)), SECONDS
            )
            assert not any("this is Mei" in text for text in room.shown(ts)), support


async def test_in_discord_a_teammate_hears_why_nothing_is_passed_on_and_the_customer_is_told_once(
    shop: Knowledge, tmp_path: Path
) -> None:
    async with DiscordStandIn(limits=False) as discord:
        team = discord.guild.create_role("Team")
        support, office = create_team_channel(discord, "support", team), create_team_channel(discord, "office")
        mei = discord.guild.add_member(discord.world.create_user("mei"), roles=[team])
        settings = {
            "FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id),
            "FRONTDESK_DISCORD_ADMIN_CHANNEL": str(office.id),
        }
        async with Bot(None, shop, tmp_path, discord=discord, **settings) as bot:
            den = Den(bot, discord)
            thread = await den.ask("I want to talk to a human")
            await den.says(thread, "told our team")
            (packet,) = den.said(support.id)
            show_to_everyone(discord, support, seen=True)
            await mei.send(discord.channel(packet.id), "Hello, this is Mei.")
            await den.says(packet.id, "has to be private")
            assert not any("this is Mei" in shown(message) for message in den.said(thread))
            asked = await den.ask("I want to talk to a human")
            await den.says(asked, "can't reach our team")
            await discord.settled(SECONDS, 0.4)
            assert len(den.said(asked)) == 1
            await den.says(office.id, "is seen by")
