"""What the API offers: one declaration an operation, from which its routes, its checks and its document are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.api import models
from bot.api.problems import ProblemKind
from bot.api_keys.models import Scope


@dataclass(frozen=True, slots=True)
class Link:
    """What may follow: another operation, which takes a `field` of the output as its `parameter` of the path, or in the
    body."""

    operation: str
    field: str
    parameter: str
    in_body: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below `/api/v1`. What is sent is a `body` or a `query`, what comes back is an `output` under `status`,
    or, where that is asked for, a stream of `events`. `problems` are those besides what every operation may have, and
    `links` what may follow."""

    name: str
    method: str
    path: str
    scope: Scope
    summary: str
    output: type[models.Output]
    body: type[models.Input] | None = None
    query: type[models.Input] | None = None
    status: int = 200
    description: str = ""
    events: Mapping[str, type[models.Output]] = field(default_factory=dict)
    problems: tuple[ProblemKind, ...] = ()
    links: tuple[Link, ...] = ()


OPERATIONS = (
    Operation(
        "ask",
        "POST",
        "/ask",
        Scope.ASK,
        "Answer a question",
        models.Answer,
        body=models.AskRequest,
        description="With `Accept: text/event-stream` the answer comes as it is written; `final` is authoritative over "
        "the deltas. A caller that goes away ends the work.",
        events={
            "status": models.StatusEvent,
            "delta": models.DeltaEvent,
            "final": models.Answer,
            "error": models.Problem,
        },
        links=(Link("ask", "conversation", "conversation"), Link("feedback", "turn", "turn")),
    ),
    Operation(
        "search",
        "POST",
        "/search",
        Scope.SEARCH,
        "Find passages",
        models.SearchResult,
        body=models.SearchRequest,
        description="Nothing of it is kept.",
    ),
    Operation(
        "feedback",
        "POST",
        "/feedback",
        Scope.FEEDBACK,
        "Vote on an answer",
        models.Noted,
        body=models.FeedbackRequest,
        problems=(ProblemKind.NOT_FOUND,),
    ),
    Operation("sources", "GET", "/sources", Scope.SOURCES, "List the sources with their state", models.SourceList),
    Operation(
        "refresh",
        "POST",
        "/refresh",
        Scope.REFRESH,
        "Read sources again",
        models.RefreshState,
        body=models.RefreshRequest,
        status=202,
        description="The version before answers meanwhile. Where a refresh runs already, that one is told.",
        problems=(ProblemKind.NOT_FOUND, ProblemKind.CONFLICT),
        links=(Link("refresh_state", "id", "refresh", in_body=False),),
    ),
    Operation(
        "refresh_state",
        "GET",
        "/refresh/{refresh}",
        Scope.REFRESH,
        "Tell how far a refresh is",
        models.RefreshState,
        problems=(ProblemKind.NOT_FOUND,),
    ),
    Operation(
        "insights",
        "GET",
        "/insights",
        Scope.INSIGHTS,
        "Tell how well questions are answered",
        models.InsightReport,
        query=models.InsightQuery,
    ),
    Operation(
        "forget",
        "POST",
        "/forget",
        Scope.FORGET,
        "Delete all that one of your customers asked and was answered",
        models.Forgotten,
        body=models.ForgetRequest,
    ),
)
