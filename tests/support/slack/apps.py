"""Real bolt apps on the stand-in's wires, for the stand-in's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack import SlackStandIn


def make_app(slack: SlackStandIn, **options: Any) -> AsyncApp:
    client = AsyncWebClient(token="xoxb-test", base_url=slack.api_url)
    return AsyncApp(client=client, signing_secret="shh", **options)


@asynccontextmanager
async def socket_mode(slack: SlackStandIn, app: AsyncApp, sockets: int = 1, ping: float = 0.2) -> AsyncIterator[None]:
    """The app on so many sockets. It notices within `ping` seconds that one was cut; a busy app needs more of them."""
    handlers = [AsyncSocketModeHandler(app, "xapp-test", ping_interval=ping) for _ in range(sockets)]
    before = slack.connections
    for handler in handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for(lambda: slack.connections == before + sockets)
    try:
        yield
    finally:
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def http_mode(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[str]:
    async def events(request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        answer = await app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(request.headers)))
        headers = {name: values[0] for name, values in answer.headers.items() if name != "content-type"}
        kind = answer.headers.get("content-type", ["text/plain"])[0].split(";")[0]
        return web.Response(status=answer.status, text=answer.body or "", headers=headers, content_type=kind)

    server = web.Application()
    server.router.add_post("/slack/events", events)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.http_mode(url)
    try:
        yield url
    finally:
        await runner.cleanup()


def collector(app: AsyncApp, *kinds: str) -> list[dict[str, Any]]:
    """The events of these kinds that the app's listeners get."""
    seen: list[dict[str, Any]] = []
    for kind in kinds:

        @app.event(kind)
        async def listen(body: dict[str, Any]) -> None:
            seen.append(body)

    return seen
