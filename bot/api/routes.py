"""The operations as routes of the web server: let in, read, done, answered; whatever goes wrong is a problem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.api.authentication import Gate
from bot.api.handlers import Call, Handler
from bot.api.models import Input
from bot.api.openapi import build_document
from bot.api.operations import OPERATIONS, Operation
from bot.api.problems import ApiProblem, ProblemKind, answer_http_exception, list_input_faults, to_problem
from bot.api.streaming import CallerGone

PREFIX = "/api/v1"
_JSON = "application/json"
_GONE = 499  # of which nobody hears: as web servers log who has left


class RequestMeter(Protocol):
    """Counts requests."""

    def count_request(self, operation: str, status: int) -> None: ...


def build_routes(gate: Gate, handlers: Mapping[str, Handler], meter: RequestMeter) -> Mount:
    """All operations, and the document that describes them, below `/api/v1`."""
    document = json.dumps(build_document(PREFIX), ensure_ascii=False).encode()

    async def show_document(_: Request) -> Response:
        return Response(document, media_type=_JSON)

    routes = [Route("/openapi.json", show_document)]
    routes += [
        Route(each.path, _Endpoint(each, gate, handlers[each.name], meter).answer_request, methods=[each.method])
        for each in OPERATIONS
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: answer_http_exception})
    app.router.redirect_slashes = False
    return Mount(PREFIX, app)


class _Endpoint:
    """Answers the requests of one operation."""

    def __init__(self, operation: Operation, gate: Gate, handler: Handler, meter: RequestMeter) -> None:
        self._operation = operation
        self._gate = gate
        self._handler = handler
        self._meter = meter

    async def answer_request(self, request: Request) -> Response:
        try:
            response = await self._do_operation(request)
        except (CallerGone, ClientDisconnect):
            response = Response(status_code=_GONE)
        except Exception as error:
            response = to_problem(error).to_response()
        self._meter.count_request(self._operation.name, response.status_code)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    async def _do_operation(self, request: Request) -> Response:
        key = await self._gate.admit_request(request, self._operation.scope)
        answer = await self._handler(Call(key, await self._read_input(request), request))
        if isinstance(answer, Response):
            return answer
        return _write_json(answer, self._operation.status)

    async def _read_input(self, request: Request) -> Input | None:
        """Raises ApiProblem."""
        try:
            if self._operation.query:
                return self._operation.query.model_validate(dict(request.query_params))
            if self._operation.body:
                _check_media_type(request)
                return self._operation.body.model_validate_json(await request.body())
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                raise ApiProblem(ProblemKind.MALFORMED, "The body is no JSON.") from None
            raise ApiProblem(ProblemKind.INVALID, errors=list_input_faults(error)) from None
        return None


def _check_media_type(request: Request) -> None:
    given = request.headers.get("Content-Type", _JSON).partition(";")[0].strip().casefold()
    if given != _JSON:
        raise ApiProblem(ProblemKind.MEDIA_TYPE, f"Send 'Content-Type: {_JSON}'.")


def _write_json(answer: BaseModel, status: int) -> Response:
    return Response(answer.model_dump_json(), status, media_type=_JSON)
