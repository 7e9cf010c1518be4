"""Who calls: the key of a request, what it is for, and how often it may be used."""

from __future__ import annotations

import math
from collections.abc import Callable

from starlette.requests import Request

from bot.api.problems import ApiProblem, ProblemKind, ask_to_wait, say_unavailable
from bot.api_keys.models import ApiKey, Scope
from bot.api_keys.service import ApiKeys
from bot.inbox.queue import Budget

STOPPING = "Frontdesk is being stopped or started: ask again in a moment."
_MINUTE = 60.0  # seconds
_REALM = 'Bearer realm="Frontdesk"'


class Gate:
    """Lets requests in whose key is for what they ask; each key `per_minute` (0: no limit) in this process, and none
    but while it `is_open`."""

    def __init__(self, keys: ApiKeys, per_minute: int, is_open: Callable[[], bool] = lambda: True) -> None:
        self._keys = keys
        self._budget = Budget(per_minute, _MINUTE)
        self._is_open = is_open

    async def admit_request(self, request: Request, scope: Scope) -> ApiKey:
        """The request's key. Raises ApiProblem, StorageError."""
        key = await self.identify_caller(request)
        self.admit_key(key, scope)
        return key

    async def identify_caller(self, request: Request) -> ApiKey:
        """The request's key, whatever it is for. Raises ApiProblem, StorageError."""
        if not self._is_open():
            raise say_unavailable(STOPPING)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.casefold() != "bearer":
            detail = "Send 'Authorization: Bearer fdk_…': an admin makes a key by 'frontdesk keys add'."
            raise ApiProblem(ProblemKind.UNAUTHORIZED, detail, headers={"WWW-Authenticate": _REALM})
        key = await self._keys.find_key(token.strip(" "))
        if key is None:
            refusal = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
            raise ApiProblem(ProblemKind.UNAUTHORIZED, "The key is unknown, removed or expired.", headers=refusal)
        return key

    def admit_key(self, key: ApiKey, scope: Scope) -> None:
        """Count a use of the key, which is to be for that. Raises ApiProblem."""
        if wait := self._budget.take_question(key.id):
            raise ask_to_wait(wait, f"This key is used too often: ask again in {math.ceil(wait)} s.")
        if scope not in key.scopes:
            refusal = {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'}
            raise ApiProblem(
                ProblemKind.FORBIDDEN,
                f"The key lacks the scope {scope}: an admin makes one that has it by 'frontdesk keys add'.",
                headers=refusal,
            )
