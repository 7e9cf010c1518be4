"""Who calls a tool, and whether they may: a key over HTTP, or whoever started the process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.api.authentication import Gate
from bot.api.problems import to_problem
from bot.api_keys import models as keys
from bot.platforms.mcp.platform import LOCAL

_CALLER = "caller"  # where a request's state has it


class Caller(Protocol):
    """`name` is that of a key, or LOCAL: conversations belong to it."""

    @property
    def name(self) -> str: ...

    def admit_call(self, scope: keys.Scope) -> None:
        """Count a call that is to be for that. Raises ApiProblem."""


@dataclass(frozen=True, slots=True)
class LocalCaller:
    """Whoever started the process, and may do all."""

    name: str = LOCAL

    def admit_call(self, scope: keys.Scope) -> None:
        """They may."""


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """Whoever sent a key."""

    gate: Gate
    key: keys.ApiKey

    @property
    def name(self) -> str:
        return self.key.name

    def admit_call(self, scope: keys.Scope) -> None:
        self.gate.admit_key(self.key, scope)


class KeyedApp:
    """An ASGI app whose every request has a key, which `find_caller` then tells."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        request = Request(scope)
        try:
            key = await self._gate.identify_caller(request)
        except Exception as error:
            await to_problem(error, surface="mcp").to_response()(scope, receive, send)
            return
        setattr(request.state, _CALLER, KeyCaller(self._gate, key))  # kept in the scope
        await self._app(scope, receive, send)


def find_caller(request: Request | None) -> Caller:
    """Whose the request is; none came with what is read from standard input."""
    if request is None:
        return LocalCaller()
    caller: Caller = getattr(request.state, _CALLER)
    return caller
