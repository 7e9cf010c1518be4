"""What operators' commands ask of the platforms and servers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.app.factories import generator_for
from bot.sections import load_section
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.sources.status import ServerHealth
    from inference.speed import Speed
    from inference.vllm import VllmGenerator

_MEASURE_SECONDS = 10.0


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


async def check_vllm(settings: Settings, known: VllmGenerator | None = None) -> list[ServerHealth]:
    """How each vLLM server is. How fast it is `known` may know, which asks the same; else it writes a little for it."""
    from bot.sources.status import ServerHealth
    from inference.errors import GeneratorError

    speeds = known.list_speeds() if known else [None] * len(settings.vllm_url)
    found = []
    for url, speed in zip(settings.vllm_url, speeds, strict=True):
        generator = generator_for(settings.model_copy(update={"vllm_url": (url,)}))
        try:
            serves = f"{await generator.model_name()}, {await generator.context_length()} tokens"
            measured = speed or await generator.measure_speed(_MEASURE_SECONDS)
            found.append(_describe_server(settings, url, serves, measured))
        except GeneratorError as error:
            found.append(ServerHealth(url, fault=str(error)))
        finally:
            await generator.close()
    return found


def _describe_server(settings: Settings, url: str, serves: str, speed: Speed | None) -> ServerHealth:
    from bot.answering.first_line import ANSWER_TOKENS, Patience
    from bot.sources.status import ServerHealth

    if speed is None:
        return ServerHealth(url, serves)
    worth = Patience(settings.first_line_seconds).is_worth_asking(speed.expect_seconds(ANSWER_TOKENS))
    return ServerHealth(url, serves, _format_speed(speed), too_slow=not worth)


def _format_speed(speed: Speed) -> str:
    if not speed.rate:
        return f"no word within {speed.first:.0f} s"
    rate = f"{speed.rate:.3g} tokens a second" if math.isfinite(speed.rate) else "the rest at once"
    return f"{speed.first:.1f} s to the first word, {rate}"
