"""Trying again: which failures, how often, with which pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tenacity import TryAgain

from bot.errors import DeliveryError, Refusal, StorageError
from bot.runtime.retries import FailedTry, retry_with_backoff, start_pauses_over

MOMENT = DeliveryError("rate_limited", Refusal.MOMENT)
PLACE = DeliveryError("channel_not_found", Refusal.PLACE)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, which takes no time."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


async def attempt_all(script: list[BaseException | None], **options: Any) -> int:
    """Do what fails as the script tells, None being success; -> how often it was done."""
    done = 0
    async for attempt in retry_with_backoff(**options):
        with attempt:
            done += 1
            if error := script[done - 1]:
                raise error
    return done


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    failures=st.integers(0, 40),
    pause=st.floats(0.01, 30),
    longest=st.floats(0.01, 3600),
    growth=st.sampled_from([1.0, 1.5, 2.0]),
)
async def test_each_pause_is_longer_than_the_last_up_to_a_limit(
    pauses: list[float], failures: int, pause: float, longest: float, growth: float
) -> None:
    pauses.clear()
    script = [StorageError("locked")] * failures + [None]
    assert await attempt_all(script, on=StorageError, pause=pause, longest=longest, growth=growth) == failures + 1
    expected = pause
    for waited in pauses:  # as a pause that is multiplied by hand
        assert waited == pytest.approx(min(expected, longest))
        expected *= growth
    assert len(pauses) == failures


@pytest.mark.parametrize("tries", [1, 2, 5])
async def test_the_last_failure_is_raised_without_a_pause_after_it(pauses: list[float], tries: int) -> None:
    heard: list[FailedTry] = []
    errors = [StorageError(str(number)) for number in range(tries)]
    with pytest.raises(StorageError, match=str(tries - 1)):
        await attempt_all([*errors, None], on=StorageError, pause=1.0, tries=tries, on_failure=heard.append)
    assert pauses == [2.0**number for number in range(tries - 1)]
    assert [(each.error, each.number) for each in heard] == [(error, place + 1) for place, error in enumerate(errors)]


async def test_how_many_tries_there_are_may_change_meanwhile(pauses: list[float]) -> None:
    left = 9

    def note(failed: FailedTry) -> None:
        nonlocal left
        left = 3 if failed.number == 2 else left

    with pytest.raises(StorageError):
        await attempt_all([StorageError("locked")] * 9, on=StorageError, pause=1.0, tries=lambda: left, on_failure=note)
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("on", "error"),
    [
        (StorageError, PLACE),
        (DeliveryError, StorageError("locked")),
        (lambda error: error is MOMENT, PLACE),
        (Exception, asyncio.CancelledError()),
        (Exception, KeyboardInterrupt()),
    ],
)
async def test_what_is_no_failure_to_try_again_after_is_raised_at_once(
    pauses: list[float], on: Callable[[BaseException], bool] | type[Exception], error: BaseException
) -> None:
    heard: list[FailedTry] = []
    with pytest.raises(type(error)):
        await attempt_all([error, None], on=on, pause=1.0, on_failure=heard.append)
    assert (pauses, heard) == ([], [])


async def test_a_task_is_cancelled_in_a_try_and_in_a_pause() -> None:
    begun = asyncio.Event()

    async def work(error: Exception | None) -> None:
        async for attempt in retry_with_backoff(on=Exception, pause=60.0):
            with attempt:
                begun.set()
                if error:
                    raise error
                await asyncio.sleep(60)

    for error in (None, MOMENT):
        begun.clear()
        task = asyncio.create_task(work(error))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        assert task.cancelled()


async def test_pauses_start_over_where_a_try_went_well_for_long(pauses: list[float]) -> None:
    heard: list[float] = []
    done = 0
    async for attempt in retry_with_backoff(
        on=StorageError, pause=1.0, longest=60.0, on_failure=lambda failed: heard.append(failed.again_in)
    ):
        with attempt:
            done += 1
            if done == 4:
                start_pauses_over(attempt.retry_state)
            if done == 6:
                raise TryAgain  # nothing to hear of
            if done < 8:
                raise StorageError("locked")
    assert pauses == [1, 2, 4, 1, 2, 4, 8]
    assert heard == [1, 2, 4, 1, 2, 8]
