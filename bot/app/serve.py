"""`frontdesk serve`: the application with every platform that is set up. `frontdesk chat`: with the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.app.factories import version_store
from bot.errors import SettingsError, StorageError
from bot.runtime.tasks import working_beside
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.application import Application
    from bot.mcp_server.pages import KnownPages
    from bot.platforms.registry import Adapter


async def serve_application(application: Application) -> None:
    """Answer in every chat platform that is set up, and by the HTTP API and MCP where these are on, until stopped.
    Raises SettingsError when there is nothing to serve, or a platform is set up in part."""
    from bot.app.console import make_console_routes
    from bot.platforms.supervisor import Address, known_causes, make_readiness_check, serve_platforms
    from bot.platforms.web.app import web_app

    settings = application.settings
    adapters = connect_platforms(application)
    if settings.api:
        adapters.append(connect_api(application))
    if settings.mcp:
        adapters.append(connect_mcp(application))
    await application.warm_up()
    metrics, inbox = application.metrics, application.inbox
    application.privacy.compact_when(inbox.until_idle)
    application.status.watch_queue(lambda: (inbox.waiting_count, inbox.working_count))
    metrics.watch_queue(lambda: inbox.waiting_count, lambda: inbox.working_count)
    for adapter in adapters:
        metrics.watch_adapter(adapter.platform, partial(getattr, adapter, "connected"))
    troubles: dict[str, str] = {}
    checks = {"database": partial(_database_lacks, application), "index": partial(_index_lacks, settings)}
    causes = partial(known_causes, adapters, inbox.find_trouble, troubles)

    def list_causes() -> Mapping[str, str]:
        return {**causes(), **application.handoffs.list_troubles()}

    routes = [route for adapter in adapters for route in adapter.routes]
    if settings.console:
        routes += make_console_routes(application)
    ready = make_readiness_check(adapters, checks, causes)
    await serve_platforms(
        inbox,
        adapters,
        web_app(ready, metrics, routes),
        Address(settings.host, settings.port),
        drain_seconds=settings.drain_seconds,
        beside=[*application.beside(), partial(application.refusals.watch_causes, list_causes)],
        troubles=troubles,
    )


async def hold_chat(application: Application, conversation_id: str = "") -> None:
    """Answer what is typed in the terminal, until the input ends. Raises NoActiveVersion, CorruptVersion,
    StorageError."""
    from bot.platforms.terminal.chat import TerminalChat

    await application.warm_up()
    chat = TerminalChat(application.platform_services, conversation_id)
    async with working_beside(*application.keeping_current, application.inbox.run):
        try:
            await chat.run()
            await application.inbox.drain(application.settings.drain_seconds)
        finally:
            await chat.close()


_READY_SECONDS = 3.0  # that the database may take


def connect_platforms(application: Application) -> list[Adapter]:
    """An adapter for each platform that is configured. Raises SettingsError where none is, and neither the API nor MCP
    is on, or where one is not wholly."""
    configured = [each for each in application.platforms.values() if each.settings.is_configured]
    for each in configured:
        each.settings.check_complete()
    if not configured and not (application.settings.api or application.settings.mcp):
        wanted = [each.platform.needs for each in application.platforms.values() if each.platform.needs]
        names = ", or ".join([*wanted, "FRONTDESK_API", "FRONTDESK_MCP"])
        raise SettingsError(f"No chat platform is set up, and the HTTP API is off: set {names}. See .env.example.")
    return [each.platform.connect(each.settings, application.platform_services) for each in configured]


def connect_api(application: Application) -> Adapter:
    """The HTTP API."""
    from bot.api.adapter import ApiAdapter

    return ApiAdapter(
        application.platform_services,
        application.api_keys,
        application.retriever,
        application.source_store,
        application.refresh_service,
        application.metrics,
        application.settings.api_per_minute,
    )


def connect_mcp(application: Application) -> Adapter:
    """The MCP server over HTTP."""
    from bot.mcp_server.adapter import McpAdapter

    settings = application.settings
    return McpAdapter(
        application.platform_services,
        application.api_keys,
        _known_pages(application),
        settings.api_per_minute,
        settings.mcp_hosts,
    )


async def serve_mcp(application: Application) -> None:
    """Answer an MCP client over standard input and output, until the input ends. What is not indexed yet is told to
    whoever asks for it. Raises StorageError."""
    from bot.mcp_server.stdio import StdioServer

    await application.load_beside()
    async with working_beside(*application.keeping_current, application.inbox.run, application.warm_up):
        await StdioServer(application.platform_services, _known_pages(application)).run()


def _known_pages(application: Application) -> KnownPages:
    from bot.mcp_server.pages import KnownPages

    return KnownPages(application.retriever, application.live_index, application.live_audiences.current)


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
