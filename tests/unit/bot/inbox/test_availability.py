"""Platforms that refuse the bot itself, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from bot.inbox.availability import LONGEST_PAUSE, Platforms
from tests.fakes import FakeMessenger


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender() -> FakeMessenger:
    return FakeMessenger()


@pytest.fixture
def platforms(clock: Clock, sender: FakeMessenger) -> Platforms:
    platforms = Platforms(clock)
    platforms.add_platform("test", sender)
    platforms.add_platform("other", FakeMessenger())
    return platforms


async def test_a_platform_that_refuses_the_bot_is_left_alone_until_it_takes_it_again(
    platforms: Platforms, sender: FakeMessenger, clock: Clock
) -> None:
    sender.refuses_bot = True
    with capture_logs() as logs:
        platforms.suspend_platform("test", "token_revoked")
        platforms.suspend_platform("test", "token_revoked")  # of several answers under way
    assert len(logs) == 1
    assert platforms.find_sender("test") is None and list(platforms) == ["other"]
    assert platforms.find_trouble("test") == "token_revoked"
    clock.now += 60
    await platforms.probe_suspended()
    assert platforms.find_sender("test") is None
    sender.refuses_bot = False
    clock.now += 60
    await platforms.probe_suspended()
    assert platforms.find_sender("test") is not None
    assert platforms.find_trouble("test")  # it is known again; that it may speak is not
    platforms.note_success("test")
    assert platforms.find_trouble("test") == ""


async def test_a_trouble_is_over_where_nothing_more_is_refused(platforms: Platforms, clock: Clock) -> None:
    platforms.suspend_platform("test", "missing_scope")
    for _ in range(2):
        clock.now += 60
        await platforms.probe_suspended()
    assert platforms.find_trouble("test") == ""


async def test_who_is_refused_again_and_again_asks_less_and_less_often(platforms: Platforms, clock: Clock) -> None:
    platforms.suspend_platform("test", "missing_scope")
    tried_at: list[float] = []
    while clock.now < 300:
        clock.now += 0.5
        await platforms.probe_suspended()
        if platforms.find_sender("test"):
            tried_at.append(clock.now)
            platforms.suspend_platform("test", "missing_scope")
    pauses = [later - earlier for earlier, later in pairwise(tried_at)]
    assert pauses == sorted(pauses) and pauses[0] == 2 and pauses[-1] == LONGEST_PAUSE
