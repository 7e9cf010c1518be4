"""Answers wait while messages are being claimed, but not for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.inbox.arrivals import Arrivals
from tests.fakes import said
from tests.support.inbox import Office, settled, until


async def test_no_answer_begins_while_any_message_of_a_burst_waits_for_its_claim(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [said(f"Question {number}?", user=f"user {number}") for number in range(30)]
    last, go = questions[-1], asyncio.Event()
    claim = office.store.claim_message

    async def claim_when_told(message: Any, rule: Any) -> Any:
        if message.key == last.key:
            await go.wait()
        return await claim(message, rule)

    monkeypatch.setattr(office.store, "claim_message", claim_when_told)
    burst = asyncio.gather(*(office.inbox.receive_message(question) for question in questions))
    await until(lambda: len(office.meter.claims) == 29)
    await asyncio.sleep(0.1)
    assert office.answering.asked == []
    go.set()
    await burst
    await settled(office, 30)
    assert all(office.messenger.said_to(question) == [f"Re: {question.text}"] for question in questions)


async def test_where_messages_never_stop_coming_answers_begin_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.arrivals._LONGEST", 0.05)
    arrivals = office.inbox._arrivals
    with arrivals.count_claim():
        await office.inbox.receive_message(said())
        await settled(office)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_message_is_waited_for_until_its_claim_is_made_or_has_failed(fails: bool) -> None:
    arrivals = Arrivals()
    waiting = None
    try:
        with arrivals.count_claim():
            with arrivals.count_claim():
                waiting = asyncio.create_task(arrivals.wait_until_claimed())
            await asyncio.sleep(0.02)
            assert not waiting.done()
            assert not fails, "the database is away"
    except AssertionError:
        assert fails
    assert waiting
    await asyncio.wait_for(waiting, 0.1)
    await asyncio.wait_for(arrivals.wait_until_claimed(), 0.1)
