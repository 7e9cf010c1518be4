"""Faults are logged under an id that can be told, and without what nobody vouches for."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import bot
from bot.errors import BotError, DeliveryError, InputError, Refusal, StorageError
from bot.runtime.faults import log_fault, make_fault_id

SECRET = "a customer's words"
UNKNOWN = [
    ValueError(SECRET),
    KeyError(SECRET),
    OSError(SECRET),
    RuntimeError(),
    ExceptionGroup(SECRET, [ValueError()]),
]
KNOWN = [StorageError("The database is gone."), InputError("x"), DeliveryError("refused", Refusal.PLACE)]


def logged(error: BaseException | None, **about: Any) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """-> the id, the line of the log that everybody sees, and those that are seen at DEBUG."""
    with capture_logs() as logs:
        fault = log_fault(error, **about)
    [entry] = [each for each in logs if each["log_level"] == "error"]
    return fault, dict(entry), [dict(each) for each in logs if each["log_level"] == "debug"]


@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
def test_an_unknown_fault_is_logged_under_its_id_without_its_text(error: Exception) -> None:
    fault, entry, [trace] = logged(error, where="on_message")
    assert re.fullmatch(r"[0-9a-f]{8}", fault)
    assert entry == {
        "event": "fault",
        "fault": fault,
        "where": "on_message",
        "kind": type(error).__name__,
        "log_level": "error",
    }
    assert (trace["fault"], trace["exc_info"]) == (fault, error)


@pytest.mark.parametrize("error", KNOWN, ids=repr)
def test_a_fault_of_our_own_is_logged_with_its_cause(error: BotError) -> None:
    fault, entry, traces = logged(error, item="ab")
    assert (entry["fault"], entry["kind"], entry["cause"]) == (fault, type(error).__name__, str(error))
    assert not traces


def test_a_cause_that_the_caller_vouches_for_is_logged() -> None:
    _, entry, traces = logged(ValueError(SECRET), event="generator fault", cause="no answer in 5 s", turn="t1")
    assert (entry["event"], entry["cause"], entry["turn"]) == ("generator fault", "no answer in 5 s", "t1")
    assert not traces and SECRET not in str(entry)


def test_without_an_error_it_is_the_one_being_handled() -> None:
    try:
        raise LookupError(SECRET)
    except LookupError as error:
        _, entry, [trace] = logged(None)
        assert (entry["kind"], trace["exc_info"]) == ("LookupError", error)


def test_no_two_faults_have_one_id() -> None:
    assert len({make_fault_id() for _ in range(1_000)}) == 1_000


def test_ids_of_faults_are_made_in_one_place() -> None:
    makers = set()
    for path in Path(bot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and ast.unparse(node).endswith(".hex[:8]"):
                makers.add(path.name)
    assert makers == {"faults.py"}
