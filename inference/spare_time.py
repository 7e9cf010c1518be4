"""A model for what nobody waits for: asked in the time in which nobody else asks, and given up for whoever does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from inference.errors import GeneratorSlow
from inference.interfaces import Message

_LOOK_SECONDS = 0.25  # between two looks at who asks


class SharedGenerator(Protocol):
    """A `Generator` that knows how much its servers are asked."""

    async def generate_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        seconds: float | None = None,
    ) -> Any:
        """As `Generator`'s."""

    async def model_name(self) -> str:
        """As `Generator`'s."""

    async def count_requests(self) -> int:
        """The requests that are worked on or wait now, this one's own among them."""


class SpareTime:
    """Implements `inference.interfaces.ModelInSpareTime`: one request at a time, begun when no other is worked on. When
    another comes meanwhile it is broken off, which ends the server's work on it, and asked again later. A request has
    `seconds` for all that, its waiting included."""

    def __init__(self, generator: SharedGenerator, seconds: float) -> None:
        self._generator = generator
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def model_name(self) -> str:
        return await self._generator.model_name()

    async def generate_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        seconds: float | None = None,
    ) -> Any:
        limit = self._seconds if seconds is None else seconds
        async with self._turn:
            try:
                async with asyncio.timeout(limit):
                    while True:
                        await self._wait_until_idle()
                        asked = self._generator.generate_json(messages, schema, max_tokens=max_tokens, seconds=limit)
                        work = asyncio.create_task(asked)
                        try:
                            if await self._ends_alone(work):
                                return work.result()
                        finally:
                            await _break_off(work)
            except TimeoutError as error:
                raise GeneratorSlow("The vLLM servers had no time to spare: what can wait is done later.") from error

    async def _wait_until_idle(self) -> None:
        while await self._generator.count_requests():  # noqa: ASYNC110 (servers are asked: they set no event)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _ends_alone(self, work: asyncio.Task[Any]) -> bool:
        """Whether the request comes to its end before anybody else asks."""
        while not work.done():
            await asyncio.wait({work}, timeout=_LOOK_SECONDS)
            if not work.done() and await self._generator.count_requests() > 1:
                return False
        return True


async def _break_off(work: asyncio.Task[Any]) -> None:
    work.cancel()
    await asyncio.wait({work})
    if not work.cancelled():
        work.exception()  # whoever asked has it, or nobody does
