"""What customers wrote, as they wrote it, in memory alone: for the people on the other side of a handoff."""

from __future__ import annotations

from collections import OrderedDict

from bot.chat.message import ChatMessage, Job, MessageRef

_REMEMBERED = 10_000  # hashes of texts


class UnmaskedTexts:
    """Texts that were masked, by the revision of their message, until their item ends; hashes of them for longer."""

    def __init__(self) -> None:
        self._texts: dict[MessageRef, tuple[int, str]] = {}
        self._hashes: OrderedDict[MessageRef, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, key: MessageRef) -> bool:
        return key in self._texts

    def keep_text(self, message: ChatMessage, revision: int) -> None:
        """Keep what a message says, edited so often."""
        self._texts[message.key] = revision, message.text
        self._hashes[message.key] = hash(message.text)
        if len(self._hashes) > _REMEMBERED:
            self._hashes.popitem(last=False)

    def forget_text(self, key: MessageRef) -> None:
        """Its item has ended."""
        self._texts.pop(key, None)

    def reads_anew(self, message: ChatMessage) -> bool:
        """Whether a message says something else than when it was kept last: masked, both may read the same."""
        return self._hashes.get(message.key) != hash(message.text)

    def text_of(self, item: Job) -> str:
        """What people on the other side may read of a message: its own words, as far as they are kept."""
        revision, text = self._texts.get(item.message.key, (-1, ""))
        return text if revision == item.revision else item.message.text
