"""Who waits is told how many come first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.fakes import (
    said,
)
from tests.support.inbox import (
    QUICK,
    Office,
    Opens,
    settled,
    until,
)


async def test_those_who_wait_are_told_how_many_come_first(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    questions = [said(user=user) for user in ("ann", "ben", "cleo", "dan")]
    for question in questions:
        await office.inbox.receive_message(question)
    await until(lambda: len(office.messenger.told) >= 3)
    await asyncio.sleep(0.2)
    assert office.messenger.told == [(questions[1].id, 1), (questions[2].id, 2), (questions[3].id, 3)]  # once each


async def test_who_is_answered_at_once_is_told_of_no_queue(office: Office) -> None:
    await office.inbox.receive_message(said())
    await settled(office)
    await asyncio.sleep(0.1)
    assert office.messenger.told == []


async def test_a_courtesy_that_fails_stops_nothing(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.messenger.broken_courtesy = True
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(second := said(user="ben"))
    await until(lambda: office.meter.faults)
    office.answering.go.set()
    await settled(office, 2)
    assert office.messenger.said_to(second) == [f"Re: {second.text}"]
