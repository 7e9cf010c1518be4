"""What operators' commands ask of the platforms and servers."""

from __future__ import annotations

from bot.app.factories import generator_for
from bot.sections import load_section
from bot.settings import Settings


def slack_app_manifest(name: str, url: str) -> dict[str, object]:
    """The app manifest of Slack."""
    from bot.platforms.slack.manifest import build_manifest

    return build_manifest(name, url)


async def discord_invitation() -> str:
    """The URL that adds the bot to a server. Raises SettingsError, PlatformError."""
    from bot.platforms.discord.api_errors import translate_connection_errors
    from bot.platforms.discord.connection import build_invitation, fetch_application
    from bot.platforms.discord.settings import DiscordSettings

    settings = load_section(DiscordSettings)
    settings.check_complete()
    with translate_connection_errors():
        return build_invitation(await fetch_application(settings))


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
