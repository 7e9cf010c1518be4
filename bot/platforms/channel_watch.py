"""The support channel of a platform, looked at again and again: what was wrong with it when somebody was last handed
over may be right by now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.errors import BotError
from bot.runtime.snapshots import keep_up

LOOK_SECONDS = 60.0


class SupportChannelWatch:
    """Notes what is wrong with `channel` by what `find_faults` tells of the team's channels. That it is well again is
    noted where its fault was seen here: a refusal of another kind ends when something is posted there."""

    def __init__(
        self, channel: str, find_faults: Callable[[], Awaitable[Mapping[str, str]]], note: Callable[[str], None]
    ) -> None:
        self._channel = channel
        self._find_faults = find_faults
        self._note = note
        self._was_faulty = False

    async def look(self) -> Mapping[str, str]:
        """-> what is wrong with the team's channels, by their ids."""
        faults = await self._find_faults()
        fault = faults.get(self._channel, "")
        if fault or self._was_faulty:
            self._note(fault)
        self._was_faulty = bool(fault)
        return faults

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        await keep_up(self.look, "the support channel could not be looked at", seconds=LOOK_SECONDS, on=(BotError,))
