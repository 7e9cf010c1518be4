"""The OpenAPI document, made from the operations and their models."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.api.models import Problem
from bot.api.operations import OPERATIONS, Link, Operation
from bot.api.problems import MEDIA_TYPE, ProblemKind

_KEY = "key"
_ALWAYS = (
    ProblemKind.UNAUTHORIZED,
    ProblemKind.FORBIDDEN,
    ProblemKind.TOO_MANY,
    ProblemKind.FAULT,
    ProblemKind.UNAVAILABLE,
)
_OF_A_BODY = (ProblemKind.MALFORMED, ProblemKind.MEDIA_TYPE, ProblemKind.INVALID)
_HEADERS = {
    ProblemKind.UNAUTHORIZED: ("WWW-Authenticate", "Which key is needed."),
    ProblemKind.TOO_MANY: ("Retry-After", "In how many seconds to ask again."),
    ProblemKind.UNAVAILABLE: ("Retry-After", "In how many seconds to ask again."),
}


def build_document(server: str, operations: Sequence[Operation] = OPERATIONS) -> dict[str, Any]:
    """The document of the operations below `server`, as JSON-ready data."""
    schemas = _build_schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe_operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Frontdesk",
            "version": version("frontdesk"),
            "summary": "Answers from a company's own pages, with their sources.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                _KEY: {"type": "http", "scheme": "bearer", "description": "A key by `frontdesk keys add`."}
            },
        },
    }


def _build_schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    inputs = {model for each in operations for model in (each.body, each.query) if model}
    outputs = {model for each in operations for model in (each.output, *each.events.values())} | {Problem}
    asked = [
        *((model, "validation") for model in sorted(inputs, key=lambda model: model.__name__)),
        *((model, "serialization") for model in sorted(outputs, key=lambda model: model.__name__)),
    ]
    _, found = models_json_schema(asked, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return dict(found["$defs"])


def _describe_operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{_KEY: [operation.scope.value]}],
        "parameters": [*_describe_path(operation), *_describe_query(operation, schemas)],
        "responses": _describe_responses(operation),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body:
        content = {"application/json": {"schema": _refer_to(operation.body.__name__)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _describe_path(operation: Operation) -> list[dict[str, Any]]:
    if "{refresh}" not in operation.path:
        return []
    schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    return [{"name": "refresh", "in": "path", "required": True, "schema": schema}]


def _describe_query(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a query's model, which is no schema by itself then."""
    if operation.query is None:
        return []
    model = schemas[operation.query.__name__]
    return [
        {"name": name, "in": "query", "required": name in model.get("required", ()), "schema": _without_null(schema)}
        for name, schema in model["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that has no null in it: a query's field is there or not."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if kinds else schema


def _describe_responses(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": _refer_to(operation.output.__name__)}}
    if operation.events:
        told = ", ".join(f"`{name}` ({model.__name__})" for name, model in operation.events.items())
        content["text/event-stream"] = {"schema": {"type": "string", "description": f"Events: {told}; data is JSON."}}
    kinds = {*_ALWAYS, *operation.problems, *(_OF_A_BODY if operation.body else ())}
    if operation.query:
        kinds.add(ProblemKind.INVALID)
    problems = {str(kind.status): _describe_problem(kind) for kind in sorted(kinds, key=lambda kind: kind.status)}
    done: dict[str, Any] = {"description": operation.summary, "content": content}
    if operation.links:
        done["links"] = {f"then_{link.operation}": _describe_link(link) for link in operation.links}
    return {str(operation.status): done} | problems


def _describe_link(link: Link) -> dict[str, Any]:
    value = f"$response.body#/{link.field}"
    where = {"requestBody": {link.parameter: value}} if link.in_body else {"parameters": {link.parameter: value}}
    return {"operationId": link.operation, **where}


def _describe_problem(kind: ProblemKind) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": f"{kind.title} (`{kind.type}`)",
        "content": {MEDIA_TYPE: {"schema": _refer_to(Problem.__name__)}},
    }
    if kind in _HEADERS:
        name, text = _HEADERS[kind]
        described["headers"] = {name: {"description": text, "schema": {"type": "string"}}}
    return described


def _refer_to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
