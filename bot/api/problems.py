"""Why nothing comes of a request, as RFC 9457 has it. What an exception says stays in the log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.api.models import InputFault, Problem
from bot.errors import InputError, NotAllowed, StorageError, UnknownSource, UnknownTurn
from bot.runtime.faults import log_fault
from retrieval.errors import RefreshRunning, SourceError

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = 5  # after a fault that passes by itself


class ProblemKind(Enum):
    """What went wrong: its status, its name in `type`, and what that means."""

    MALFORMED = 400, "malformed", "The request cannot be read"
    UNAUTHORIZED = 401, "unauthorized", "A valid key is needed"
    FORBIDDEN = 403, "forbidden", "The key is not for this"
    NOT_FOUND = 404, "not-found", "There is no such thing"
    METHOD_NOT_ALLOWED = 405, "method-not-allowed", "That is not done here"
    CONFLICT = 409, "conflict", "It cannot be done as things stand"
    MEDIA_TYPE = 415, "media-type", "A body is JSON"
    INVALID = 422, "invalid", "The input does not fit"
    TOO_MANY = 429, "too-many-requests", "Too much was asked"
    FAULT = 500, "fault", "Something went wrong here"
    UNAVAILABLE = 503, "unavailable", "Not now"

    def __init__(self, status: int, slug: str, title: str) -> None:
        self.status = status
        self.type = f"urn:frontdesk:problem:{slug}"
        self.title = title


class ApiProblem(Exception):
    """What a caller is told instead of an answer. `detail` and `errors` are words of our own."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[InputFault] = (),
    ) -> None:
        super().__init__(detail or kind.title)
        self.kind = kind
        self.headers = dict(headers or {})
        self.body = Problem(
            type=kind.type,
            title=kind.title,
            status=kind.status,
            detail=detail or None,
            errors=list(errors) or None,
        )

    def to_json(self) -> str:
        """The problem, without what it does not say."""
        return self.body.model_dump_json(exclude_none=True)

    def to_response(self) -> Response:
        """The problem with its status."""
        return Response(self.to_json(), self.kind.status, self.headers, MEDIA_TYPE)


def ask_to_wait(seconds: float, detail: str) -> ApiProblem:
    """Too much was asked: again after so many seconds."""
    return ApiProblem(ProblemKind.TOO_MANY, detail, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def say_unavailable(detail: str) -> ApiProblem:
    """What passes by itself."""
    return ApiProblem(ProblemKind.UNAVAILABLE, detail, headers={"Retry-After": str(_RETRY_SECONDS)})


def to_problem(error: Exception, surface: str = "api") -> ApiProblem:
    """What a caller is told of an error; one that nobody foresaw is logged, with the surface that met it."""
    if isinstance(error, ApiProblem):
        return error
    if isinstance(error, NotAllowed):
        return ApiProblem(ProblemKind.FORBIDDEN, "Only admins may do this.")
    if isinstance(error, UnknownSource):
        return ApiProblem(ProblemKind.NOT_FOUND, "No source has that name.")
    if isinstance(error, UnknownTurn):
        return ApiProblem(ProblemKind.NOT_FOUND, "This key has made no turn of that id.")
    if isinstance(error, InputError):
        return ApiProblem(ProblemKind.INVALID, "The command does not take this.")
    if isinstance(error, SourceError | RefreshRunning):
        return ApiProblem(ProblemKind.CONFLICT, "No source can be read now: GET /sources tells their state.")
    if isinstance(error, StorageError):
        log_fault(error, "database refused", surface=surface)
        return say_unavailable("The database is away: try again in a moment.")
    fault = log_fault(error, surface=surface)
    return ApiProblem(ProblemKind.FAULT, f"The log of Frontdesk tells more of fault {fault}.")


def list_input_faults(error: ValidationError) -> list[InputFault]:
    """What is wrong with which part; nothing of what was sent is repeated."""
    told = error.errors(include_url=False, include_context=False, include_input=False)
    return [InputFault(at="".join(f"/{part}" for part in each["loc"]), message=each["msg"]) for each in told]


async def answer_http_exception(_: Request, error: Exception) -> Response:
    """What the router refuses: an address, or a method of one."""
    if not isinstance(error, HTTPException):
        return to_problem(error).to_response()
    kinds = {kind.status: kind for kind in ProblemKind}
    kind = kinds.get(error.status_code, ProblemKind.MALFORMED)
    detail = "The addresses are told in /api/v1/openapi.json." if kind is ProblemKind.NOT_FOUND else ""
    return ApiProblem(kind, detail, headers=error.headers).to_response()
