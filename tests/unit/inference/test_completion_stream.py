"""A streamed completion, in whatever pieces it arrives."""

from __future__ import annotations

import json

import pytest

from inference.completion_stream import CompletionReader


def event(words: str, tokens: int = 0, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": words}, "finish_reason": finish}
    usage = {"usage": {"completion_tokens": tokens}} if tokens else {}
    return f"data: {json.dumps({'choices': [choice]} | usage, ensure_ascii=False)}\n\n".encode()


WHOLE = (
    b": alive\r\n\r\n" + event("Three ") + event("bis fünf ") + event("Tage 天。", finish="stop") + b"data: [DONE]\n\n"
)


def test_words_that_arrive_together_are_one_piece() -> None:
    reader = CompletionReader()
    assert reader.feed(WHOLE) == "Three bis fünf Tage 天。"
    assert reader.spoke and (reader.tokens, reader.ended) == (3, "stop")


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_events_may_be_cut_anywhere(size: int) -> None:
    reader = CompletionReader()
    pieces = [reader.feed(WHOLE[at : at + size]) for at in range(0, len(WHOLE), size)]
    assert "".join(pieces) == "Three bis fünf Tage 天。" and reader.ended == "stop" and reader.finish() == ""


def test_lines_may_end_as_on_the_web() -> None:
    reader = CompletionReader()
    assert reader.feed(event("Yes.", finish="stop").replace(b"\n", b"\r\n")) == "Yes." and reader.ended == "stop"


def test_a_server_tells_how_many_tokens_an_event_holds() -> None:
    reader = CompletionReader()
    reader.feed(event("four at once", 4) + event(" and one"))
    assert reader.tokens == 5


def test_what_has_no_words_says_nothing() -> None:
    reader = CompletionReader()
    assert reader.feed(event("") + b'data: {"choices": [], "usage": {"completion_tokens": 9}}\n\n') == ""
    assert not reader.spoke and reader.tokens == 0


def test_thoughts_are_hidden_however_they_are_cut() -> None:
    reader = CompletionReader()
    shown = reader.feed(event("<think>so") + event("</thi")) + reader.feed(event("nk>\n\nYes") + event("."))
    assert shown == "Yes." and reader.spoke


@pytest.mark.parametrize(
    "data", ['{"error": {"message": "out of memory"}}', '{"choices": [{"delta": {"content": 5}}]}', "{"]
)
def test_what_is_no_completion_is_told(data: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        CompletionReader().feed(f"data: {data}\n\n".encode())


def test_an_event_without_an_end_is_not_collected_for_ever() -> None:
    reader = CompletionReader()
    with pytest.raises(ValueError, match="no end"):
        for _ in range(100):
            reader.feed(b"data: " + b"x" * 2**15)
