"""An adapter that fails is started again, each time after a longer pause, and operators hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from bot.errors import PlatformError
from bot.platforms.supervisor import LONGEST_PAUSE, supervise_adapter


class FailingAdapter:
    """Runs for so many seconds each time, then fails so, or ends where it is to raise nothing; at last it serves."""

    platform, connected = "test", False

    def __init__(self, runs: Sequence[tuple[float, Exception | None]], clock: Clock) -> None:
        self.left, self.clock, self.serving = list(runs), clock, asyncio.Event()

    async def run(self) -> None:
        if not self.left:
            self.serving.set()
            await asyncio.Event().wait()
        seconds, error = self.left.pop(0)
        self.clock.seconds += seconds
        if error:
            raise error

    async def close(self) -> None: ...


class Clock:
    """A loop's clock on which nothing but what is waited takes time."""

    def __init__(self) -> None:
        self.seconds, self.pauses = 0.0, list[float]()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


async def supervise(adapter: FailingAdapter) -> dict[str, str]:
    troubles: dict[str, str] = {}
    task = asyncio.create_task(supervise_adapter(adapter, troubles))
    await adapter.serving.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    return troubles


REFUSED = PlatformError("Slack refuses the token: make a new one.")
LONG = LONGEST_PAUSE + 1


@pytest.mark.parametrize(
    ("runs", "pauses"),
    [
        ([], []),
        ([(0, REFUSED)] * 9, [1, 2, 4, 8, 16, 32, 60, 60, 60]),
        ([(0, RuntimeError("a bug"))] * 3, [1, 2, 4]),
        ([(0, None)] * 3, [1, 2, 4]),  # it has ended by itself
        ([(0, REFUSED), (0, None), (0, REFUSED), (LONG, REFUSED), (0, REFUSED)], [1, 2, 4, 1, 2]),
        ([(0, REFUSED), (0, REFUSED), (LONG, None), (0, None), (LONG, RuntimeError("a bug"))], [1, 2, 1, 2, 1]),
    ],
)
async def test_the_pause_grows_and_starts_over_after_a_run_that_lasted(
    runs: Sequence[tuple[float, Exception | None]], pauses: Sequence[float]
) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setattr(asyncio, "sleep", clock.sleep)
        patch.setattr(asyncio.get_running_loop(), "time", lambda: clock.seconds)
        await supervise(FailingAdapter(runs, clock))
    assert clock.pauses == pauses
    told = [each["again_in"] for each in logs if "again_in" in each]
    assert told == [pause for pause, (_, error) in zip(pauses, runs, strict=True) if error is REFUSED]


async def test_a_cause_is_told_and_a_fault_only_under_its_id() -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setattr(asyncio, "sleep", clock.sleep)
        assert (await supervise(FailingAdapter([(0, REFUSED)], clock)))["test"] == str(REFUSED)
        told = (await supervise(FailingAdapter([(0, RuntimeError("xoxb-secret"))], clock)))["test"]
    fault = next(each["fault"] for each in logs if "fault" in each)
    assert fault in told and "secret" not in told
