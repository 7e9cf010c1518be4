"""The ASGI app: /healthz, /readyz, /metrics, and what chat platforms send by HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.platforms.web.limits import Bounded
from bot.platforms.web.metrics import CONTENT_TYPE, Metrics

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
"""-> what each part lacks to be ready ("" where nothing); answers quickly and raises nothing."""


def web_app(ready: Readiness, metrics: Metrics, platforms: Sequence[BaseRoute] = ()) -> Starlette:
    """`platforms` are the chat platforms' own routes, which check for themselves who asks. No request's body is longer,
    or slower, than `Bounded` allows."""

    async def report_health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def report_readiness(_: Request) -> Response:
        parts = await ready()
        well = not any(parts.values())
        return JSONResponse({"ready": well, "parts": dict(parts)}, status_code=200 if well else 503)

    async def show_metrics(_: Request) -> Response:
        return Response(metrics.render_metrics(), media_type=CONTENT_TYPE)

    routes = [Route("/healthz", report_health), Route("/readyz", report_readiness), Route("/metrics", show_metrics)]
    return Starlette(routes=[*routes, *platforms], middleware=[Middleware(Bounded)])
