"""Signing in by OpenID Connect: at Slack, at Discord, or at any other provider."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.chat.people import OPENID, Actor
from bot.errors import PlatformError

log = structlog.get_logger(__name__)

_KNOWN = {"slack.com": "slack", "discord.com": "discord"}
_SLACK_USER, _SLACK_TEAM = "https://slack.com/user_id", "https://slack.com/team_id"
_SIGN_IN_SECONDS = 600

StartSession = Callable[[Actor], Awaitable[Response]]
FindWorkspace = Callable[[str], Awaitable[str]]
"""The workspace of a chat platform's support team, by the platform's name."""


class OpenIdSignIn:
    """`issuer` is the provider's address, `url` the address of the console as browsers reach it: `url`/openid/back is
    what the provider has to know. Nothing of what the provider gives is kept but who signed in."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, url: str, find_workspace: FindWorkspace
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._back = f"{url}/openid/back"
        self._find_workspace = find_workspace
        # Where the browser keeps what it was sent away with: every replica must read what another has written.
        self._cookie_key = hashlib.sha256(f"console sign-in:{client_secret}".encode()).hexdigest()
        self._client = OAuth().register(
            "provider",
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_id=client_id,
            client_secret=client_secret,
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10},
        )

    @property
    def name(self) -> str:
        """What people know the provider as."""
        host = str(urlsplit(self._issuer).hostname)
        return _KNOWN.get(host, host).capitalize() if host in _KNOWN else host

    def make_mount(self, base: str, start_session: StartSession) -> Mount:
        """Its two addresses, /openid and /openid/back."""

        async def leave_for_provider(request: Request) -> Response:
            try:
                await self._check_issuer()
                response: Response = await self._client.authorize_redirect(request, self._back)
            except (HTTPError, AuthlibBaseError, RuntimeError, ValueError) as error:
                raise PlatformError(
                    f"{self.name} cannot be reached for signing in ({type(error).__name__}): try again later, or see "
                    "FRONTDESK_CONSOLE_OPENID_ISSUER."
                ) from error
            return response

        async def come_back(request: Request) -> Response:
            try:
                token = await self._client.authorize_access_token(request)
                claims = token.get("userinfo")
            except (HTTPError, AuthlibBaseError, JoseError, RuntimeError, ValueError, KeyError, TypeError) as error:
                log.warning("a sign-in was refused", issuer=self._issuer, cause=type(error).__name__)
                raise HTTPException(401) from error
            if not claims:
                log.warning("a sign-in was refused", issuer=self._issuer, cause="no ID token")
                raise HTTPException(401)
            return await start_session(await self._find_actor(claims))

        cookies = Middleware(
            SessionMiddleware,
            secret_key=self._cookie_key,
            session_cookie="frontdesk_sign_in",
            max_age=_SIGN_IN_SECONDS,
            path=f"{base}/openid",
            same_site="lax",
            https_only=self._back.startswith("https://"),
        )
        routes = [Route("/", leave_for_provider), Route("/back", come_back)]
        return Mount("/openid", routes=routes, middleware=[cookies])

    async def _check_issuer(self) -> None:
        """What the provider calls itself is what the operator set (OpenID Connect Discovery 1.0, 4.3)."""
        told = str((await self._client.load_server_metadata()).get("issuer", ""))
        if told.rstrip("/") != self._issuer:
            raise ValueError(f"the provider calls itself {told[:80]!r}")

    async def _find_actor(self, claims: Mapping[str, Any]) -> Actor:
        name = str(claims.get("name") or claims.get("nickname") or claims.get("preferred_username") or "")[:80]
        platform = _KNOWN.get(str(urlsplit(self._issuer).hostname), OPENID)
        if platform == "slack":
            return Actor(platform, str(claims[_SLACK_TEAM]), str(claims[_SLACK_USER]), name)
        if platform == "discord":
            return Actor(platform, await self._find_workspace(platform), str(claims["sub"]), name)
        verified = claims.get("email_verified") is True and claims.get("email")
        return Actor(OPENID, "", str(verified or claims["sub"]).casefold(), name)
