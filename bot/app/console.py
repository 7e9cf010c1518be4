"""The console over the application's parts: beside the chat platforms, or by itself on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.app.factories import version_store
from bot.errors import PlatformError, SettingsError

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bot.app.application import Application
    from bot.chat.people import Actor, Role
    from bot.console.openid import OpenIdSignIn
    from bot.console.sessions import Sessions

_LOOPBACK = "127.0.0.1"
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def make_console_routes(application: Application) -> list[BaseRoute]:
    """Everything under /console."""
    from bot.app.doctor import run_checks
    from bot.app.trying import UnrecordedAnswers
    from bot.console.app import BASE, ConsoleApp
    from bot.console.pages.actions import ActionPages
    from bot.console.pages.conversations import ConversationPages
    from bot.console.pages.evaluation import EvaluationPage
    from bot.console.pages.gaps import GapPages
    from bot.console.pages.health import HealthPage
    from bot.console.pages.knowledge import KeptUpPages, SourcePages
    from bot.console.pages.overview import OverviewPage
    from bot.console.pages.people import PeoplePage
    from bot.console.pages.try_it import TryPage
    from bot.console.screens import Screens
    from bot.console.views import Views

    status, screens = application.status, Screens()
    versions, answers = version_store(application.settings), UnrecordedAnswers(application)
    groups = (
        OverviewPage(application.insights),
        ConversationPages(
            application.turn_search,
            application.conversations,
            application.handoff_store,
            application.load_fitted,
            application.settings.learn_from,
        ),
        GapPages(application.gaps, application.draft_store, application.conversations),
        SourcePages(
            status,
            application.refresh_service,
            application.refresh_log,
            versions,
            application.describe_knowledge,
        ),
        KeptUpPages(
            application.taught_answers,
            application.glossary,
            application.wording_learner,
            application.contradictions,
            application.staleness,
        ),
        TryPage(answers, versions, application.platforms.declared),
        EvaluationPage(
            answers,
            application.evaluation_runs,
            screens,
            application.settings.golden_questions,
            versions.active_id,
        ),
        PeoplePage(application.admin_store, application.audit_log, application.settings.retention_days),
        HealthPage(status, partial(run_checks, application.settings)),
        ActionPages(application.console, screens),
    )
    url = urlsplit(application.settings.console_url)
    openid = _make_openid(application)
    app = ConsoleApp(
        [page for group in groups for page in group.pages],
        make_sessions(application),
        lambda actor: _find_role(application, actor),
        Views(BASE),
        hosts=[*_LOCAL_NAMES, *filter(None, [url.hostname])],
        is_secure=url.scheme == "https",
        providers={openid.name: f"{BASE}/openid/"} if openid else {},
    )
    return [app.make_mount([openid.make_mount(BASE, app.start_session)] if openid else [])]


def _make_openid(application: Application) -> OpenIdSignIn | None:
    """Signing in at a provider, where one is set. Raises SettingsError where it is set in part."""
    from bot.console.app import BASE

    settings = application.settings
    given = (
        settings.console_openid_issuer,
        settings.console_openid_id,
        settings.console_openid_secret.get_secret_value(),
    )
    if not any(given):
        return None
    if not all(given) or not settings.console_url:
        raise SettingsError(
            "To sign in by OpenID Connect set all of FRONTDESK_CONSOLE_OPENID_ISSUER, FRONTDESK_CONSOLE_OPENID_ID, "
            "FRONTDESK_CONSOLE_OPENID_SECRET and FRONTDESK_CONSOLE_URL, or none. See .env.example."
        )

    async def find_workspace(platform: str) -> str:
        known = application.platforms[platform]
        return await known.platform.find_workspace(
            known.settings, application.platforms.support_channels.get(platform, "")
        )

    from bot.console.openid import OpenIdSignIn

    return OpenIdSignIn(*given, f"{settings.console_url}{BASE}", find_workspace)


def make_sessions(application: Application) -> Sessions:
    """Who is signed in."""
    from bot.console.sessions import Sessions
    from bot.console.store import SqlTicketStore

    return Sessions(SqlTicketStore(application.database), application.settings.console_hours)


async def make_console_link(application: Application, actor: Actor, port: int = 0) -> str:
    """An address that signs `actor` in once: at `port` of this machine, or where `frontdesk serve` is reached. Raises
    StorageError."""
    from bot.console.app import BASE

    served = application.settings.console_url or f"http://{_LOOPBACK}:{application.settings.port}"
    secret = await make_sessions(application).make_link_secret(actor)
    return f"{f'http://{_LOOPBACK}:{port}' if port else served}{BASE}/sign-in?link={secret}"


async def serve_console(application: Application, actor: Actor, tell: Callable[[str], None]) -> None:
    """Serve the console alone, on this machine alone, until stopped; `tell` is told the address that signs in. Raises
    PlatformError, StorageError."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware

    from bot.platforms.web.limits import Bounded, PromptProtocol

    settings = application.settings
    try:
        listening = socket.create_server((_LOOPBACK, settings.console_port))
    except OSError as error:
        raise PlatformError(
            f"Port {settings.console_port} cannot be listened on: set FRONTDESK_CONSOLE_PORT to a free one, or 0."
        ) from error
    with listening:
        port = listening.getsockname()[1]
        app = Starlette(routes=make_console_routes(application), middleware=[Middleware(Bounded)])
        config = uvicorn.Config(app, http=PromptProtocol, ws="none", log_level="warning", lifespan="off")
        beside = [asyncio.create_task(work()) for work in _list_beside(application)]
        tell(await make_console_link(application, actor, port))
        try:
            await uvicorn.Server(config).serve(sockets=[listening])
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


def _list_beside(application: Application) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
    return (
        application.live_audiences.run,
        application.published_answers.run,
        application.live_glossary.run,
        application.live_learned.run,
        application.live_set_aside.run,
    )


async def _find_role(application: Application, actor: Actor) -> Role:
    """What somebody may do now: whoever got a link from `frontdesk console` may run Frontdesk; of others, their
    platform tells who belongs to the team, and admins were named."""
    from bot.chat.people import Role
    from bot.console.requests import PLATFORM

    if actor.platform == PLATFORM:
        return actor.role
    role = await application.access.role(actor)
    poster = application.posters.get(actor.platform)
    if role < Role.TEAMMATE and poster and await poster.is_teammate(actor.workspace, actor.user):
        return Role.TEAMMATE
    return role
