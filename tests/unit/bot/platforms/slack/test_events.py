"""What Slack's events tell of edits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.message import ChatMessage
from bot.platforms.slack.events import Edited, Home, read_event

ME = "U0BOT"
HOME = Home("T1", ME)


def body(**event: Any) -> dict[str, Any]:
    return {"team_id": "T1", "event": {"type": "message", "channel": "C1", "channel_type": "channel"} | event}


def test_edits_within_a_second_are_told_apart_by_their_events() -> None:
    """`edited.ts` is in whole seconds."""
    kept = {"user": "U1", "ts": "100.000100", "text": "new", "edited": {"user": "U1", "ts": "107.000000"}}
    told = [
        read_event(
            body(subtype="message_changed", message=kept, previous_message={"text": "old"}, ts=ts, event_ts=ts), HOME
        )
        for ts in ("107.000200", "107.000900")
    ]
    assert [each.message.edited_at for each in told if isinstance(each, Edited)] == [107.0002, 107.0009]


def test_a_mention_that_an_edit_made_is_of_that_edit_and_no_other_message_of_any() -> None:
    said = read_event(body(user="U1", ts="100.000100", text=f"<@{ME}> hello"), HOME)
    edited = read_event(body(user="U1", ts="100.000100", text=f"<@{ME}> hello", edited={"ts": "107.000000"}), HOME)
    assert isinstance(said, ChatMessage) and said.edited_at == 0.0
    assert isinstance(edited, ChatMessage) and edited.edited_at == 107.0


@pytest.mark.parametrize("files", [[None], [{"size": "big"}], [{"size": None}, 3], [{"name": None, "size": True}]])
def test_files_that_are_none_or_have_no_size_keep_no_message_from_being_read(files: list[Any]) -> None:
    told = read_event(body(user="U1", ts="100.000100", text="Hello?", files=files), HOME)
    assert isinstance(told, ChatMessage) and told.text == "Hello?"
