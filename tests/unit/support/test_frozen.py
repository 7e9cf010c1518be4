"""The comparison of frozen conversations, and the files themselves."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest

from tests.frozen.comparing import compare
from tests.support.frozen import CONVERSATIONS, DRAWINGS, read_records, write_record

RECORD: dict[str, Any] = {
    "id": "a",
    "messages": [
        {"text": "hi", "decision": "answer", "reply": "one\ntwo", "citations": [{"title": "t", "url": "u"}]},
        {"press": 1, "decision": "chitchat", "reply": "good", "offered": ["x", "y"]},
    ],
}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    record = deepcopy(RECORD)
    place: Any = record["messages"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return record


def test_what_is_the_same_tells_nothing() -> None:
    assert compare([RECORD], [deepcopy(RECORD)], 5) == ""


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (changed(0, "decision", to="suggest"), "+    decision: suggest"),
        (changed(0, "reply", to="one\nthree"), "+      | three"),
        (changed(0, "citations", 0, "url", to="v"), "+        url: v"),
        (changed(0, "citations", to=[]), "-        title: t"),
        (changed(1, "offered", 1, to="z"), '+      - "z"'),
        (changed(1, "press", to=2), "+    press: 2"),
        (changed(0, "language", to="fr"), "+    language: fr"),
    ],
)
def test_whatever_changes_is_shown_in_its_line(now: dict[str, Any], line: str) -> None:
    told = compare([RECORD], [now], 5)
    assert told.startswith("--- a, frozen") and line in told.splitlines()


def test_of_many_differences_the_first_are_shown_and_the_others_named() -> None:
    before = [RECORD | {"id": f"r{n}"} for n in range(9)]
    told = compare(before, [changed(0, "reply", to="none") | {"id": record["id"]} for record in before[1:]], 2)
    assert told.count(", frozen") == 2 and "… and 7 more, of 8: r2, r3" in told


@pytest.mark.parametrize("path", [CONVERSATIONS, DRAWINGS], ids=lambda path: path.name)
def test_a_file_is_as_it_would_be_written_with_each_conversation_once(path: Any) -> None:
    records = read_records(path)
    assert path.read_text(encoding="utf-8") == "".join(f"{write_record(record)}\n" for record in records)
    assert Counter(record["id"] for record in records).most_common(1)[0][1] == 1
