"""`frontdesk serve`: the inbox, the adapters, and the web server, side by side in one process.

An adapter that fails is started again after a pause; the others do not notice.
"""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from tenacity import TryAgain

from bot.errors import BotError, PlatformError, StorageError
from bot.inbox.service import InboxService
from bot.platforms.registry import Adapter
from bot.platforms.web.limits import PromptProtocol
from bot.runtime.faults import log_fault
from bot.runtime.retries import FailedTry, retry_with_backoff, start_pauses_over

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two starts of an adapter that fails


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int


async def serve_platforms(
    inbox: InboxService,
    adapters: Sequence[Adapter],
    app: ASGIApp,
    address: Address,
    *,
    drain_seconds: float,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    troubles: MutableMapping[str, str] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is being answered within a limit. `beside` is what goes on
    meanwhile: a fault in one is logged, and it begins again. `troubles` is kept up: why a platform's adapter failed.

    Raises PlatformError when the web server cannot listen.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    config = uvicorn.Config(
        app,
        address.host,
        address.port,
        http=PromptProtocol,
        ws="none",
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=math.ceil(drain_seconds) + 1,  # for who reads slowly what is done by then
    )
    server = _Server(config)
    web = asyncio.create_task(server.serve())
    inbox_work = asyncio.create_task(inbox.run())
    noted = {} if troubles is None else troubles
    platforms = [asyncio.create_task(supervise_adapter(adapter, noted)) for adapter in adapters]
    others = [asyncio.create_task(_for_ever(work)) for work in beside]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopped, web, inbox_work}, return_when=asyncio.FIRST_COMPLETED)
        if web.done() and not stop.is_set():
            raise PlatformError(f"Port {address.port} cannot be listened on: set FRONTDESK_PORT to a free one.")
        if inbox_work.done():
            inbox_work.result()
    finally:
        stopped.cancel()
        await _cancel_tasks(platforms + others)  # nothing new comes in
        with suppress(StorageError):
            await inbox.drain(drain_seconds)
        for adapter in adapters:
            await adapter.close()
        await _cancel_tasks([inbox_work])
        server.should_exit = True
        with suppress(SystemExit):
            await web
        log.info("stopped")


async def supervise_adapter(adapter: Adapter, troubles: MutableMapping[str, str]) -> None:
    """Run an adapter for ever; after a failure again, each time after a longer pause."""

    def note_failure(failed: FailedTry) -> None:
        platform, error = adapter.platform, failed.error
        if isinstance(error, BotError):
            troubles[platform] = str(error)
            log.error("adapter failed", platform=platform, cause=str(error), again_in=failed.again_in)
            return
        fault = log_fault(error, "adapter failed", platform=platform)
        troubles[platform] = f"a fault of Frontdesk's: {fault} in its log"

    now = asyncio.get_running_loop().time
    starts = retry_with_backoff(on=Exception, pause=FIRST_PAUSE, longest=LONGEST_PAUSE, on_failure=note_failure)
    async for start in starts:
        with start:
            started = now()
            try:
                await adapter.run()
            finally:
                if now() - started > LONGEST_PAUSE:
                    start_pauses_over(start.retry_state)
            raise TryAgain  # it has ended by itself


def known_causes(
    adapters: Sequence[Adapter], refused: Callable[[str], str], troubles: MutableMapping[str, str]
) -> Mapping[str, str]:
    """What keeps the bot from speaking on each platform now, "" where nothing is known to: `refused` tells why one that
    is connected lets it say nothing, `troubles` why one is not connected."""
    for adapter in adapters:
        if adapter.connected:
            troubles.pop(adapter.platform, None)
    return {
        adapter.platform: refused(adapter.platform) if adapter.connected else troubles.get(adapter.platform, "")
        for adapter in adapters
    }


def make_readiness_check(
    adapters: Sequence[Adapter],
    checks: Mapping[str, Callable[[], Awaitable[str]]],
    causes: Callable[[], Mapping[str, str]],
) -> Callable[[], Awaitable[Mapping[str, str]]]:
    """What each part lacks: `checks` by name, and the adapters, of which `causes` tells what is wrong."""

    async def find_lacks() -> Mapping[str, str]:
        parts = {name: await check() for name, check in checks.items()}
        wrong = causes()
        return parts | {
            each.platform: wrong[each.platform] or ("" if each.connected else "not connected") for each in adapters
        }

    return find_lacks


async def _for_ever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work that has ended by itself has nothing to do; after a fault it begins again."""

    def log_failure(failed: FailedTry) -> None:
        log_fault(failed.error, "background work failed")

    async for start in retry_with_backoff(on=Exception, pause=FIRST_PAUSE, growth=1, on_failure=log_failure):
        with start:
            await work()


async def _cancel_tasks(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would stop the web server before the work is finished."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """None."""
        return nullcontext()
