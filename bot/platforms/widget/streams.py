"""What open pages are told: everything that stands in their conversation, what changes of it, and answers as they come.

What stands is read from the store, so that it reaches whichever page, after whatever was missed; another process's
changes are seen at the next look. An answer that is still being written is shown by this process alone.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.chat.ports import PostedMessages
from bot.errors import StorageError
from bot.platforms.widget.visits import NAME

LOOK_SECONDS = 3.0  # between two looks at what another process may have changed
_PING_LOOKS = 5  # of them, after which a page that hears nothing else hears that we are here
_WAITING = 1_000  # events that a page may be behind before the older ones are dropped

Event = tuple[str, Mapping[str, Any]]


class Streams:
    """The pages that are open, by visitor."""

    def __init__(self, posted: PostedMessages) -> None:
        self._posted = posted
        self._pages: defaultdict[str, set[asyncio.Queue[Event | None]]] = defaultdict(set)
        self._closing = False

    @property
    def count(self) -> int:
        """Open pages."""
        return sum(map(len, self._pages.values()))

    def close(self) -> None:
        """End all of them; pages come again."""
        self._closing = True
        for visitor in list(self._pages):
            self.wake_pages(visitor)

    def reopen(self) -> None:
        """Pages may come."""
        self._closing = False

    def wake_pages(self, visitor: str) -> None:
        """Something has changed in a visitor's conversation."""
        self._tell(visitor, None)

    def show_progress(self, visitor: str, name: str, body: Mapping[str, Any]) -> None:
        """A message that is still being written."""
        self._tell(visitor, ("progress", {"name": name, "body": body}))

    def _tell(self, visitor: str, event: Event | None) -> None:
        for page in self._pages.get(visitor, ()):
            if page.full():
                page.get_nowait()
            page.put_nowait(event)

    @contextmanager
    def _listen(self, visitor: str) -> Iterator[asyncio.Queue[Event | None]]:
        page: asyncio.Queue[Event | None] = asyncio.Queue(_WAITING)
        self._pages[visitor].add(page)
        try:
            yield page
        finally:
            self._pages[visitor].discard(page)
            if not self._pages[visitor]:
                del self._pages[visitor]

    async def stream_events(self, visitor: str) -> AsyncIterator[str]:
        """Server-sent events, until the page goes or all are closed."""
        known: dict[str, int] = {}
        with self._listen(visitor) as page:
            try:
                for change in await self._find_changes(visitor, known):
                    yield _format_event(change)
                yield _format_event(("ready", {}))
                looks = 0
                while not self._closing:
                    event, looks = await _next_event(page), looks + 1
                    if event is not None:
                        yield _format_event(event)
                        continue
                    for change in await self._find_changes(visitor, known):
                        yield _format_event(change)
                        looks = 0
                    if looks >= _PING_LOOKS:
                        yield ": here\n\n"
                        looks = 0
            except StorageError:
                return  # the page comes again

    async def _find_changes(self, visitor: str, known: dict[str, int]) -> list[Event]:
        versions = await self._posted.load_versions(NAME, visitor)
        if versions == known:
            return []
        messages = await self._posted.list_messages(NAME, visitor)
        gone = known.keys() - {each.name for each in messages}
        changed = [each for each in messages if known.get(each.name) != each.version]
        known.clear()
        known.update({each.name: each.version for each in messages})
        return [
            *(("gone", {"name": name}) for name in sorted(gone)),
            *(("message", {"name": each.name, "body": each.body}) for each in changed),
        ]


async def _next_event(page: asyncio.Queue[Event | None]) -> Event | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await page.get()
    except TimeoutError:
        return None


def _format_event(event: Event) -> str:
    name, data = event
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
