"""What operators' commands ask of the platforms and servers."""

from __future__ import annotations

from bot.app.factories import discord_config, generator_for, slack_config
from bot.errors import SettingsError
from bot.settings import Settings


def slack_app_manifest(name: str, url: str) -> dict[str, object]:
    """The app manifest of Slack."""
    from bot.platforms.slack.manifest import build_manifest

    return build_manifest(name, url)


async def slack_team(settings: Settings) -> str:
    """The id of the workspace that the bot token belongs to. Raises SettingsError, PlatformError."""
    from bot.platforms.slack.platform import team_of

    if not settings.slack_bot_token.get_secret_value():
        raise SettingsError("SLACK_BOT_TOKEN is missing: set it, or name the team with --workspace.")
    return await team_of(slack_config(settings))


async def check_slack(settings: Settings) -> tuple[str, frozenset[str]]:
    """Who the bot is, and which scopes it lacks. Raises PlatformError."""
    from bot.platforms.slack.manifest import SCOPES
    from bot.platforms.slack.platform import check_socket, check_token

    config = slack_config(settings)
    found = await check_token(config, SCOPES)
    if settings.slack_mode == "socket":
        await check_socket(config)
    return found


async def check_slack_channels(settings: Settings) -> list[str]:
    """What is wrong with the channels that are named for the team, a line each."""
    from bot.platforms.slack.platform import check_channels

    return await check_channels(slack_config(settings))


async def discord_invitation(settings: Settings) -> str:
    """The URL that adds the bot to a server. Raises SettingsError, PlatformError."""
    from bot.platforms.discord.api_errors import translate_connection_errors
    from bot.platforms.discord.connection import build_invitation, fetch_application

    with translate_connection_errors():
        return build_invitation(await fetch_application(discord_config(settings)))


async def discord_guild(settings: Settings, channel: str) -> str:
    """The id of the server that a channel belongs to. Raises SettingsError, PlatformError."""
    from bot.platforms.discord.connection import guild_of

    return await guild_of(discord_config(settings), int(channel))


async def check_discord(settings: Settings) -> tuple[str, str]:
    """The application's name, and what it is shown. Raises SettingsError, PlatformError."""
    from bot.platforms.discord.api_errors import translate_connection_errors
    from bot.platforms.discord.connection import describe_mode, fetch_application, sees_content

    with translate_connection_errors():
        about = await fetch_application(discord_config(settings))
    return about.name, describe_mode(content=sees_content(about))


async def check_vllm(settings: Settings) -> list[tuple[str, str, str]]:
    """Of each vLLM server: its URL, what it serves, and what is wrong with it (or "")."""
    from inference.errors import GeneratorError

    found = []
    for url in settings.vllm_url:
        generator = generator_for(settings.model_copy(update={"vllm_url": (url,)}))
        try:
            model, context = await generator.model_name(), await generator.context_length()
            found.append((url, f"{model}, {context} tokens", ""))
        except GeneratorError as error:
            found.append((url, "", str(error)))
        finally:
            await generator.close()
    return found
