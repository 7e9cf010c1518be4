"""What goes on longer than a request: a message that updates itself, which the page asks for again and again."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from bot.chat.card import Card
from bot.chat.message import MessageRef
from bot.errors import BotError
from bot.runtime.faults import log_fault

_KEPT_SECONDS = 3600.0


class Screen:
    """An `AdminReply`. `owner` is the id of who may look at it."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.id = secrets.token_urlsafe(12)
        self.card: Card | None = None
        self.begun_at = time.monotonic()
        self._work: asyncio.Task[Any] | None = None

    @property
    def is_going_on(self) -> bool:
        """Whether what it shows may change."""
        return self._work is not None and not self._work.done()

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        """In place of the one before. Nobody else can show something there: the page is drawn by this process."""
        self.card = card
        return None

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """It goes on beside."""
        self._work = work
        work.add_done_callback(self._note_end)

    def _note_end(self, work: asyncio.Task[Any]) -> None:
        if work.cancelled() or (error := work.exception()) is None:
            return
        if isinstance(error, BotError):
            self.card = Card(text=str(error), fault=True)
        else:
            self.card = Card(
                text=f"Something went wrong here (fault {log_fault(error, command='console')}).", fault=True
            )


class Screens:
    """Those of the last hour."""

    def __init__(self) -> None:
        self._by_id: dict[str, Screen] = {}

    def open_screen(self, owner: str) -> Screen:
        """A new one."""
        now = time.monotonic()
        for each in list(self._by_id.values()):
            if now - each.begun_at > _KEPT_SECONDS and not each.is_going_on:
                del self._by_id[each.id]
        screen = Screen(owner)
        self._by_id[screen.id] = screen
        return screen

    def find(self, screen_id: str, owner: str) -> Screen | None:
        """That of `owner` with this id."""
        screen = self._by_id.get(screen_id)
        return screen if screen and screen.owner == owner else None
