"""Slack's signed HTTP requests, read for Bolt. What is not signed is not parsed: Bolt would, and look afterwards."""

from __future__ import annotations

from urllib.parse import parse_qsl

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request
from slack_bolt.async_app import AsyncBoltContext, AsyncBoltRequest
from slack_bolt.request.async_internals import build_async_context
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

log = structlog.get_logger(__name__)

_CERTIFICATE = b"ssl_check=1"
_MOST_OF_A_CHECK = 1_000  # bytes of a request that asks for the certificate


async def read_signed(request: Request, verifier: SignatureVerifier) -> AsyncBoltRequest | Response:
    """The request, or what is answered to one that nobody at Slack has sent (401) or that says nothing (400)."""
    body = await request.body()
    if not _is_signed(body, request, verifier) and not _asks_for_certificate(body):
        return _refuse_request(request, "not signed by Slack", 401)
    try:
        return _parse_request(request, body)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):  # JSON, and whatever Bolt takes for it
        return _refuse_request(request, "not readable", 400)


def _parse_request(request: Request, body: bytes) -> AsyncBoltRequest:
    """Bolt 1.30 takes any form that has the word "payload" in it for an interaction, and so loses a command that speaks
    of one. Raises what Bolt raises of a body that is no request."""
    raw = body.decode("utf-8", "replace")
    read = to_async_bolt_request(request, raw.encode())
    if not read.body and raw and not raw.startswith("{"):
        read.body = dict(parse_qsl(raw, keep_blank_values=True))
        read.context = build_async_context(AsyncBoltContext({}), read.body)
    return read


def _is_signed(body: bytes, request: Request, verifier: SignatureVerifier) -> bool:
    try:
        return verifier.is_valid_request(body, dict(request.headers))
    except (ValueError, TypeError):  # a time that is no number, a signature that is not ASCII
        return False


def _asks_for_certificate(body: bytes) -> bool:
    """Slack looks at the certificate of a command's address now and then; Bolt answers with nothing."""
    return len(body) <= _MOST_OF_A_CHECK and _CERTIFICATE in body.split(b"&")


def _refuse_request(request: Request, why: str, status: int) -> Response:
    log.warning("request turned away", path=request.url.path, why=why)
    return PlainTextResponse(f"{why}\n", status_code=status)
