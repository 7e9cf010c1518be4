"""Which command, click or form is the same told again. For a while, and in this process: what is owed an answer, the
inbox knows again (a message by what its author's client called it, a command by its trigger)."""

from __future__ import annotations

from collections import OrderedDict

_REMEMBERED = 10_000


class Gestures:
    """Commands, clicks and forms by their triggers."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def is_known(self, trigger: str) -> bool:
        """Whether this was told before; not, where it has no trigger."""
        if not trigger or trigger in self._known:
            return bool(trigger)
        self._known[trigger] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return False
