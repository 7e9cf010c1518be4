"""`frontdesk` with a writer that writes as a language model would: whole pages, word by word, failing at times.

`TEST_WRITER_PAUSE` is the seconds between two pieces. At the word KABOOM of a page the writer raises.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator

import bot.answering.quote
from bot.answering.excerpt import Excerpt
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.cli.main import main

PIECE = 40  # characters


class SlowWriter(ExtractiveWriter):
    """Quotes the best passage's whole document."""

    async def write_answer(self, brief: WritingRequest) -> AsyncIterator[AnswerChunk]:
        """See the module."""
        pause = float(os.environ.get("TEST_WRITER_PAUSE", "0"))
        async for written in super().write_answer(brief):
            for piece in re.findall(rf"(?s).{{1,{PIECE}}}", written.text):
                if "KABOOM" in piece:
                    raise RuntimeError("the password is hunter2")
                yield AnswerChunk(piece, written.model)
                await asyncio.sleep(pause)


def whole(markdown: str, question: str, best_part: str = "") -> Excerpt:
    """An excerpt that leaves nothing out."""
    return Excerpt(markdown.strip("\n"), complete=True)


if __name__ == "__main__":
    bot.answering.quote.select_excerpt = whole  # type: ignore[attr-defined]
    bot.answering.quote.ExtractiveWriter = SlowWriter  # type: ignore[misc]
    main()
