"""The stand-in refuses what Discord refuses. https://docs.discord.com/developers"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord as dpy
import pytest

from tests.support.discord import DiscordStandIn

V2 = 1 << 15


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn() as discord:
        yield discord


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(
    discord: DiscordStandIn, http: aiohttp.ClientSession, method: str, path: str, body: Any = None, token: str = ""
) -> tuple[int, Any, Any]:
    """-> status, headers, answer."""
    headers = {"Authorization": f"Bot {token or discord.token}"}
    async with http.request(method, f"{discord.api_url}{path}", json=body, headers=headers) as response:
        answer = await response.json() if response.content_type == "application/json" else None
        return response.status, response.headers, answer


def text(content: str) -> dict[str, Any]:
    """A message of one text."""
    return {"flags": V2, "components": [{"type": 10, "content": content}]}


async def test_a_wrong_token_is_refused(discord: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    assert (await call(discord, http, "GET", "/users/@me", token="MTE.other.token"))[0] == 401
    assert (await call(discord, http, "GET", "/users/@me"))[0] == 200


async def test_a_message_has_one_thread(discord: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    channel = discord.guild.create_text_channel("one")
    asked = await discord.guild.add_member(discord.world.create_user("ann")).send(channel, "Hello?")
    path = f"/channels/{channel.id}/messages/{asked.id}/threads"
    assert (await call(discord, http, "POST", path, {"name": "first"}))[0] == 200
    status, _, answer = await call(discord, http, "POST", path, {"name": "second"})
    assert (status, answer["code"]) == (400, 160004)


@pytest.mark.parametrize(
    "body",
    [
        text("x" * 4001),
        {"flags": V2, "components": [{"type": 10, "content": "x" * 2001}, {"type": 10, "content": "y" * 2000}]},
        {"flags": V2, "components": [{"type": 10, "content": "x"}] * 41},
        {"flags": V2, "content": "both", "components": [{"type": 10, "content": "x"}]},
        {"content": "x" * 2001},
        {"content": ""},
        {"components": [{"type": 10, "content": "no flag"}]},
        text(""),
    ],
    ids=["long", "long together", "41 parts", "content beside V2", "2001", "empty", "V2 without its flag", "no text"],
)
async def test_a_message_beyond_discord_s_limits_is_refused(
    discord: DiscordStandIn, http: aiohttp.ClientSession, body: Any
) -> None:
    channel = discord.guild.create_text_channel("general")
    status, _, answer = await call(discord, http, "POST", f"/channels/{channel.id}/messages", body)
    assert (status, answer["code"]) in {(400, 50035), (400, 50006)}
    assert discord.bot_messages(channel.id) == []


async def test_the_sixth_message_in_five_seconds_is_refused(
    discord: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    channel = discord.guild.create_text_channel("general")
    for number in range(5):
        status, headers, _ = await call(discord, http, "POST", f"/channels/{channel.id}/messages", text("x"))
        assert status == 200 and headers["X-RateLimit-Remaining"] == str(4 - number)
    status, headers, answer = await call(discord, http, "POST", f"/channels/{channel.id}/messages", text("x"))
    assert status == 429 and 0 < answer["retry_after"] <= 5.1 and headers["Via"] and discord.limited == 1
    other = discord.guild.create_text_channel("other")
    assert (await call(discord, http, "POST", f"/channels/{other.id}/messages", text("x")))[0] == 200


async def test_a_nonce_has_25_characters_and_no_message_that_is_read_again_tells_it(
    discord: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    path = f"/channels/{discord.guild.create_text_channel('one').id}/messages"
    assert (await call(discord, http, "POST", path, text("one") | {"nonce": "n" * 26}))[0] == 400
    assert (await call(discord, http, "POST", path, text("one") | {"nonce": "n" * 25}))[0] == 200
    assert [message.get("nonce") for message in (await call(discord, http, "GET", path))[2]] == [None]


async def test_an_enforced_nonce_gives_back_the_message_that_stands(
    discord: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    path = f"/channels/{discord.guild.create_text_channel('general').id}/messages"
    nonce = {"nonce": "abc", "enforce_nonce": True}
    first = (await call(discord, http, "POST", path, text("one") | nonce))[2]
    again = (await call(discord, http, "POST", path, text("two") | nonce))[2]
    assert again["id"] == first["id"] and again["components"][0]["content"] == "one"


async def test_a_command_is_acknowledged_once_and_within_three_seconds(
    discord: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    channel = discord.guild.create_text_channel("general")
    member = discord.guild.add_member(discord.world.create_user("ann"))
    command = {"name": "ask", "description": "Ask.", "type": 1}
    assert (await call(discord, http, "PUT", f"/applications/{discord.backend.application_id}/commands", [command]))[
        0
    ] == 200
    first = (await member.slash(channel, "ask"))._interaction
    late = (await member.slash(channel, "ask"))._interaction
    defer = {"type": 5}
    path = f"/interactions/{first.id}/{first.token}/callback"
    assert (await call(discord, http, "POST", path, defer))[0] < 300
    assert (await call(discord, http, "POST", path, defer))[2]["code"] == 40060
    discord.backend.advance_clock(3.5)
    status, _, answer = await call(discord, http, "POST", f"/interactions/{late.id}/{late.token}/callback", defer)
    assert (status, answer["code"]) == (404, 10062)
    discord.backend.advance_clock(900)
    original = f"/webhooks/{discord.backend.application_id}/{first.token}/messages/@original"
    assert (await call(discord, http, "PATCH", original, text("late")))[0] in {401, 404}


async def test_where_the_bot_may_not_write_it_is_refused(discord: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    everyone = discord.guild.default_role
    channel = discord.guild.create_text_channel(
        "quiet", overwrites={everyone: dpy.PermissionOverwrite(send_messages=False)}
    )
    status, _, answer = await call(discord, http, "POST", f"/channels/{channel.id}/messages", text("x"))
    assert (status, answer["code"]) == (403, 50013)


async def test_the_gateway_wants_the_token_and_intents_that_were_granted(http: aiohttp.ClientSession) -> None:
    async with DiscordStandIn(content=False) as discord:
        for token, intents, code in (("other", 0, 4004), (discord.token, 1 << 15, 4014)):
            async with http.ws_connect(discord.gateway.url) as socket:
                assert (await socket.receive_json())["op"] == 10
                await socket.send_json({"op": 2, "d": {"token": token, "intents": intents}})
                await socket.receive()
                assert socket.close_code == code


async def test_a_session_is_resumed_with_what_was_missed_and_an_unknown_one_is_not(
    discord: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    channel = discord.guild.create_text_channel("general")
    member = discord.guild.add_member(discord.world.create_user("ann"))
    intents = 1 << 0 | 1 << 9 | 1 << 15
    async with http.ws_connect(discord.gateway.url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": discord.token, "intents": intents}})
        ready = await socket.receive_json()
        guild = await socket.receive_json()
        assert (ready["t"], guild["t"]) == ("READY", "GUILD_CREATE")
    await member.send(channel, "missed")
    async with http.ws_connect(discord.gateway.url) as socket:
        await socket.receive_json()
        told = {"token": discord.token, "session_id": ready["d"]["session_id"], "seq": guild["s"]}
        await socket.send_json({"op": 6, "d": told})
        missed, resumed = await socket.receive_json(), await socket.receive_json()
        assert (missed["t"], missed["d"]["content"], resumed["t"]) == ("MESSAGE_CREATE", "missed", "RESUMED")
        await socket.send_json({"op": 6, "d": told | {"session_id": "unknown"}})
    async with http.ws_connect(discord.gateway.url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 6, "d": told | {"session_id": "unknown"}})
        assert (await socket.receive_json())["op"] == 9
