"""The OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.api.openapi import build_document
from bot.api.operations import OPERATIONS
from bot.api_keys.models import Scope

DOCUMENT = build_document("/api/v1")


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_schema_that_is_named_is_there() -> None:
    named = set(references(DOCUMENT))
    schemas = DOCUMENT["components"]["schemas"]
    assert named and named <= {f"#/components/schemas/{name}" for name in schemas}
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_operation_names_its_scope_and_every_scope_has_one() -> None:
    said = {
        operation["operationId"]: operation["security"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
    }
    assert said == {each.name: [{"key": [each.scope.value]}] for each in OPERATIONS}
    assert {each.scope for each in OPERATIONS} == set(Scope)


def test_what_may_go_wrong_is_told_with_its_form() -> None:
    ask = DOCUMENT["paths"]["/ask"]["post"]["responses"]
    assert set(ask) == {"200", "400", "401", "403", "415", "422", "429", "500", "503"}
    assert set(ask["429"]["headers"]) == {"Retry-After"} and set(ask["401"]["headers"]) == {"WWW-Authenticate"}
    assert all("application/problem+json" in ask[status]["content"] for status in ask if status != "200")
    assert set(ask["200"]["content"]) == {"application/json", "text/event-stream"}


def test_what_is_sent_is_no_more_than_what_is_known() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for operation in OPERATIONS:
        if operation.body:
            assert schemas[operation.body.__name__]["additionalProperties"] is False
