"""Messages in Discord's channels, over its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import discord as dpy
import pytest
from pydantic import SecretStr

from bot.chat.message import Disposition, Job
from bot.platforms.discord import layouts
from bot.platforms.discord.connection import choose_intents, use_endpoints
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.discord.targets import InChannel
from tests.fakes import said
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn() as discord:
        yield discord


@pytest.mark.parametrize(("amend", "stands"), [(True, "second"), (False, "first")])
async def test_what_was_said_by_another_process_is_made_to_say_this_or_is_left(
    discord: DiscordStandIn, amend: bool, stands: str
) -> None:
    use_endpoints(
        DiscordSettings(token=SecretStr(discord.token), api_url=discord.api_url, gateway_url=discord.gateway.url)
    )
    channel = discord.guild.create_text_channel("one")
    item = Job(uuid4().hex, said(), Disposition.ANSWER, "", datetime.now(UTC))
    async with dpy.Client(intents=choose_intents(content=False)) as client:
        await client.login(discord.token)
        surface = InChannel(client, channel.id, item, amend=amend)
        kept = [await surface.post(layouts.draw_message(each, item.id), 0) for each in ("first", "second")]
    assert kept[0] == kept[1]
    assert [shown(message) for message in discord.bot_messages(channel.id)] == [stands]


async def test_a_bare_text_is_found_by_what_it_replies_to_and_nothing_else_of_the_bot_s_is(
    discord: DiscordStandIn,
) -> None:
    """Not what answers another message there, not what people say through the bot, and not what was written before."""
    use_endpoints(
        DiscordSettings(token=SecretStr(discord.token), api_url=discord.api_url, gateway_url=discord.gateway.url)
    )
    channel = discord.guild.create_text_channel("one")
    member = discord.guild.add_member(discord.world.create_user("ann"))
    asked = [(await member.send(channel, "Where is it?")).id for _ in range(2)]
    one, other = (Job(uuid4().hex, said(id=str(each)), Disposition.ANSWER, "", datetime.now(UTC)) for each in asked)
    async with dpy.Client(intents=choose_intents(content=False)) as client:
        await client.login(discord.token)
        surface = InChannel(client, channel.id, one, asked[0])
        posted = [await surface.post(f"Piece {number}", number) for number in range(2)]
        await InChannel(client, channel.id, other, asked[1]).post("It is there.", 0)
        await InChannel(client, channel.id, other).post("It is here.", 1)
        discord.backend.create_message(channel.id, discord.backend.bot_user.id, "Ann of the team: it is there.")
        discord.show(channel.id, "frontdesk:button")
        assert await surface.found() == posted
        assert await InChannel(client, channel.id, one).found() == []
