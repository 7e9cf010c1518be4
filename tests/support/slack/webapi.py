"""The Web API's front door: arguments from query, form or JSON; tokens, scopes, ordered faults; the answer's dress."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from tests.support.slack.core import Call, Core
from tests.support.slack.errors import Refused
from tests.support.slack.faults import Fault
from tests.support.slack.workspace import SCOPE_OF_KIND, Channel, Message


class Args:
    """A call's arguments. In queries and forms, lists and objects come as JSON text."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """A string, '' where it is missing."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def need(self, *names: str) -> list[str]:
        """Strings that must be there."""
        for name in names:
            if not self.text(name):
                raise Refused("invalid_arguments", f"[ERROR] missing required field: {name}")
        return [self.text(name) for name in names]

    def flag(self, name: str) -> bool:
        """A boolean, however it is written."""
        return self.text(name).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise Refused("invalid_arguments", f"[ERROR] must be an integer: {name}") from None

    def data(self, name: str, error: str = "invalid_arguments") -> Any:
        """A list or an object, None where it is missing."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refused(error) from None


Method = Callable[[Core, Args], dict[str, Any]]
METHODS: dict[str, tuple[Method, tuple[str, ...]]] = {}


def method(name: str, *scopes: str) -> Callable[[Method], Method]:
    """Make a function the Web API's method of this name; one of the scopes must be held, if any is named.

    A scope `*:history` stands for the one of the channel's kind, and is checked by `reach`.
    """

    def enter(function: Method) -> Method:
        METHODS[name] = (function, scopes)
        return function

    return enter


def require(core: Core, *scopes: str) -> None:
    """Refuse an app that holds none of these scopes."""
    if scopes and not core.scopes.intersection(scopes):
        raise Refused("missing_scope", needed=scopes[0], provided=",".join(sorted(core.scopes)))


def reach(core: Core, channel_id: str, right: str = "", *, member: bool = True) -> Channel:
    """A channel that the app may name; private ones that it is not in do not exist for it."""
    channel = core.workspace.channels.get(channel_id)
    if channel is None and channel_id in core.workspace.users and right == "write":
        channel = core.workspace.direct(channel_id)  # a user's id stands for the private conversation
    inside = channel is not None and core.bot_user in channel.members
    if channel is None or (channel.kind != "public" and not inside):
        raise Refused("channel_not_found")
    if right in {"history", "read"}:
        require(core, f"{SCOPE_OF_KIND[channel.kind]}:{right}")
    public_write = right == "write" and "chat:write.public" in core.scopes
    if member and not inside and not public_write:
        raise Refused("not_in_channel")
    return channel


def own_message(core: Core, args: Args, error: str) -> Message:
    """The message that `channel` and `ts` name, which the app must have written."""
    channel_id, ts = args.need("channel", "ts")
    message = reach(core, channel_id).messages.get(ts)
    if message is None or message.ephemeral_to:
        raise Refused("message_not_found")
    if message.bot_id != core.bot_id:
        raise Refused(error)
    return message


class WebApi:
    """Serves /api/<method>."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Any method, by GET or POST."""
        name, at = request.match_info["method"], time.time()
        try:
            args, token = await _read(request)
        except Refused as refused:
            return self._answer(name, {}, at, refused.answer())
        fault = self._core.faults.take(name, args)
        if fault:
            await asyncio.sleep(fault.delay)
            if fault.hold:
                await fault.hold.wait()
            broken = self._broken(fault, name, args, at, request)
            if broken is not None:
                return broken
        response = self._run(name, args, token)
        answer = self._answer(name, args, at, response)
        if fault and fault.drop == "after" and request.transport:
            request.transport.abort()
        return answer

    def _run(self, name: str, args: dict[str, Any], token: str) -> dict[str, Any]:
        try:
            entry = METHODS.get(name)
            if entry is None:
                raise Refused("unknown_method", req_method=name)
            function, scopes = entry
            self._authorize(name, token)
            if name != "apps.connections.open":
                require(self._core, *scopes)
            return {"ok": True, **function(self._core, Args(args))}
        except Refused as refused:
            return refused.answer()

    def _authorize(self, name: str, token: str) -> None:
        if name == "api.test":
            return
        if not token:
            raise Refused("not_authed")
        if token not in {self._core.bot_token, self._core.app_token}:
            raise Refused("invalid_auth")
        for_apps = name == "apps.connections.open"
        if for_apps != (token == self._core.app_token) and name != "auth.test":
            raise Refused("not_allowed_token_type")
        if for_apps and "connections:write" not in self._core.app_scopes:
            provided = ",".join(sorted(self._core.app_scopes))
            raise Refused("missing_scope", needed="connections:write", provided=provided)

    def _broken(
        self, fault: Fault, name: str, args: dict[str, Any], at: float, request: web.Request
    ) -> web.StreamResponse | None:
        if fault.drop == "before":
            self._note(name, args, at, {"ok": False, "error": "dropped"})
            if request.transport:
                request.transport.abort()
            return web.Response()
        if fault.retry_after:
            response = {"ok": False, "error": "ratelimited"}
            return self._answer(name, args, at, response, 429, {"Retry-After": str(fault.retry_after)})
        if fault.status != 200:
            self._note(name, args, at, {"ok": False, "error": f"http:{fault.status}"})
            return web.Response(
                status=fault.status, text="<html>upstream connect error</html>", content_type="text/html"
            )
        if fault.error:
            return self._answer(name, args, at, {"ok": False, "error": fault.error})
        return None

    def _answer(
        self,
        name: str,
        args: dict[str, Any],
        at: float,
        response: dict[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        self._note(name, args, at, response)
        scopes = METHODS[name][1] if name in METHODS else ()
        dress = {"x-oauth-scopes": ",".join(sorted(self._core.scopes)), "x-accepted-oauth-scopes": ",".join(scopes)}
        return web.json_response(response, status=status, headers={**dress, **(headers or {})})

    def _note(self, name: str, args: dict[str, Any], at: float, response: dict[str, Any]) -> None:
        self._core.calls.append(Call(name, args, at, bool(response["ok"]), str(response.get("error", "")), response))


async def _read(request: web.Request) -> tuple[dict[str, Any], str]:
    """Arguments and token. Slack takes tokens from the header or the body, from the query no more."""
    args: dict[str, Any] = dict(request.query)
    args.pop("token", None)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        args |= body
    elif request.method == "POST":
        args |= dict(await request.post())
    token = str(args.pop("token", "") or "")
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        token = header.removeprefix("Bearer ").strip()
    return args, token
