"""What an admin reads of Discord's refusals: over its API, against the stand-in."""

from __future__ import annotations

import discord as dpy
import pytest
from pydantic import SecretStr

from bot.chat.card import Card
from bot.chat.message import ThreadRef
from bot.errors import DeliveryError, PlatformError
from bot.platforms.discord import api_errors
from bot.platforms.discord.actors import Team
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.connection import choose_intents, use_endpoints
from bot.platforms.discord.refusal_texts import explain_refusal
from bot.platforms.discord.settings import DiscordSettings
from tests.support.discord import DiscordStandIn


async def refusal_of_a_post(status: int, code: int) -> str:
    """What is said where Discord refuses a card so."""
    async with DiscordStandIn() as discord:
        settings = DiscordSettings(
            token=SecretStr(discord.token), api_url=discord.api_url, gateway_url=discord.gateway.url
        )
        use_endpoints(settings)
        channel = discord.guild.create_text_channel("team")
        discord.fail("POST /channels/*/messages", 9, status=status, code=code)
        async with dpy.Client(intents=choose_intents(content=False)) as client:
            await client.login(discord.token)
            channels = DiscordChannels(client, Team(client, ()))
            with pytest.raises(DeliveryError) as caught:
                await channels.post_card(
                    ThreadRef("discord", str(discord.guild.id), str(channel.id), ""), Card(text="packet")
                )
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "cause", "mend"),
    [
        (403, 50013, "lacks a permission", '"View Channel", "Send Messages" and "Send Messages in Threads"'),
        (403, 50001, "does not see the channel", '"View Channel"'),
        (403, 160005, "the thread is locked", '"Manage Threads"'),
        (403, 160002, "may not read", '"Read Message History"'),
        (403, 50007, "takes no private messages", "allow"),
        (404, 10003, "the channel is gone", "Invite the bot"),
        (400, 200000, "AutoMod", "Exempt the bot's role"),
    ],
)
async def test_a_refused_message_names_the_cause_and_what_to_grant(
    status: int, code: int, cause: str, mend: str
) -> None:
    told = await refusal_of_a_post(status, code)
    assert told.startswith("Discord refuses a message: ")
    assert cause in told and mend in told and f"code {code}" in told


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("POST", "/api/v10/channels/1/messages/2/threads", '"Create Public Threads"'),
        ("GET", "/api/v10/channels/1/messages", '"Read Message History"'),
        ("PATCH", "/api/v10/channels/1/messages/2", '"Send Messages"'),
        ("DELETE", "/api/v10/channels/1/messages/2", '"View Channel"'),
        ("POST", "/api/v10/somewhere/else", '"View Channel"'),
    ],
)
def test_what_to_grant_is_what_the_call_takes(method: str, path: str, wanted: str) -> None:
    assert wanted in explain_refusal(403, 50013, method, path)


def test_no_token_is_told() -> None:
    told = explain_refusal(404, 10015, "PATCH", "/api/v10/webhooks/1/secret-token/messages/@original")
    assert "secret" not in told and "the response to a command" in told


@pytest.mark.parametrize(("status", "code"), [(401, 0), (403, 4711), (404, 0), (400, 0)])
def test_what_is_in_no_list_is_explained_too(status: int, code: int) -> None:
    told = explain_refusal(status, code)
    assert str(code or status) in told and not told.endswith(".")


async def test_who_connects_is_told_so_as_well() -> None:
    async with DiscordStandIn() as discord:
        settings = DiscordSettings(
            token=SecretStr(discord.token), api_url=discord.api_url, gateway_url=discord.gateway.url
        )
        use_endpoints(settings)
        discord.fail("GET /users/@me", 9, status=403, code=40002)
        with pytest.raises(PlatformError, match="has to be verified"), api_errors.translate_connection_errors():
            async with dpy.Client(intents=choose_intents(content=False)) as client:
                await client.login(discord.token)
