"""A stream whose next item is waited for in vain loses nothing, and ends with whoever reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from bot.runtime.lookahead import Lookahead


class Source:
    """Counts to `end`, each number after its turn is given; then raises `fault`, if there is one."""

    def __init__(self, end: int = 3, fault: Exception | None = None) -> None:
        self.turns = asyncio.Semaphore(0)
        self.end, self.fault, self.closed = end, fault, False

    async def count(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(1, self.end + 1):
                await self.turns.acquire()
                yield number
            if self.fault:
                raise self.fault
        finally:
            self.closed = True

    def give(self, turns: int) -> None:
        for _ in range(turns):
            self.turns.release()


async def test_what_was_waited_for_in_vain_is_not_lost() -> None:
    source = Source()
    async with aclosing(Lookahead(source.count())) as numbers:
        assert not await numbers.arrives_within(0.01) and not await numbers.arrives_within(0)
        source.give(3)
        assert await numbers.arrives_within(1) and await numbers.arrives_within(0)
        assert [number async for number in numbers] == [1, 2, 3]
    assert source.closed


async def test_the_end_is_an_arrival_and_so_is_a_fault() -> None:
    async with aclosing(Lookahead(Source(0).count())) as numbers:
        assert await numbers.arrives_within(1) and [number async for number in numbers] == []
    async with aclosing(Lookahead(Source(0, ValueError("no")).count())) as numbers:
        assert await numbers.arrives_within(1)
        with pytest.raises(ValueError, match="no"):
            _ = [number async for number in numbers]


async def test_a_fault_that_nobody_reads_is_forgotten() -> None:
    async with aclosing(Lookahead(Source(0, ValueError("no")).count())) as numbers:
        assert await numbers.arrives_within(1)


@pytest.mark.parametrize("taken", [0, 1])
async def test_its_maker_has_ended_when_it_is_closed(taken: int) -> None:
    source = Source()
    async with aclosing(Lookahead(source.count())) as numbers:
        assert not await numbers.arrives_within(0.01)
        source.give(taken)
        if taken:
            async for _ in numbers:
                break
    assert source.closed


async def test_whoever_is_cancelled_while_reading_ends_its_maker_too() -> None:
    source = Source()

    async def read() -> None:
        async with aclosing(Lookahead(source.count())) as numbers:
            await numbers.arrives_within(0.01)
            async for _ in numbers:
                pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    reading.cancel()
    await asyncio.wait({reading}, timeout=1)
    assert reading.cancelled() and source.closed
