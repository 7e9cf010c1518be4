"""What strangers may cost the web server: requests over real sockets, too long, too slow, unsigned or broken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress

import pytest
import uvicorn
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from bot.platforms.slack.signatures import read_signed
from bot.platforms.web import limits as bounds
from bot.platforms.web.app import web_app
from bot.platforms.web.limits import Bounded, PromptProtocol
from bot.platforms.web.metrics import Metrics

SECRET = "s3cret"
SECONDS = 10
HEAD = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def _everything_is_well() -> Mapping[str, str]:
    return {}


async def _slack(request: Request) -> Response:
    read = await read_signed(request, SignatureVerifier(SECRET))
    return read if isinstance(read, Response) else JSONResponse(read.body)


_ROUTES = [Route("/slack/events", _slack, methods=["POST"])]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The app on a port, as `frontdesk serve` serves it."""
    kind = {"http": PromptProtocol, "timeout_keep_alive": 1, "log_level": "warning", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, **kind))  # type: ignore[arg-type]
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await asyncio.wait_for(task, SECONDS)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with served(web_app(_everything_is_well, Metrics(), _ROUTES)) as port:
        yield port


async def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> tuple[str, int]:
    """Send until all is sent or we are cut off; the answer, and how many bytes went out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer, sent = bytearray(), 0

    async def listen() -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                answer.extend(piece)

    listening = asyncio.create_task(listen())
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            await asyncio.sleep(pause)
            if listening.done():
                break
    await asyncio.wait_for(listening, SECONDS)
    writer.close()
    return answer.decode(), sent


def signed(body: bytes, **headers: str) -> bytes:
    """A whole request as Slack signs it; `headers` replace its own."""
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    named = {
        "Content-Length": str(len(body)),
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Connection": "close",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return HEAD + lines.encode("latin-1") + b"\r\n" + body


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1]) if answer else 0


# too long


@pytest.mark.parametrize("path", [b"/slack/events", b"/healthz", b"/metrics", b"/nowhere"])
@pytest.mark.parametrize("piece", [100, 60_000])
async def test_an_endless_body_is_cut_off_whatever_it_is_sent_to(port: int, path: bytes, piece: int) -> None:
    chunk = f"{piece:x}\r\n".encode() + b"x" * piece + b"\r\n"
    pieces = [CHUNKED.replace(b"/slack/events", path), *([chunk * (60_000 // piece)] * 2_000)]
    answer, sent = await exchange(port, *pieces)
    assert status(answer) in {0, 413}  # the answer may be lost where we go on sending
    assert sent < 30_000_000, "what sockets hold, and no more"


async def test_a_body_that_says_it_is_long_is_turned_away(port: int) -> None:
    body = b"x" * (bounds.MOST_BYTES + 1)
    with capture_logs() as logs:
        answer, _ = await exchange(port, HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode(), body)
    assert status(answer) in {0, 413}
    assert [(each["event"], each["why"]) for each in logs] == [("request turned away", "too large")]


async def test_the_longest_body_is_read(port: int) -> None:
    body = json.dumps({"text": ""}).encode()
    body = body[:-2] + b"x" * (bounds.MOST_BYTES - len(body)) + body[-2:]
    answer, _ = await exchange(port, signed(body))
    assert status(answer) == 200 and answer.endswith('x"}')


async def test_many_bodies_together_are_bounded_and_let_go() -> None:
    app = Bounded(web_app(_everything_is_well, Metrics(), _ROUTES), most_together=5_000)
    async with served(app) as port:
        begun = HEAD + b"Content-Length: 3000\r\n\r\n" + b"x" * 2_500
        held = await asyncio.open_connection("127.0.0.1", port)
        held[1].write(begun)
        await held[1].drain()
        await until(lambda: app._held > 0)
        answer, _ = await exchange(port, begun + b"x" * 500)
        assert status(answer) == 503
        held[1].close()
        await until(lambda: app._held == 0)
        answer, _ = await exchange(port, begun + b"x" * 500)
        assert status(answer) == 401


# too slow


async def test_a_body_that_trickles_is_cut_off() -> None:
    app = Bounded(web_app(_everything_is_well, Metrics(), _ROUTES), seconds=0.3)
    async with served(app) as port:
        drops = [HEAD + b"Content-Length: 1000\r\n\r\n", *([b"x"] * 900)]
        answer, sent = await exchange(port, *drops, pause=0.02)
    assert status(answer) == 408 and sent < 500


@pytest.mark.parametrize("first", [b"", b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n"])
@pytest.mark.parametrize("drop", [b"", b"X-Drop: y\r\n"])
async def test_headers_that_trickle_are_cut_off(
    port: int, first: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also silence, and the second request of a connection."""
    monkeypatch.setattr(bounds, "HEAD_SECONDS", 0.3)
    began = time.monotonic()
    answer, _ = await exchange(port, first + HEAD, *([drop] * 500), pause=0.02)
    assert answer.count("HTTP/1.1") == bool(first)
    assert time.monotonic() - began < 8


async def test_a_connection_that_asks_again_in_time_is_kept(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEAD_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(5):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"ok\n"), SECONDS)).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.15)
    writer.close()


# nobody at Slack


NOT_JSON = (b"{", b"{]", b'{"a": 1', b"\xff\xfe{", b'{"a": "\xff"', b"[" * 500_000, b'{"a":' * 100_000, b"NaN", b"")
NO_REQUEST = (b"[]", b"7", b'"x"', b"null", b'{"authorizations": 7}', b'{"authorizations": [7]}', b'{"team": []}')


@pytest.mark.parametrize("body", [*NOT_JSON, *NO_REQUEST, b"payload=%7B", b"payload=7"], ids=lambda body: body[:12])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("theirs", ["", "v0=forged", "v0=\xe4", None])
async def test_a_body_that_is_no_request_is_refused_in_one_line(
    port: int, body: bytes, content_type: str, theirs: str | None
) -> None:
    forged = {} if theirs is None else {"X_Slack_Signature": theirs}
    with capture_logs() as logs:
        answer, _ = await exchange(port, signed(body, Content_Type=content_type, **forged))
    if forged or b"\xff" in body:  # Slack signs text
        assert status(answer) == 401
    else:
        assert status(answer) in {200, 400}  # some of it is a form to Bolt
    assert len(logs) == (status(answer) != 200)
    assert all(set(log) == {"event", "log_level", "path", "why"} for log in logs)
    assert "Traceback" not in answer and "Error" not in answer


@pytest.mark.parametrize("stamp", ["", "soon", "1e9", "-1", "9" * 5_000, "\xb2", "inf", " "])
async def test_a_time_that_is_none_is_no_signature(port: int, stamp: str) -> None:
    answer, _ = await exchange(port, signed(b"{}", X_Slack_Request_Timestamp=stamp))
    assert status(answer) == 401


async def test_slack_looks_at_the_certificate_without_signing(port: int) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_Slack_Signature": ""}
    answer, _ = await exchange(port, signed(b"token=t&ssl_check=1", **form))
    assert status(answer) == 200
    answer, _ = await exchange(port, signed(b"token=t&not_ssl_check=1", **form))
    assert status(answer) == 401
