"""A customer in Discord, the support team in Slack: handed over, answered, learned, approved, and then answered from;
on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den
from tests.support.postgres import fresh_database
from tests.support.rooms import SECONDS, Room
from tests.support.slack import Message, SlackStandIn

pytestmark = pytest.mark.slow

TEAMMATE, SUPPORT = "U0TEAM", "C0SUPPORT"
QUESTION = "Do you sell live penguins?"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


async def click(slack: SlackStandIn, message: Message, action: str) -> None:
    ids = [e["action_id"] for b in message.blocks for e in b.get("elements", ()) if f"do:{action}:" in str(e)]
    await slack.click(TEAMMATE, SUPPORT, message.ts, ids[0])


async def test_a_question_from_discord_is_answered_in_slack_and_learned(
    shop: Knowledge, database: str, tmp_path: Path
) -> None:
    async with SlackStandIn() as slack, DiscordStandIn() as discord:
        slack.add_user(TEAMMATE, "mei")
        slack.add_channel(SUPPORT, [TEAMMATE], "private")
        settings = {"FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
        async with Bot(slack, shop, tmp_path, discord=discord, database=database, **settings) as bot:
            den = Den(bot, discord)

            async def in_support(containing: str, thread: str = "") -> Message:
                def found() -> Message | None:
                    there = slack.bot_messages(SUPPORT, thread or None)
                    return next((m for m in there if containing in m.shown), None)

                return await slack.wait_for(found, SECONDS, f"{containing!r} in the support channel")  # type: ignore[no-any-return]

            async def in_thread(thread: int, containing: str) -> None:
                def found() -> bool:
                    return any(containing in shown(message) for message in den.said(thread))

                await discord.wait_for(found, SECONDS, f"{containing!r} for the customer")

            asked = await den.ask(QUESTION)
            await in_thread(asked, "found nothing")
            wish = await den.ask("I want to talk to a human", thread=asked)
            packet = await in_support("asked for a person")
            assert QUESTION in packet.shown and "Discord" in packet.shown
            await in_thread(asked, "told our team")
            await click(slack, packet, "claim")
            await in_thread(asked, "mei has joined")
            await den.ask("It is the blue one", thread=asked, mention=False)
            await in_support("It is the blue one", packet.ts)
            answer = "Only plush ones; the live ones stay at the pole."
            await slack.say(SUPPORT, TEAMMATE, answer, packet.ts)
            await in_thread(asked, answer)
            await slack.say(SUPPORT, TEAMMATE, "// a strange one", packet.ts)
            await click(slack, packet, "resolve")
            await in_thread(asked, "marked this as settled")
            assert not any("strange one" in shown(message) for message in den.said(asked))
            proposal = await in_support("Shall I answer so from now on?", packet.ts)
            assert answer in proposal.shown
            await click(slack, proposal, "edit")
            view = await slack.wait_for(lambda: (slack.workspace.modals.get(TEAMMATE) or [None])[-1], SECONDS, "a form")
            await slack.submit_view(TEAMMATE, view, {"question": QUESTION, "answer": answer, "expires": ""})
            await click(slack, proposal, "approve")
            await slack.wait_for(lambda: "in use" in proposal.shown, SECONDS, "an approval")
            await asyncio.sleep(5)

            other = Den(bot, discord)
            again = await other.ask(QUESTION)
            await in_thread(again, answer)
            (told,) = other.said(again)
            assert "mei" in shown(told), shown(told)
            room = Room(bot)
            assert answer in (await room.one_answer(await room.ask(QUESTION))).shown
            assert wish
