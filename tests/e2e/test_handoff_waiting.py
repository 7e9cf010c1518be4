"""A customer in private who waits for a person: what they say is said to people, on both platforms and in two
languages, and whoever names the bot is answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den, create_team_channel
from tests.support.rooms import SECONDS, Direct
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
