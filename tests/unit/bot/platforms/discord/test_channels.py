"""Where notices and handoffs stand in Discord: over its API, against the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product

import discord as dpy
import pytest
from pydantic import SecretStr

from bot.chat.card import Card
from bot.chat.message import ThreadRef
from bot.errors import DeliveryError, Refusal
from bot.platforms.discord import actors
from bot.platforms.discord.actors import Team
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.connection import choose_intents, use_endpoints
from bot.platforms.discord.platform import PLATFORM
from bot.platforms.discord.settings import DiscordSettings
from tests.support.discord import DiscordStandIn
from tests.support.guilds import create_team_channel, show_to_everyone

SEEN, HIDDEN = dpy.PermissionOverwrite(view_channel=True), dpy.PermissionOverwrite(view_channel=False)


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn() as discord:
        yield discord


def settings_of(discord: DiscordStandIn, *channels: int) -> DiscordSettings:
    support, admin = [*map(str, channels), "", ""][:2]
    return DiscordSettings(
        token=SecretStr(discord.token),
        api_url=discord.api_url,
        gateway_url=discord.gateway.url,
        support_channel=support,
        admin_channel=admin,
    )


@asynccontextmanager
async def channels_of(discord: DiscordStandIn, *channels: int) -> AsyncIterator[DiscordChannels]:
    """The poster of a bot that the gateway has told of nothing yet: it has to ask the API."""
    settings = settings_of(discord, *channels)
    use_endpoints(settings)
    async with dpy.Client(intents=choose_intents(content=False)) as client:
        await client.login(discord.token)
        yield DiscordChannels(client, Team(client, settings.team_channels))


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DeliveryError, match="is seen by @everyone") as caught:
        yield
    assert caught.value.kind is Refusal.PLACE


@pytest.mark.parametrize(
    ("everywhere", "here", "role"), list(product((True, False), (SEEN, HIDDEN, None), (SEEN, HIDDEN, None)))
)
async def test_nothing_is_posted_in_a_channel_of_the_teams_that_everybody_sees(
    discord: DiscordStandIn,
    everywhere: bool,
    here: dpy.PermissionOverwrite | None,
    role: dpy.PermissionOverwrite | None,
) -> None:
    """Whatever makes it so: what @everyone may in the server, or in the channel. A role's overwrite changes nothing."""
    guild, team = discord.guild, discord.guild.create_role("Team")
    if not everywhere:
        discord.backend.edit_role(guild.id, guild.default_role.id, {"permissions": 0})
    told = {guild.default_role: here, team: role, discord.world.me(): SEEN}
    overwrites = {whom: overwrite for whom, overwrite in told.items() if overwrite}
    channel = guild.create_text_channel("team", overwrites=overwrites)
    public = here is SEEN or (here is None and everywhere)
    async with channels_of(discord, channel.id) as channels:
        place = ThreadRef("discord", str(guild.id), str(channel.id), "")
        if public:
            with refused():
                await channels.post_card(place, Card(text="what a customer asked"))
        else:
            await channels.post_card(place, Card(text="what a customer asked"))
    assert bool(discord.bot_messages(channel.id)) is not public
    findings = await PLATFORM.check(settings_of(discord, channel.id))
    assert [finding.ok for finding in findings] == [True, False] if public else [True]
    assert not public or "is seen by @everyone" in findings[1].text


async def test_a_server_whose_everyone_manages_it_hides_nothing_from_them(discord: DiscordStandIn) -> None:
    guild = discord.guild
    discord.backend.edit_role(
        guild.id, guild.default_role.id, {"permissions": dpy.Permissions(administrator=True).value}
    )
    channel = guild.create_text_channel("team", overwrites={guild.default_role: HIDDEN})
    async with channels_of(discord, channel.id) as channels:
        place = ThreadRef("discord", str(guild.id), str(channel.id), "")
        with refused():
            await channels.post_card(place, Card(text="x"))


async def test_only_the_teams_channels_have_to_be_hidden(discord: DiscordStandIn) -> None:
    team = discord.guild.create_text_channel("team", overwrites={discord.guild.default_role: HIDDEN})
    open_to_all = discord.guild.create_text_channel("help")
    async with channels_of(discord, team.id) as channels:
        place = ThreadRef("discord", str(discord.guild.id), str(open_to_all.id), "")
        await channels.post_card(place, Card(text="the answer"))
    assert len(discord.bot_messages(open_to_all.id)) == 1


async def test_what_is_shown_to_all_later_is_noticed_and_asked_of_once_a_while(
    discord: DiscordStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild, channel = discord.guild, create_team_channel(discord, "team")
    place = ThreadRef("discord", str(guild.id), str(channel.id), "")
    async with channels_of(discord, channel.id) as channels:
        for _ in range(3):
            await channels.post_card(place, Card(text="x"))
        assert len([call for call in discord.calls if call.path == f"/guilds/{guild.id}"]) == 1
        show_to_everyone(discord, channel, seen=True)
        monkeypatch.setattr(actors, "_PRIVACY_SECONDS", 0.0)
        with refused():
            await channels.post_card(place, Card(text="x"))


async def test_where_it_cannot_be_told_who_sees_a_channel_nothing_is_posted(discord: DiscordStandIn) -> None:
    guild, channel = discord.guild, create_team_channel(discord, "team")
    discord.fail(f"GET /guilds/{guild.id}", status=403)
    async with channels_of(discord, channel.id) as channels:
        with pytest.raises(DeliveryError):
            await channels.post_card(ThreadRef("discord", str(guild.id), str(channel.id), ""), Card(text="x"))
    assert not discord.bot_messages(channel.id)


async def test_a_private_conversation_with_the_bot_is_one_and_a_private_channel_is_not(discord: DiscordStandIn) -> None:
    user = discord.guild.add_member(discord.world.create_user("Ann")).user
    channel = create_team_channel(discord, "team")
    async with channels_of(discord) as channels:
        assert channels.is_direct(await channels.open_direct_thread(str(discord.guild.id), str(user.id)))
        assert not channels.is_direct(ThreadRef("discord", str(discord.guild.id), str(channel.id), ""))


async def test_a_channel_where_the_bot_may_not_write_is_a_fault(discord: DiscordStandIn) -> None:
    hidden, me = {discord.guild.default_role: HIDDEN}, discord.world.me()
    silent = dpy.PermissionOverwrite(view_channel=True, send_messages=False)
    mute = discord.guild.create_text_channel("mute", overwrites=hidden | {me: silent})
    well = discord.guild.create_text_channel("well", overwrites=hidden | {me: SEEN})
    settings = settings_of(discord, mute.id, well.id)
    use_endpoints(settings)
    async with dpy.Client(intents=choose_intents(content=False)) as client:
        connecting = asyncio.create_task(client.start(discord.token))
        await client.login(discord.token)
        await client.wait_until_ready()
        faults = await Team(client, settings.team_channels).find_faults()
        connecting.cancel()
    assert list(faults) == [str(mute.id)] and '"Send Messages"' in faults[str(mute.id)]
