"""What it takes to talk to Discord: its addresses, its intents, and what the application may do."""

from __future__ import annotations

from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.errors import PlatformError
from bot.platforms.discord.actors import Team
from bot.platforms.discord.api_errors import translate_connection_errors
from bot.platforms.discord.gateway import FrontdeskWebSocket
from bot.platforms.discord.settings import GATEWAY, DiscordSettings

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it would warn that nobody can be spoken to

_KEPT_STARTS = 10
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    attach_files=True,
)


def use_endpoints(settings: DiscordSettings) -> None:
    """Point discord.py's client at the API and the gateway of the settings.

    A gateway other than Discord's own is used for every connection: without that, the library follows the addresses
    that the API and the sessions name, past a proxy.
    """
    Route.BASE = settings.api_url.rstrip("/")
    url = yarl.URL(settings.gateway_url)
    always = {} if url.host == yarl.URL(GATEWAY).host else {"gateway": url}

    async def connect(_cls: type[DiscordWebSocket], /, client: discord.Client, **options: Any) -> DiscordWebSocket:
        connected: DiscordWebSocket = await FrontdeskWebSocket.from_client(client, **options | always)
        return connected

    DiscordWebSocket.from_client = classmethod(connect)  # type: ignore[method-assign,assignment]


def choose_intents(*, content: bool) -> discord.Intents:
    """The least that works: `content` is the privileged intent that shows messages which do not address the bot."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = wanted.guild_reactions = True
    wanted.message_content = content
    return wanted


def seconds_before_identify(total: int, remaining: int, reset_after: float) -> float:
    """How long to wait before a session is started, so that those left last until there are `total` again, which is in
    `reset_after` milliseconds. Half of them may be used at once; the last few are kept for an operator's restarts."""
    if remaining > total / 2:
        return 0.0
    return reset_after / 1000 / max(1, remaining - _KEPT_STARTS)


async def fetch_application(settings: DiscordSettings) -> discord.AppInfo:
    """What Discord says of the token's application. Raises what the library raises."""
    use_endpoints(settings)
    client = discord.Client(intents=choose_intents(content=False))
    async with client:
        await client.login(settings.token.get_secret_value())
        return await client.application_info()


async def find_channel_faults(settings: DiscordSettings) -> list[str]:
    """For `doctor`: what is wrong with the team's channels, a line each. Raises what the library raises."""
    use_endpoints(settings)
    client = discord.Client(intents=choose_intents(content=False))
    async with client:
        await client.login(settings.token.get_secret_value())
        return list((await Team(client, settings.team_channels).find_faults()).values())


def sees_content(about: discord.AppInfo) -> bool:
    """Whether the application has the message content intent."""
    flags = about.flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


def describe_mode(*, content: bool) -> str:
    """What is answered, in words."""
    if content:
        return "commands, mentions, direct messages, follow-ups without a mention, help channels, forums and handoffs"
    return (
        "commands, mentions and direct messages; follow-ups without a mention, replies in a handoff's threads and "
        "help channels need the message content intent (Bot page of the application)"
    )


def build_invitation(about: discord.AppInfo) -> str:
    """The URL that adds the bot to a server with the permissions it needs and no others."""
    return discord.utils.oauth_url(about.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


async def guild_of(settings: DiscordSettings, channel_id: int) -> str:
    """The server that a channel belongs to. Raises PlatformError."""
    use_endpoints(settings)
    client = discord.Client(intents=choose_intents(content=False))
    with translate_connection_errors():
        async with client:
            await client.login(settings.token.get_secret_value())
            try:
                channel = await client.fetch_channel(channel_id)
            except (discord.NotFound, discord.Forbidden) as error:
                raise PlatformError(
                    f"Discord shows the bot no channel {channel_id}: check the id, and invite the bot to its server."
                ) from error
    guild = getattr(channel, "guild", None)
    if guild is None:
        raise PlatformError(f"{channel_id} is no channel of a server.")
    return str(guild.id)
