"""Work that is not cut off, however often it is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from bot.runtime.completion import shield_to_completion


@pytest.mark.parametrize("cancellations", [1, 2, 5])
async def test_however_often_it_is_cancelled_the_work_is_done_first(cancellations: int) -> None:
    let, done = asyncio.Event(), []

    async def work() -> None:
        await let.wait()
        done.append(True)

    task = asyncio.create_task(shield_to_completion(work()))
    await asyncio.sleep(0)
    for _ in range(cancellations):
        task.cancel()
        await asyncio.sleep(0.01)
    assert not task.done() and not done
    let.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done


async def test_a_fault_of_work_that_is_not_cancelled_is_its_own() -> None:
    async def work() -> None:
        raise ValueError("fault")

    with pytest.raises(ValueError, match="fault"):
        await shield_to_completion(work())
