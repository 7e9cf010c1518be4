"""What a soak's judge makes of what stands."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.soak.ledger import SLACK, TOPICS, Ledger, Said, Wording
from tests.soak.verdict import Judge, Row, Verdict
from tests.support.discord import DiscordStandIn
from tests.support.slack import SlackStandIn
from tests.support.slack.core import Call
from tests.support.slack.workspace import Message

ITEM = "ab" * 16


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        slack.add_channel("C1", ["U1"], "public")
        yield slack


async def _judge(slack: SlackStandIn, *whispers: bool, deleted: bool = False) -> Verdict:
    """Of one question, with an answer for each of `whispers`: whether only its author sees that."""
    ledger, ts = Ledger(random.Random(1)), await slack.say("C1", "U1", "How long?")
    said = ledger.note(Said(SLACK, "C1", ts, "U1", ts, Wording(TOPICS[0], "000001"), deleted=deleted))
    for whisper in whispers:
        message = Message(slack.workspace.next_ts(), "C1", slack.bot_user, text="2 working days (000001)")
        message.bot_id, message.ephemeral_to = slack.bot_id, "U1" if whisper else ""
        if not whisper:
            message.thread_ts = ts
            message.metadata = {"event_type": "answer", "event_payload": {"item": ITEM}}
        slack.workspace.put(message)
    state = "withdrawn" if deleted else "answered"
    row = Row(SLACK, "C1", said.id, ITEM, state, "answer", "U1", 1, datetime.now(UTC), "[]")
    async with DiscordStandIn() as discord:
        return Judge(ledger, slack, discord, [row], admins="CADMINS").judge()


@pytest.mark.parametrize("whispers", [(True, True), (True, False), (False, True)])
async def test_a_whisper_that_nobody_can_take_back_is_counted_by_itself(
    slack: SlackStandIn, whispers: tuple[bool, bool]
) -> None:
    verdict = await _judge(slack, *whispers)
    assert verdict.good and verdict.figures["could not be taken back: whispered"] == 1


async def test_a_whisper_outlives_its_question(slack: SlackStandIn) -> None:
    verdict = await _judge(slack, True, deleted=True)
    assert verdict.good and verdict.figures["could not be taken back: whispered"] == 1


@pytest.mark.parametrize(("whispers", "doubled"), [((False,), 0), ((False, False), 1), ((True, False, False), 1)])
async def test_two_answers_that_everybody_sees_are_doubled(
    slack: SlackStandIn, whispers: tuple[bool, ...], doubled: int
) -> None:
    assert len((await _judge(slack, *whispers)).doubled) == doubled


@pytest.mark.parametrize(("refused", "doubled"), [("not_in_channel", 0), ("ratelimited", 1)])
async def test_what_stands_where_the_bot_may_speak_no_more_is_no_second_answer(
    slack: SlackStandIn, refused: str, doubled: int
) -> None:
    slack.add_channel("C2", ["U1"], "public")
    ledger, asked = Ledger(random.Random(1)), await slack.say("C1", "U1", "How long?")
    ledger.note(Said(SLACK, "C1", asked, "U1", asked, Wording(TOPICS[0], "000001")))
    for channel in ("C1", "C2"):
        message = Message(slack.workspace.next_ts(), channel, slack.bot_user, text="2 working days (000001)")
        message.bot_id, message.thread_ts = slack.bot_id, asked if channel == "C1" else ""
        message.metadata = {"event_type": "answer", "event_payload": {"item": ITEM}}
        slack.workspace.put(message)
        slack.calls.append(Call("chat.postMessage", {"channel": channel}, 0.0, True, "", {"ts": message.ts}))
        slack.calls.append(Call("conversations.replies", {"channel": "C1"}, 0.0, False, refused, {}))
    row = Row(SLACK, "C1", asked, ITEM, "answered", "answer", "U1", 1, datetime.now(UTC), "[]")
    async with DiscordStandIn() as discord:
        verdict = Judge(ledger, slack, discord, [row], admins="CADMINS").judge()
    assert (len(verdict.doubled), verdict.figures["broken off where the bot may speak no more"]) == (
        doubled,
        1 - doubled,
    )
