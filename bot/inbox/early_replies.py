"""Replies in threads that the bot is not in, kept for a moment: one may have overtaken what brings it in.

Platforms deliver in no order, two messages of a thread may reach two processes, and a teammate may answer a handoff
before its platform has told us where that stands. A reply that nobody would answer is judged again when a question that
stands above it is claimed, and when its thread is a handoff's. Kept in memory alone, and for seconds: most are people's
talk, which is nobody's business.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.chat.message import Audience, ChatMessage

KEPT_SECONDS = 30.0
LOOKS = (2.0, 8.0)  # seconds after which it is looked up whether the bot is in the thread by now
_MOST = 1_000


@dataclass(slots=True)
class _Reply:
    message: ChatMessage
    at: float
    looks: int = 0


class EarlyReplies:
    """`clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._replies: deque[_Reply] = deque(maxlen=_MOST)

    def remember_reply(self, message: ChatMessage) -> None:
        """A message was judged silent in a thread that the bot is not in."""
        if message.audience is Audience.CHANNEL and not message.opens_thread:
            self._forget_old()
            self._replies.append(_Reply(message, self._clock()))

    def take_below(self, question: ChatMessage) -> Sequence[ChatMessage]:
        """The replies in a question's thread that were written after it."""
        self._forget_old()
        found = [
            reply
            for reply in self._replies
            if reply.message.place == question.place and _order_key(reply.message.id) > _order_key(question.id)
        ]
        for reply in found:
            self._replies.remove(reply)
        return [reply.message for reply in found]

    def take_due(self) -> Sequence[ChatMessage]:
        """Replies whose threads are to be looked up now."""
        self._forget_old()
        now, found = self._clock(), []
        for reply in self._replies:
            if reply.looks < len(LOOKS) and now - reply.at >= LOOKS[reply.looks]:
                reply.looks += 1
                found.append(reply.message)
        return found

    def _forget_old(self) -> None:
        while self._replies and self._clock() - self._replies[0].at > KEPT_SECONDS:
            self._replies.popleft()


def _order_key(message_id: str) -> tuple[int, str]:
    """Both platforms' ids of messages grow with time: Slack's as texts of one length, Discord's as numbers."""
    return len(message_id), message_id
