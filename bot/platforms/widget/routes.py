"""The widget's requests. Each is a POST, which browsers send with its page's origin, and is answered to allowed ones
alone; whose it is, a secret tells that no address holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from bot.chat.conversation import Vote
from bot.errors import StorageError, UnknownTurn
from bot.platforms.widget.calls import VisitorCalls
from bot.platforms.widget.limits import CallLimit
from bot.platforms.widget.script import load_script
from bot.platforms.widget.settings import WidgetSettings
from bot.platforms.widget.streams import Streams
from bot.platforms.widget.visits import (
    LONGEST_BODY,
    BadRequest,
    Visit,
    read_body,
    read_language,
    read_message,
    read_turn_id,
    read_visit,
)
from bot.runtime.faults import log_fault

PATH = "/widget"
_MOST_STREAMS, _STREAMS_OF_ADDRESS = 2_000, 60  # at a time
_SCRIPT_HEADERS = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Handle = Callable[[Visit, Mapping[str, Any]], Awaitable[Response]]


class WidgetRoutes:
    """`ready`: whether messages are taken just now."""

    def __init__(
        self, settings: WidgetSettings, calls: VisitorCalls, streams: Streams, ready: Callable[[], bool]
    ) -> None:
        self._origins = settings.allowed_origins
        self._by_visitor = CallLimit(settings.visitor_limit)
        self._by_address = CallLimit(settings.address_limit)
        self._calls = calls
        self._streams = streams
        self._ready = ready
        self._open: Counter[str] = Counter()  # streams, by address

    def list_routes(self) -> Sequence[BaseRoute]:
        """The script, the stream, and what a visitor does."""
        posts: Mapping[str, Handle] = {
            "messages": self._ask_question,
            "votes": self._record_vote,
            "choices": self._choose_option,
            "handoffs": self._call_person,
            "buttons": self._press_button,
            "forget": self._forget_visitor,
        }
        takes = [
            Route(f"{PATH}/{name}", self._guard_call(handle), methods=["POST", "OPTIONS"])
            for name, handle in posts.items()
        ]
        stream = Route(f"{PATH}/events", self._stream_events, methods=["POST", "OPTIONS"])
        return [Route(f"{PATH}/frontdesk.js", self._send_script), stream, *takes]

    async def _send_script(self, request: Request) -> Response:
        """The same for every site: what it may do here is decided when it calls."""
        script, tag = load_script()
        headers = _SCRIPT_HEADERS | {"ETag": tag}
        if request.headers.get("If-None-Match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    def _guard_call(self, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        async def take_call(request: Request) -> Response:
            if refused := self._check_origin(request):
                return refused
            answer = await self._take_call(request, handle)
            answer.headers.update(_cors_headers(request))
            return answer

        return take_call

    async def _take_call(self, request: Request, handle: Handle) -> Response:
        try:
            visit = read_visit(request.headers.get("Authorization", ""))
            if wait := max(self._by_visitor.take_call(visit.visitor), self._by_address.take_call(_address(request))):
                return _refuse_call("too many", 429, wait)
            body = await request.body()
            if len(body) > LONGEST_BODY:
                return _refuse_call("too large", 413)
            if not self._ready():
                return _refuse_call("not ready", 503, 2)
            return await handle(visit, read_body(body))
        except BadRequest as error:
            return _refuse_call(str(error), 400)
        except UnknownTurn:
            return _refuse_call("no such answer", 404)
        except StorageError as error:
            return _refuse_call(f"fault {log_fault(error, where='widget')}", 503, 2)

    async def _ask_question(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        await self._calls.ask_question(read_message(visit, body))
        return Response(status_code=202)

    async def _record_vote(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        if body.get("vote") not in set(Vote):
            raise BadRequest("a vote is up or down")
        await self._calls.record_vote(visit, read_turn_id(body), Vote(body["vote"]))
        return Response(status_code=204)

    async def _choose_option(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        number = body.get("number")
        if not isinstance(number, int) or not 0 <= number < 100:
            raise BadRequest("the number of an option is needed")
        why = await self._calls.choose_option(visit, read_turn_id(body), number)
        return JSONResponse({"told": why}, status_code=409) if why else Response(status_code=202)

    async def _call_person(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        await self._calls.call_person(visit, read_turn_id(body))
        return Response(status_code=202)

    async def _press_button(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        action, value = body.get("action"), body.get("value")
        if not isinstance(action, str) or not isinstance(value, str) or len(action) + len(value) > 200:
            raise BadRequest("a button's action and value are needed")
        await self._calls.press_button(visit, action, value, read_language(body))
        return Response(status_code=202)

    async def _forget_visitor(self, visit: Visit, body: Mapping[str, Any]) -> Response:
        done = await self._calls.forget_visitor(visit, read_language(body))
        return Response(status_code=204) if done else _refuse_call("not deleted", 503, 2)

    async def _stream_events(self, request: Request) -> Response:
        if refused := self._check_origin(request):
            return refused
        address, cors = _address(request), _cors_headers(request)
        try:
            visit = read_visit(request.headers.get("Authorization", ""))
        except BadRequest as error:
            return _refuse_call(str(error), 400, headers=cors)
        if wait := self._by_address.take_call(f"{address} streams"):
            return _refuse_call("too many", 429, wait, headers=cors)
        if self._open[address] >= _STREAMS_OF_ADDRESS or self._streams.count >= _MOST_STREAMS:
            return _refuse_call("too many", 429, 30, headers=cors)
        if not self._ready():
            return _refuse_call("not ready", 503, 2, headers=cors)
        events = self._count_stream(address, visit.visitor)
        return StreamingResponse(events, media_type="text/event-stream", headers=_STREAM_HEADERS | cors)

    async def _count_stream(self, address: str, visitor: str) -> AsyncIterator[str]:
        self._open[address] += 1
        try:
            async for event in self._streams.stream_events(visitor):
                yield event
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _check_origin(self, request: Request) -> Response | None:
        """What is answered to a page that may not show the widget, and to a browser that asks what it may send."""
        if request.headers.get("Origin", "").lower() not in self._origins:
            return _refuse_call("this site is not in FRONTDESK_WIDGET_ORIGINS", 403)
        return Response(status_code=204, headers=_cors_headers(request)) if request.method == "OPTIONS" else None


def _cors_headers(request: Request) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Allow-Headers": "authorization, content-type",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Max-Age": "600",
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


def _address(request: Request) -> str:
    """Whom the web server takes it from: behind a proxy on this machine, whom that names."""
    return request.client.host if request.client else ""


def _refuse_call(why: str, status: int, wait: float = 0, headers: Mapping[str, str] | None = None) -> Response:
    later = {"Retry-After": str(math.ceil(wait))} if wait else {}
    return JSONResponse({"error": why}, status_code=status, headers={**later, **(headers or {})})
