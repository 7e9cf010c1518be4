"""Trying again after a failure: tenacity with pauses that grow from one failure to the next, up to a limit.

    async for attempt in retry_with_backoff(on=DeliveryError, pause=1.0, tries=5):
        with attempt:
            await post_card(place, card)

The last failure is raised, and so is at once what is no failure to try again after, a cancellation above all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tenacity import AsyncRetrying, RetryCallState, TryAgain, retry_if_exception, retry_if_exception_type
from tenacity.wait import wait_exponential

NO_LIMIT = 1e9  # seconds

Failures: TypeAlias = type[Exception] | Callable[[BaseException], bool]


@dataclass(frozen=True, slots=True)
class FailedTry:
    """The `number`th try, from 1, has failed; the next comes `again_in` seconds later, if this was not the last."""

    error: BaseException
    number: int
    again_in: float


def retry_with_backoff(
    *,
    on: Failures,
    pause: float,
    longest: float = NO_LIMIT,
    growth: float = 2.0,
    tries: int | Callable[[], int] | None = None,
    on_failure: Callable[[FailedTry], None] | None = None,
) -> AsyncRetrying:
    """Tries for `async for`: again after what `on` names or says so of, and after `TryAgain`. The first pause takes
    `pause` seconds, each further one `growth` times as long, none longer than `longest`; None `tries` are for ever, and
    a function is asked after each. `on_failure` hears of every failure but `TryAgain`, the last too."""
    wait = wait_exponential(multiplier=pause, exp_base=growth, max=longest)

    def report_failure(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if on_failure and error and not isinstance(error, TryAgain):
            on_failure(FailedTry(error, state.attempt_number, wait(state)))

    def is_enough(state: RetryCallState) -> bool:
        most = tries() if callable(tries) else tries
        return most is not None and state.attempt_number >= most

    return AsyncRetrying(
        wait=wait,
        stop=is_enough,
        retry=retry_if_exception_type(on) if isinstance(on, type) else retry_if_exception(on),
        after=report_failure,
        reraise=True,
    )


def start_pauses_over(state: RetryCallState) -> None:
    """Have the pause after this try be the first one again: it went well for long enough."""
    state.attempt_number = 1
