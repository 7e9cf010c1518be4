"""`frontdesk serve`: the application with every platform that has tokens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.app.factories import version_store
from bot.errors import SettingsError, StorageError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.application import Application
    from bot.platforms.supervisor import Adapter


async def serve_application(application: Application) -> None:
    """Answer in every chat platform that has tokens, until stopped.

    Raises SettingsError when none has, or a token is missing.
    """
    from bot.platforms.supervisor import Address, known_causes, make_readiness_check, serve_platforms
    from bot.platforms.web.app import web_app

    settings = application.settings
    adapters = _adapters(application)
    await application.warm_up()
    metrics, desk = application.metrics, application.desk
    application.privacy.compact_when(desk.until_idle)
    metrics.watch_queue(lambda: desk.waiting_count, lambda: desk.working_count)
    for adapter in adapters:
        metrics.watch_adapter(adapter.platform, partial(getattr, adapter, "connected"))
    troubles: dict[str, str] = {}
    checks = {"database": partial(_database_lacks, application), "index": partial(_index_lacks, settings)}
    causes = partial(known_causes, adapters, desk.find_trouble, troubles)
    ready = make_readiness_check(adapters, checks, causes)
    slack = None
    if settings.slack_mode == "http" and settings.slack_bot_token.get_secret_value():
        slack = application.slack.handle_http
    await serve_platforms(
        desk,
        adapters,
        web_app(ready, metrics, slack),
        Address(settings.host, settings.port),
        drain_seconds=settings.drain_seconds,
        beside=[*application.beside(), partial(application.refusals.watch_causes, causes)],
        troubles=troubles,
    )


_READY_SECONDS = 3.0  # that the database may take


def _adapters(application: Application) -> list[Adapter]:
    settings = application.settings
    adapters: list[Adapter] = []
    if settings.slack_bot_token.get_secret_value():
        _check_slack_settings(settings)
        adapters.append(application.slack)
    if settings.discord_token.get_secret_value():
        adapters.append(application.discord)
    if not adapters:
        raise SettingsError(
            "No chat platform has a token: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or DISCORD_TOKEN. See .env.example."
        )
    return adapters


def _check_slack_settings(settings: Settings) -> None:
    if settings.slack_mode == "socket" and not settings.slack_app_token.get_secret_value():
        raise SettingsError(
            "SLACK_APP_TOKEN is missing, which Socket Mode needs: set it, or use FRONTDESK_SLACK_MODE=http."
        )
    if settings.slack_mode == "http" and not settings.slack_signing_secret.get_secret_value():
        raise SettingsError("SLACK_SIGNING_SECRET is missing, without which no request can be trusted: set it.")


async def _database_lacks(application: Application) -> str:
    """Written to, as every claim does: a database that is full, locked or damaged may be read for long."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await application.markers.set("ready", datetime.now(UTC).isoformat())
    except (StorageError, TimeoutError):
        return "the database takes no claims: see 'frontdesk doctor'"
    return ""


async def _index_lacks(settings: Settings) -> str:
    return "" if version_store(settings).active_id() else "nothing is indexed yet"
