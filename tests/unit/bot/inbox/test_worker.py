"""What is answered, apologised for, and handed to people."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.conversation import Decision, Turn
from bot.chat.message import Channel, ChannelKind, JobState
from bot.errors import TurnNotStored
from bot.handoff.models import HandoffReason
from tests.fakes import (
    said,
)
from tests.support.inbox import (
    QUICK,
    FakeHanding,
    Office,
    Opens,
    settled,
)
from tests.support.turns import make_turn


async def test_a_fault_becomes_one_apology_with_an_id_and_nothing_of_the_fault(office: Office, logs: list[Any]) -> None:
    office.answering.faults = [RuntimeError("password=hunter2 in /srv/secret")]
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    [apology] = office.messenger.said_to(question)
    fault = re.search(r"Reference: ([0-9a-f]{8})", apology)
    assert fault
    assert "hunter2" not in apology
    assert [entry["fault"] for entry in logs if entry["event"] == "fault"] == [fault[1]]
    assert "hunter2" not in str([entry for entry in logs if entry["log_level"] != "debug"])
    assert office.meter.faults == [("test", "RuntimeError")]
    assert await office.state_of(question) is JobState.EXCUSED


async def test_an_apology_is_in_the_language_of_the_question(office: Office) -> None:
    office.answering.faults = [RuntimeError()]
    question = said("怎么修改收货地址")
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question)[0].startswith("抱歉")


async def test_an_answer_that_takes_too_long_is_apologised_for(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, seconds=0.05))
    office.answering.go.clear()
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert "went wrong" in office.messenger.said_to(question)[0]
    assert office.meter.faults == [("test", "TimeoutError")]


async def test_a_turn_that_could_not_be_logged_was_answered_all_the_same(office: Office) -> None:
    office.answering.afterwards = [TurnNotStored(make_turn(), OSError())]
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(question) == [f"Re: {question.text}"]
    assert await office.state_of(question) is JobState.ANSWERED
    assert office.meter.faults == [("test", "TurnNotStored")]


@pytest.mark.parametrize(
    ("decision", "help_channel", "on_abstention", "reason"),
    [
        (Decision.HUMAN, False, False, HandoffReason.WORDS),
        (Decision.ABSTAIN, True, True, HandoffReason.ABSTENTION),
        (Decision.ABSTAIN, True, False, None),
        (Decision.ABSTAIN, False, True, None),
        (Decision.ANSWER, True, True, None),
    ],
)
@pytest.mark.parametrize("available", [True, False])
async def test_people_are_called_where_they_are_owed(
    opens: Opens,
    decision: Decision,
    help_channel: bool,
    on_abstention: bool,
    reason: HandoffReason | None,
    available: bool,
) -> None:
    handing = FakeHanding()
    handing.where = available
    office = await opens(handing=handing, on_abstention=on_abstention)
    if help_channel:
        await office.store.mark_channel(Channel("test", "T1", "C1"), ChannelKind.HELP)
    decide(office, decision)
    await office.inbox.receive_message(question := said())
    await settled(office)
    assert handing.opened == ([(question.text, reason)] if reason and available else [])


async def test_where_people_cannot_be_reached_that_takes_the_place_of_the_word_that_one_comes(opens: Opens) -> None:
    handing = FakeHanding()
    handing.excuse = "I can't reach our team from here."
    office = await opens(handing=handing)
    decide(office, Decision.HUMAN)
    await office.inbox.receive_message(question := said())
    await settled(office)
    assert office.messenger.said_to(question) == [handing.excuse]
    assert await office.state_of(question) is JobState.ANSWERED


def decide(office: Office, decision: Decision) -> None:
    """Whatever is asked is decided so."""
    made = office.conversations.add_turn

    async def decided(turn: Turn) -> None:
        object.__setattr__(turn, "decision", decision)
        await made(turn)

    office.conversations.add_turn = decided  # type: ignore[method-assign]
