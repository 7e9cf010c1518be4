"""Implements `bot.chat.platform.ReplySender` for the terminal that a chat runs in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from rich.text import Text

from bot.chat.conversation import AnswerEvent, Turn
from bot.chat.message import Job
from bot.chat.plain_replies import PlainReplies
from bot.chat.platform import KeepReplies
from bot.i18n.language import reply_language
from bot.platforms.terminal.answers import AnswerPrinter


class TerminalReplies(PlainReplies):
    """Shows what is said to the message that is waited for. What an earlier chat was cut off from is answered for the
    record alone: the terminal that it was asked at is gone. `last` is the turn that was shown last."""

    def __init__(self, printer: AnswerPrinter) -> None:
        super().__init__(self._print_line)
        self._printer = printer
        self._awaited: dict[str, asyncio.Event] = {}  # by the message's id
        self.last: Turn | None = None

    def await_reply(self, message_id: str) -> asyncio.Event:
        """What is set once something was said to a message, to the end."""
        self._awaited = {message_id: asyncio.Event()}
        return self._awaited[message_id]

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        shown = self._awaited.get(job.message.id)
        if shown is None:
            await super().show_answer(job, events, keep)
            return
        language = reply_language(job.message.text, self.last.language if self.last else "")
        self.last = await self._printer.show_answer(events, language)
        await keep([{"job": job.id}])
        shown.set()

    def can_replace(self, job: Job) -> bool:
        return job.message.id in self._awaited and self._printer.console.is_terminal

    async def _print_line(self, job: Job, text: str) -> None:
        if shown := self._awaited.get(job.message.id):
            self._printer.console.print(Text(text), soft_wrap=True)
            shown.set()
