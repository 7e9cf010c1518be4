"""What a server sends of a completion that it streams: server-sent events of JSON, read without a model of the API for
each, as there is one a token."""

from __future__ import annotations

import json
from typing import Any

_DATA, _END = b"data:", b"[DONE]"
_LONGEST = 2**20  # bytes of an event


class CompletionReader:
    """Feed it what arrives. `spoke`: there were words in what came last, shown or not; `tokens` are those that were
    written by now, `ended` is why the answer has ended, if it has."""

    def __init__(self) -> None:
        self._line = b""  # that is not whole yet
        self._done = False
        self._thinking = _Thinking()
        self.spoke = False
        self.tokens = 0
        self.ended = ""

    def feed(self, arrived: bytes) -> str:
        """-> the words that may be shown by now. What is no such stream raises ValueError, TypeError, AttributeError,
        LookupError or RecursionError."""
        *lines, self._line = (self._line + arrived).split(b"\n")
        if len(self._line) > _LONGEST:
            raise ValueError("an event has no end")
        said = "".join(map(self._read_line, lines))
        self.spoke = bool(said)
        return self._thinking.feed_piece(said)

    def finish(self) -> str:
        """The words that were held back in doubt, after the last of what arrives."""
        return self._thinking.flush_held()

    def _read_line(self, line: bytes) -> str:
        """The words of an event, which vLLM writes in one line."""
        data = line.removeprefix(_DATA).strip()
        self._done = self._done or data == _END
        return "" if self._done or len(data) == len(line) or not line.startswith(_DATA) else self._read_event(data)

    def _read_event(self, data: bytes) -> str:
        event: dict[str, Any] = json.loads(data)
        if event.get("error"):
            raise ValueError("the server tells of an error")
        words = ""
        for choice in event.get("choices", ())[:1]:
            words = choice["delta"].get("content") or ""
            if not isinstance(words, str):
                raise TypeError("content is no text")
            self.ended = str(choice.get("finish_reason") or self.ended)
        if words:  # what is empty counts for nothing
            self.tokens = _count_tokens(event, self.tokens + 1)
        return words


class _Thinking:
    """Hides what a model thinks before it answers, where the server does not tell it apart itself."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._past = False

    def feed_piece(self, piece: str) -> str:
        """-> what may be shown."""
        if self._past and self._inside:  # the answer begins after the blank lines that follow the thoughts
            piece = piece.lstrip()
            self._inside = not piece
        if self._past:
            return piece
        self._held += piece
        if not self._inside:
            begun = self._held.lstrip()
            if not begun or "<think>".startswith(begun):
                return ""  # it may still become one
            if not begun.startswith("<think>"):
                self._past, held, self._held = True, self._held, ""
                return held
            self._inside = True
        _before, end, after = self._held.partition("</think>")
        if not end:
            return ""
        self._past, self._held = True, ""
        return self.feed_piece(after)

    def flush_held(self) -> str:
        """What was held back in doubt."""
        return "" if self._inside or self._past else self._held


def _count_tokens(event: dict[str, Any], otherwise: int) -> int:
    """The tokens of an answer by now, where the server tells: one event may bring several."""
    count = (event.get("usage") or {}).get("completion_tokens")
    return count if isinstance(count, int) and count > 0 else otherwise
