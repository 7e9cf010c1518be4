"""A refresh shown in one message that updates itself, whichever process runs it, to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from bot.chat.card import Card
from bot.chat.message import MessageRef
from bot.chat.platform import AdminReply, ChannelPoster
from bot.errors import DeliveryError, StorageError
from bot.sources.cards import run_card
from bot.sources.models import RUNNING, RefreshRun
from bot.sources.ports import RefreshLog
from bot.sources.refresh import RefreshService

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=2)  # between two edits of a message: both platforms take about one a second in a channel
_LEFT = timedelta(seconds=20)  # a message still watched so long after its run's end was left by a dead process
_LOOK_SECONDS = 10.0


class RefreshWatch:
    """`posters` are the platforms that are connected."""

    def __init__(self, refreshing: RefreshService, runs: RefreshLog, posters: Mapping[str, ChannelPoster]) -> None:
        self._refreshing = refreshing
        self._runs = runs
        self._posters = posters

    async def follow(self, run: RefreshRun, screen: AdminReply, *, joined: bool = False, by: str = "") -> None:
        """Show a refresh until it has ended, and who started it. Raises DeliveryError where not even its beginning can
        be shown."""
        shown = run_card(run, joined=joined, by=by)
        message = await screen.show_card(shown, public=True)
        if message:
            await self._runs.watch(run.id, message)
        at = datetime.now(UTC)
        async for now in self._refreshing.follow(run.id):
            card = run_card(now, joined=joined, by=by)
            ended = now.outcome != RUNNING
            if ended or (card != shown and datetime.now(UTC) - at >= _PAUSE):
                shown, at = card, datetime.now(UTC)
                try:
                    await screen.show_card(card, public=True)
                except DeliveryError as error:
                    log.warning("progress not shown", run=run.id, cause=str(error))
                    if ended:
                        return  # `run` below tries again
        if message:
            await self._runs.unwatch(run.id, message)

    async def run(self) -> None:
        """Bring messages to their end that a dead process left, until cancelled."""
        while True:
            with suppress(StorageError):
                await self.settle()
            await asyncio.sleep(_LOOK_SECONDS)

    async def settle(self) -> None:
        """See `run`. Raises StorageError."""
        for run in await self._runs.list():
            if not run.watchers:
                continue
            if run.outcome == RUNNING:
                async for now in self._refreshing.follow(run.id):  # notes the end of one whose process died
                    run = now
                    break
            ended = run.finished_at or datetime.now(UTC)
            if run.outcome == RUNNING or datetime.now(UTC) - ended < _LEFT:
                continue
            for message in [MessageRef(**watcher) for watcher in run.watchers]:
                if await self._update(message, run_card(run)):
                    await self._runs.unwatch(run.id, message)

    async def _update(self, message: MessageRef, card: Card) -> bool:
        poster = self._posters.get(message.platform)
        if poster is None:
            return False
        try:
            await poster.update_card(message, card)
        except DeliveryError as error:
            return error.permanent
        return True
