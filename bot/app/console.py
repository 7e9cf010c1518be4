"""The console over the application's parts: beside the chat platforms, or by itself on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.app.factories import version_store
from bot.errors import PlatformError, SettingsError
from bot.runtime.tasks import working_beside

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bot.app.application import Application
    from bot.chat.people import Actor, Role
    from bot.console.openid import OpenIdSignIn
    from bot.console.requests import PageGroup
    from bot.console.sessions import Sessions

_LOOPBACK = "127.0.0.1"
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def make_console_routes(application: Application) -> list[BaseRoute]:
    """Everything under /console."""
    from bot.console.app import BASE, ConsoleApp
    from bot.console.views import Views

    url = urlsplit(application.settings.console_url)
    openid = _make_openid(application)
    app = ConsoleApp(
        [page for group in _list_page_groups(application) for page in group.pages],
        make_sessions(application),
        partial(_find_role, application),
        Views(BASE),
        hosts=[*_LOCAL_NAMES, *filter(None, [url.hostname])],
        is_secure=url.scheme == "https",
        providers={openid.name: f"{BASE}/openid/"} if openid else {},
    )
    return [app.make_mount([openid.make_mount(BASE, app.start_session)] if openid else [])]


def _list_page_groups(app: Application) -> tuple[PageGroup, ...]:
    """In the order of the navigation."""
    from bot.app.doctor import run_checks
    from bot.app.trying import UnrecordedAnswers
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

    screens, answers, versions = Screens(), UnrecordedAnswers(app), version_store(app.settings)
    golden, retention = app.settings.golden_questions, app.settings.retention_days
    return (
        OverviewPage(app.insights),
        ConversationPages(
            app.turn_search, app.conversations, app.handoff_store, app.load_fitted, app.settings.learn_from
        ),
        GapPages(app.gaps, app.draft_store, app.conversations),
        SourcePages(app.status, app.refresh_service, app.refresh_log, versions, app.describe_knowledge),
        KeptUpPages(app.taught_answers, app.glossary, app.wording_learner, app.contradictions, app.staleness),
        TryPage(answers, versions, app.platforms.declared),
        EvaluationPage(answers, app.evaluation_runs, screens, app.access, golden, versions.active_id),
        PeoplePage(app.admin_store, app.audit_log, retention),
        HealthPage(app.status, partial(run_checks, app.settings)),
        ActionPages(app.console, screens, app.platforms.locate_user),
    )


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
        tell(await make_console_link(application, actor, port))
        async with working_beside(*application.keeping_current):
            await uvicorn.Server(config).serve(sockets=[listening])


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
