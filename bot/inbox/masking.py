"""Messages as they may be kept and answered; and what customers wrote, as they wrote it, in memory alone: for the
people on the other side of a handoff."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from bot.chat.message import ChatMessage, Job, MessageRef, mask_file_names

_LONG = 100  # characters of a text that is masked in a thread: a hostile one takes 50 ms, answered or not
_REMEMBERED = 10_000  # hashes of texts


class MessageMasking:
    """`mask` hides what is nobody's business. Texts that were masked are kept by the revision of their message until
    their job ends, hashes of them for longer."""

    def __init__(self, mask: Callable[[str], str] = lambda text: text) -> None:
        self._mask = mask
        self._texts: dict[MessageRef, tuple[int, str]] = {}
        self._hashes: OrderedDict[MessageRef, int] = OrderedDict()

    @property
    def kept_count(self) -> int:
        """Texts that are kept as they were written."""
        return len(self._texts)

    def __contains__(self, key: MessageRef) -> bool:
        return key in self._texts

    async def mask_message(self, message: ChatMessage) -> ChatMessage:
        """A message as it may be kept."""
        long = len(message.text) > _LONG
        text = await asyncio.to_thread(self._mask, message.text) if long else self._mask(message.text)
        return replace(message, text=text, files=mask_file_names(message.files, self._mask))

    def keep_text(self, message: ChatMessage, revision: int) -> None:
        """Keep what a message says, edited so often."""
        self._texts[message.key] = revision, message.text
        self._hashes[message.key] = hash(message.text)
        if len(self._hashes) > _REMEMBERED:
            self._hashes.popitem(last=False)

    def forget_text(self, key: MessageRef) -> None:
        """Its job has ended."""
        self._texts.pop(key, None)

    def reads_anew(self, message: ChatMessage) -> bool:
        """Whether a message says something else than when it was kept last: masked, both may read the same."""
        return self._hashes.get(message.key) != hash(message.text)

    def text_of(self, job: Job) -> str:
        """What people on the other side may read of a message: its own words, as far as they are kept."""
        revision, text = self._texts.get(job.message.key, (-1, ""))
        return text if revision == job.revision else job.message.text
