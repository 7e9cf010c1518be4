"""Which platforms refuse a process that runs, and why: it leaves word of that for others, which tell an operator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.chat.ports import Markers
from bot.errors import StorageError

_BEAT_SECONDS = 10.0
_FRESH = timedelta(minutes=3)  # older word is of a process that has died


@dataclass(frozen=True, slots=True)
class Refused:
    """A platform refuses the bot, or its adapter has failed, since then; `cause` names the mend where one is known."""

    platform: str
    cause: str
    since: datetime


class Refusals:
    """A marker a platform. Where several processes are refused, what the last one says counts."""

    def __init__(self, markers: Markers, platforms: Sequence[str]) -> None:
        self._markers = markers
        self._platforms = platforms
        self._noted: dict[str, Refused] = {}  # by this process

    async def watch_causes(self, causes: Callable[[], Mapping[str, str]]) -> None:
        """Note for ever what `causes` says now, by platform: "" where all is well."""
        while True:
            with suppress(StorageError):  # a database that fails is told of in its own place
                await self.note_causes(causes())
            await asyncio.sleep(_BEAT_SECONDS)

    async def note_causes(self, causes: Mapping[str, str]) -> None:
        """Leave word of what is wrong now, and take back what was said and is no more. Raises StorageError."""
        now = datetime.now(UTC)
        for platform, cause in causes.items():
            before = self._noted.get(platform)
            if cause:
                since = before.since if before and before.cause == cause else now
                value = {"cause": cause, "since": since.isoformat(), "at": now.isoformat()}
                await self._markers.set(_build_marker_name(platform), json.dumps(value))
                self._noted[platform] = Refused(platform, cause, since)
            elif before:
                await self._markers.set(_build_marker_name(platform), "")
                del self._noted[platform]

    async def list_refusals(self) -> tuple[Refused, ...]:
        """What processes have said of late. Raises StorageError."""
        found = []
        for platform in self._platforms:
            if value := await self._markers.get(_build_marker_name(platform)):
                said = json.loads(value)
                if datetime.now(UTC) - datetime.fromisoformat(said["at"]) < _FRESH:
                    found.append(Refused(platform, said["cause"], datetime.fromisoformat(said["since"])))
        return tuple(found)


def _build_marker_name(platform: str) -> str:
    return f"refused:{platform}"
