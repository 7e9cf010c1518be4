"""What is expected of a server by what it did of late."""

from __future__ import annotations

import asyncio
import math

import pytest

from inference.errors import GeneratorSlow, GeneratorUnavailable
from inference.speed import Speed, SpeedRecord


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def record(clock: Clock) -> SpeedRecord:
    return SpeedRecord(clock)


def give_up(record: SpeedRecord, clock: Clock, seconds: float, fault: BaseException) -> None:
    with pytest.raises(type(fault)), record.time_answer():
        clock.now += seconds
        raise fault


def test_nothing_is_expected_of_a_server_that_never_answered(record: SpeedRecord, clock: Clock) -> None:
    give_up(record, clock, 2.0, asyncio.CancelledError())  # a question that was deleted at once
    give_up(record, clock, 2.0, GeneratorUnavailable("gone"))
    assert record.estimate() is None


def test_an_answer_is_timed_from_its_first_word_to_its_last(record: SpeedRecord, clock: Clock) -> None:
    with record.time_answer() as timer:
        for count in (3, 13, 23):
            clock.now += 0.5
            timer.note_tokens(count)
        clock.now += 2.0  # its reader was busy
    assert record.estimate() == Speed(0.5, 20.0)


def test_a_stall_counts_as_what_it_is(record: SpeedRecord, clock: Clock) -> None:
    with pytest.raises(GeneratorSlow), record.time_answer() as timer:
        clock.now += 1.0
        timer.note_tokens(1)
        clock.now += 1.0
        timer.note_tokens(11)
        clock.now += 9.0
        raise GeneratorSlow("it took too long")
    assert record.estimate() == Speed(1.0, 1.0)


def test_a_first_word_that_was_waited_for_in_vain_is_known_to_take_at_least_that(
    record: SpeedRecord, clock: Clock
) -> None:
    give_up(record, clock, 15.0, GeneratorSlow("it took too long"))
    assert record.estimate() == Speed(15.0, 0.0)
    assert Speed(15.0, 0.0).expect_seconds(1) == math.inf


def test_an_answers_time_is_that_to_its_first_word_and_that_of_its_tokens(record: SpeedRecord) -> None:
    record.record_answer(0.5, tokens=40, writing=2.0)
    assert record.estimate() == Speed(0.5, 20.0)
    assert Speed(0.5, 20.0).expect_seconds(100) == 5.5


def test_one_answer_that_was_late_changes_little(record: SpeedRecord) -> None:
    for first in (0.5, 0.6, 30.0):
        record.record_answer(first, tokens=40, writing=2.0)
    assert record.estimate() == Speed(0.6, 20.0)


def test_long_answers_tell_more_of_the_rate_than_short_ones(record: SpeedRecord) -> None:
    record.record_answer(1.0, tokens=2, writing=2.0)
    record.record_answer(1.0, tokens=198, writing=8.0)
    assert record.estimate() == Speed(1.0, 20.0)


def test_a_server_that_became_slow_is_known_to_be_after_some_answers(record: SpeedRecord) -> None:
    for _ in range(20):
        record.record_answer(0.5, tokens=100, writing=1.0)
    for _ in range(5):
        record.record_answer(20.0, tokens=10, writing=10.0)
    speed = record.estimate()
    assert speed and speed.first == 20.0 and speed.rate < 10


def test_what_is_old_tells_nothing_so_that_a_slow_server_is_tried_again(record: SpeedRecord, clock: Clock) -> None:
    record.record_answer(60.0, tokens=10, writing=100.0)
    clock.now += 119
    assert record.estimate()
    clock.now += 2
    assert record.estimate() is None


def test_a_wait_that_was_given_up_counts_where_it_was_longer_than_usual(record: SpeedRecord, clock: Clock) -> None:
    record.record_answer(1.0, tokens=40, writing=2.0)
    give_up(record, clock, 0.2, asyncio.CancelledError())
    assert record.estimate() == Speed(1.0, 20.0)
    give_up(record, clock, 9.0, GeneratorExit())
    assert record.estimate() == Speed(5.0, 20.0)


def test_an_answer_of_one_word_tells_no_rate(record: SpeedRecord) -> None:
    record.record_answer(3.0, tokens=0, writing=0.0)
    assert record.estimate() == Speed(3.0, math.inf)
    assert Speed(3.0, math.inf).expect_seconds(100) == 3.0
