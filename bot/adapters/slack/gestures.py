"""Which of what arrives is the same gesture told again under another name. For a while, and in this process: what
Slack tells again under the same name is the inbox's business."""

from __future__ import annotations

from collections import OrderedDict

from bot.messages import ChatMessage

_REMEMBERED = 10_000


class Gestures:
    """A message is known by what its author's client called it, a command or click by its trigger."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], str] = OrderedDict()

    def is_copy(self, message: ChatMessage, client_id: str) -> bool:
        """Whether the same writing of this message was told before under another id."""
        if not client_id:
            return False
        return self._first(("message", message.place.channel, message.user, client_id), message.id) != message.id

    def is_known(self, trigger: str) -> bool:
        """Whether a command or click was told before."""
        name = ("trigger", trigger)
        known = bool(trigger) and name in self._known
        self._first(name, trigger)
        return known

    def _first(self, name: tuple[str, ...], value: str) -> str:
        first = self._known.setdefault(name, value)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return first
