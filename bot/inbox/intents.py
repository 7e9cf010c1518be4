"""Reads messages before they are claimed, off the event loop; those that come together are read together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.chat.intent import UNREAD, MessageReading
from bot.chat.ports import IntentReader
from bot.i18n.language import reply_language

log = structlog.get_logger(__name__)

_TOGETHER = 64  # messages: the last of a batch waits for all of it


class IntentReadings:
    """One batch is read at a time, in a thread. A message that cannot be read is UNREAD, which asks for nothing."""

    def __init__(self, reader: IntentReader) -> None:
        self._reader = reader
        self._waiting: list[tuple[str, asyncio.Future[MessageReading]]] = []
        self._working: asyncio.Task[None] | None = None

    async def read_message(self, text: str) -> MessageReading:
        """What a message is; UNREAD at once for "", but after those that came before it."""
        if not text and not self._waiting and (self._working is None or self._working.done()):
            return UNREAD
        reading: asyncio.Future[MessageReading] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, reading))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._read_batches())
        return await reading

    async def _read_batches(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            try:
                readings = await asyncio.to_thread(self._read_batch, [text for text, _ in batch])
            except Exception as error:  # whatever it is, those who wait must go on
                log.error("messages not read", messages=len(batch), cause=type(error).__name__)
                readings = [UNREAD] * len(batch)
            for (_, waiting), reading in zip(batch, readings, strict=True):
                if not waiting.done():  # else nobody waits any more
                    waiting.set_result(reading)

    def _read_batch(self, texts: Sequence[str]) -> list[MessageReading]:
        spoken = [reply_language(text) for text in texts]
        readings = [UNREAD] * len(texts)
        for language in dict.fromkeys(spoken):
            rows = [row for row, each in enumerate(spoken) if each == language and texts[row]]
            read = self._reader.read_messages([texts[row] for row in rows], language)
            for row, reading in zip(rows, read, strict=True):
                readings[row] = reading
        return readings
