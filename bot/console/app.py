"""The console as an ASGI app: who may in, what may come in, and what browsers are told never to do."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.chat.people import Actor, Role
from bot.console.models import Session
from bot.console.requests import Page, PageRequest
from bot.console.sessions import Sessions
from bot.console.views import Views, choose_language
from bot.errors import BotError
from bot.runtime.faults import log_fault
from retrieval.errors import RetrievalError

log = structlog.get_logger(__name__)

BASE = "/console"
_SESSION_COOKIE, _LANGUAGE_COOKIE = "frontdesk_console", "frontdesk_language"
_YEAR = 365 * 86_400
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

FindRole = Callable[[Actor], Awaitable[Role]]
"""What somebody may do now. Raises StorageError."""


class ConsoleApp:
    """Serves `pages` under /console. `hosts` are the names under which it may be reached, so that no page of somebody
    else's can pretend to be it by a name of theirs; `providers` are the addresses where one can sign in, beside links,
    by whose they are; `is_secure`: it is reached by HTTPS alone."""

    def __init__(
        self,
        pages: Sequence[Page],
        sessions: Sessions,
        find_role: FindRole,
        views: Views,
        *,
        hosts: Sequence[str],
        is_secure: bool = False,
        providers: Mapping[str, str] | None = None,
    ) -> None:
        self._pages = pages
        self._sessions = sessions
        self._find_role = find_role
        self._views = views
        self._hosts = list(hosts)
        self._is_secure = is_secure
        self._providers = dict(providers or {})
        views.navigation = [each for each in pages if each.title]

    def make_mount(self, more: Sequence[BaseRoute] = ()) -> Mount:
        """The console below its path; `more` are routes that check for themselves who calls."""
        routes = [
            Mount("/static", OurFiles(directory=Path(__file__).parent / "static")),
            Route("/sign-in", self._sign_in),
            *more,
            Route("/sign-out", self._guard_page(Page("", Role.CUSTOMER, self._sign_out)), methods=["POST"]),
            Route("/language", self._guard_page(Page("", Role.CUSTOMER, self._choose_language)), methods=["POST"]),
            *(Route(each.path, self._guard_page(each), methods=list(each.methods)) for each in self._pages),
        ]
        app = Starlette(
            routes=routes,
            middleware=[
                Middleware(SafeHeaders),
                Middleware(TrustedHostMiddleware, allowed_hosts=self._hosts, www_redirect=False),
            ],
            exception_handlers={
                HTTPException: self._show_refusal,
                BotError: self._show_fault,
                RetrievalError: self._show_fault,
                Exception: self._show_fault,
            },
        )
        return Mount(BASE, app)

    async def start_session(self, actor: Actor) -> Response:
        """Somebody has proved who they are. Raises StorageError."""
        return self._welcome(await self._sessions.sign_in(actor))

    def _welcome(self, secret: str) -> Response:
        response = RedirectResponse(f"{BASE}/", 303)
        response.set_cookie(
            _SESSION_COOKIE,
            secret,
            max_age=self._sessions.seconds,
            path=BASE,
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def _sign_in(self, request: Request) -> Response:
        secret, used = request.query_params.get("link", ""), False
        if secret:
            if session := await self._sessions.redeem_link(secret):
                return self._welcome(session)
            used = True
        return self._show_outside(request, "Sign in", _USED if used else _HOW_TO_SIGN_IN, 401 if used else 200)

    async def _sign_out(self, page: PageRequest) -> Response:
        await self._sessions.sign_out(page.http.cookies[_SESSION_COOKIE])
        response = RedirectResponse(f"{BASE}/sign-in", 303)
        response.delete_cookie(_SESSION_COOKIE, path=BASE)
        return response

    async def _choose_language(self, page: PageRequest) -> Response:
        wanted = choose_language((await page.read_fields()).get("language", ""), "")
        before = urlsplit(page.http.headers.get("Referer", "")).path
        response = RedirectResponse(before if before.startswith(f"{BASE}/") else f"{BASE}/", 303)
        response.set_cookie(_LANGUAGE_COOKIE, wanted, max_age=_YEAR, path=BASE, secure=self._is_secure, samesite="lax")
        return response

    def _guard_page(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """What answers a request to `page`: nobody gets to it but by this."""

        async def answer(request: Request) -> Response:
            session = await self._find_session(request)
            if session is None:
                return self._ask_to_sign_in(request)
            if request.method not in {"GET", "HEAD"}:
                await _check_origin(request, session)
            role = await self._find_role(session.actor)
            if role < page.role:
                raise HTTPException(403)
            as_now = replace(session, actor=replace(session.actor, role=role))
            try:
                return await page.handle(PageRequest(request, as_now, role, self._language_of(request), self._views))
            except (BotError, RetrievalError, HTTPException):
                raise
            except Exception as error:  # further out it would be logged with its text, which may be a customer's
                return await self._show_fault(request, error)

        return answer

    async def _find_session(self, request: Request) -> Session | None:
        secret = request.cookies.get(_SESSION_COOKIE, "")
        return await self._sessions.find_session(secret) if secret else None

    def _ask_to_sign_in(self, request: Request) -> Response:
        address = f"{BASE}/sign-in"
        if "HX-Request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": address})
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(401)
        return RedirectResponse(address, 303)

    def _language_of(self, request: Request) -> str:
        wanted = request.cookies.get(_LANGUAGE_COOKIE, "")
        return choose_language(wanted, request.headers.get("Accept-Language", ""))

    def _show_outside(self, request: Request, title: str, text: str, status: int, **more: str) -> Response:
        """`more`: `back`, an address of ours that is offered."""
        providers = self._providers if status in {200, 401} else {}
        values = {"title": title, "text": text, "back": "", "providers": providers} | more
        return self._views.render_outside("outside.html", self._language_of(request), status, **values)

    async def _show_refusal(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title, text = REFUSALS.get(status, REFUSALS[400])
        return self._show_outside(request, title, text, status, back=f"{BASE}/")

    async def _show_fault(self, request: Request, error: Exception) -> Response:
        if isinstance(error, BotError | RetrievalError):
            log.warning("a page of the console failed", path=request.url.path, cause=str(error))
            return self._show_outside(request, "Not now", str(error), 503, back=request.url.path)
        fault = log_fault(error, path=request.url.path)
        return self._show_outside(request, "Something went wrong", f"The log has it as fault {fault}.", 500)


_HOW_TO_SIGN_IN = "Run frontdesk console on the machine where Frontdesk runs: it prints a link that signs you in once."
_USED = "This link was used before, or has expired. Run frontdesk console again for a new one."
REFUSALS = {
    400: ("Not understood", "The form was incomplete, or came from somewhere else. Load the page again."),
    401: ("Sign in", _HOW_TO_SIGN_IN),
    403: ("Not for you", "Only admins may see this page. Ask one of them to add you with frontdesk admins add."),
    404: ("No such page", "The address leads nowhere. It may have been removed."),
}


async def _check_origin(request: Request, session: Session) -> None:
    """What changes something was sent by a page of ours. Raises HTTPException."""
    origin = request.headers.get("Origin", "")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("Host", ""):
        raise HTTPException(400)
    form = await request.form(max_files=0)
    token = form.get("form_token", "")
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), session.form_token.encode()):
        raise HTTPException(400)


class OurFiles(StaticFiles):
    """Browsers keep them, and ask whether they have changed."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """See Starlette."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


class SafeHeaders:
    """Tells browsers what no page of ours does; a response's own headers count more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)
