"""An answer as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.api import streaming
from bot.api.asking import Answered, Excused, PendingReply, Queued, ReplyEvent, TextSoFar
from bot.api.streaming import encode_event, stream_reply
from bot.chat.conversation import Stage
from bot.chat.message import ThreadRef
from tests.support.turns import make_turn

HERE = ThreadRef("api", "helpdesk", "helpdesk", "1")


async def told(*events: ReplyEvent) -> list[tuple[str, Any]]:
    """What a client hears of these."""
    pending = PendingReply(HERE, live=True)
    for event in events[1:]:
        pending.tell(event)
    lines = [piece async for piece in stream_reply(pending, events[0], "c")]
    assert all(line.endswith("\n\n") and line.count("\n") == 3 for line in lines)
    parts = [line.split("\n") for line in lines]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data, *_ in parts]


def so_far(text: str) -> TextSoFar:
    return TextSoFar(text, frozenset())


async def test_each_text_is_told_by_what_is_new_of_it() -> None:
    turn = make_turn(answer="One. Two.", citations=())
    events = await told(Queued(3), Stage.WRITING, so_far("One."), so_far("One."), so_far("One. Two."), Answered(turn))
    assert events[:4] == [
        ("status", {"stage": "waiting", "ahead": 3}),
        ("status", {"stage": "writing"}),
        ("delta", {"text": "One."}),
        ("delta", {"text": " Two."}),
    ]
    assert events[4][0] == "final" and events[4][1]["text"] == "One. Two." and len(events) == 5


async def test_a_text_that_takes_the_place_of_another_comes_with_the_end_alone() -> None:
    turn = make_turn(answer="Better.", citations=())
    events = await told(so_far("Good."), so_far("Better"), so_far("Better."), Answered(turn))
    assert [name for name, _ in events] == ["delta", "final"] and events[1][1]["text"] == "Better."


async def test_an_excuse_is_a_problem_that_ends_the_stream() -> None:
    events = await told(Stage.SEARCHING, Excused("Something went wrong."), Queued(1))
    assert [name for name, _ in events] == ["status", "error"]
    assert (events[1][1]["status"], events[1][1]["detail"]) == (503, "Something went wrong.")


async def test_line_breaks_of_an_answer_break_no_event() -> None:
    turn = make_turn(answer="a\n\nevent: final\ndata: {}\r\n\u2028b", citations=())
    [(name, data)] = await told(Answered(turn))
    assert name == "final" and data["text"].startswith("a\n\nevent: final")


async def test_a_silence_is_filled_with_comments_so_that_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_PING_SECONDS", 0.01)
    pending = PendingReply(HERE, live=True)
    events = stream_reply(pending, Stage.SEARCHING, "c")
    assert (await anext(events)).startswith("event: status")
    assert [await anext(events) for _ in range(3)] == [": still here\n\n"] * 3
    pending.tell(Excused("no"))
    rest = [piece async for piece in events]
    assert rest[-1].startswith("event: error")


async def test_a_stream_that_is_left_waits_for_nothing_more() -> None:
    pending = PendingReply(HERE, live=True)
    before = asyncio.all_tasks()
    listening = asyncio.create_task(_listen(pending))
    await asyncio.sleep(0.01)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before


async def _listen(pending: PendingReply) -> None:
    async for _ in stream_reply(pending, Stage.SEARCHING, "c"):
        pass


def test_what_is_not_told_is_left_out_but_of_an_answer() -> None:
    from bot.api.models import StageName, StatusEvent

    assert "ahead" not in encode_event("status", StatusEvent(stage=StageName.WRITING))
