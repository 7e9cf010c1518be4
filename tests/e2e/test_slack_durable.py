"""Nothing is lost and nothing answered twice, whatever dies, drops, fails or comes twice."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.rooms import QUIET, SECONDS, Direct, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.delivery import EVENTS, Delivery

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DELIVERY, PAYMENT, GIFTS = (
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
)
QUESTIONS = (DELIVERY, PAYMENT, GIFTS, "How do I return something?", "Who pays for the return postage?", "如何退货？")
OFTEN = (0.1,) * 100  # a retry schedule for those who cannot wait for Slack's minutes


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["socket", "http"])
async def bot(
    request: pytest.FixtureRequest, shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    folder = tmp_path_factory.mktemp(f"durable-{request.param}")
    async with SlackStandIn() as slack, Bot(slack, shop, folder, mode=request.param) as bot:
        slack.retry_schedule = OFTEN
        yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    return Room(bot)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a database, of the fixture named; "" is SQLite."""
    return str(request.getfixturevalue(request.param)) if request.param else ""


# what comes more than once


async def test_an_event_that_is_delivered_again_and_again_is_answered_once(room: Room) -> None:
    slack = room.slack
    ts = await room.ask(DELIVERY)

    def delivered() -> set[str]:
        sent = (sent.payload for sent in slack.deliveries)
        return {payload["event_id"] for payload in sent if payload["event"].get("ts") == ts}

    events = await slack.wait_for(lambda: found if len(found := delivered()) == 2 else None, SECONDS)
    for event_id in events:
        await slack.deliver_again(event_id)  # while it is being answered
    await room.one_answer(ts)
    for event_id in [*events, *events]:
        await slack.deliver_again(event_id)
    await room.one_answer(ts)

    def attempts() -> list[int]:
        return [sent.attempt for sent in slack.deliveries if sent.payload["event_id"] in events]

    again = await slack.wait_for(lambda: attempts() if len(attempts()) >= 8 and max(attempts()) >= 2 else None, SECONDS)
    await slack.settled(SECONDS)
    acks = [ack for ack in slack.acks if ack.event_id in events]
    assert len(acks) == len(again) and not any(ack.late for ack in acks)


async def test_an_event_whose_first_delivery_was_lost_is_answered(room: Room) -> None:
    """After a disconnect the retry may be the only copy."""
    slack = room.slack
    ts = await unheard(room, DELIVERY)
    event = slack.body(slack.workspace.message(room.channel, ts)) | {"channel": room.channel, "channel_type": "channel"}
    slack.outbox.send(Delivery(EVENTS, slack.event_payload(event), attempt=3, reason="http_timeout"))
    await room.one_answer(ts)


async def test_what_slack_refuses_for_the_moment_is_done_a_moment_later(room: Room) -> None:
    slack = room.slack
    for method in ("assistant.threads.setStatus", "chat.startStream", "chat.stopStream"):
        slack.rate_limit(method)
    since = len(slack.calls)
    ts = await room.ask(DELIVERY)
    await room.one_answer(ts)
    for method in ("chat.startStream", "chat.stopStream"):
        refused, done = [call for call in slack.calls[since:] if call.method == method]
        assert refused.error == "ratelimited" and done.ok and done.at - refused.at >= 1


async def test_a_call_that_fails_is_made_again_without_a_second_answer(bot: Bot) -> None:
    """Also where Slack did what was asked and only its reply was lost."""
    bot.slack.fail("chat.startStream", drop="after")
    bot.slack.fail("chat.stopStream", status=503)
    bot.slack.fail("chat.update", "internal_error")
    rooms = [Room(bot) for _ in range(3)]
    asked = [await room.ask(question) for room, question in zip(rooms, QUESTIONS, strict=False)]
    for room, ts in zip(rooms, asked, strict=True):
        await room.one_answer(ts)


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_streams_of_a_thread_whose_beginning_was_not_told_are_ended_each_with_its_own_answer(
    room: Room, lost: int
) -> None:
    """Nothing marks a stream before its end, so that each may be any question's."""
    root = await room.ask("Do gift cards expire?")
    await room.one_answer(root)
    room.slack.fail("chat.startStream", drop="after", times=lost)
    asked = {
        DELIVERY: "working days",
        PAYMENT: "PayPal",
        "Who pays for the return postage?": "label",
    }
    sent = [
        await room.ask(question, user=user, thread=root)
        for question, user in zip(asked, (room.asker, room.teammate, room.other), strict=True)
    ]
    await room.slack.wait_for(lambda: len(room.finished(root)) >= 4, SECONDS, "three answers")
    await room.slack.settled(SECONDS, QUIET)
    replies = [reply for reply in room.said(root) if reply.ts > sent[0]]
    assert not any(reply.streaming for reply in replies), room.shown(root)
    shown = sorted(words for reply in replies for words in asked.values() if words in reply.shown)
    assert len(replies) == 3 and shown == sorted(asked.values()), room.shown(root)


# the database


async def test_what_the_database_does_not_take_is_not_acknowledged_and_answered_when_it_comes_again(
    bot: Bot, room: Room
) -> None:
    slack = bot.slack
    slack.ack_deadline, before = 0.5, len(slack.acks)
    bot.sql("ALTER TABLE inbox RENAME TO inbox_away")
    try:
        ts = await room.ask(DELIVERY)
        await slack.wait_for(lambda: len(attempts(slack, ts)) >= 4, SECONDS)
        assert [ack for ack in slack.acks[before:] if not ack.late] == [] and room.said(ts) == []
    finally:
        bot.sql("ALTER TABLE inbox_away RENAME TO inbox")
        slack.ack_deadline = 3
    await room.one_answer(ts)
    assert "Traceback" not in bot.log.partition("OperationalError")[0]


async def test_a_database_that_is_locked_delays_and_loses_nothing(bot: Bot, room: Room) -> None:
    slack = bot.slack
    with closing(sqlite3.connect(bot.sqlite, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # a backup, a browser
        ts = await room.ask(DELIVERY)
        await slack.wait_for(lambda: len(attempts(slack, ts)) >= 3, SECONDS)
        assert room.said(ts) == []
        other.execute("ROLLBACK")
    await room.one_answer(ts)


# connections


@pytest.mark.parametrize("bot", ["socket"], indirect=True, scope="module")
@pytest.mark.parametrize("how", ["refresh_requested", "warning", "drop"])
async def test_a_connection_that_ends_loses_nothing(bot: Bot, how: str) -> None:
    slack, rooms = bot.slack, [Room(bot) for _ in range(6)]
    asked = [await room.ask(question) for room, question in zip(rooms[:2], QUESTIONS, strict=False)]
    opened = slack.sockets.opened
    if how == "drop":
        await slack.drop_sockets()
    else:
        await slack.disconnect_sockets(how)
    asked += [await room.ask(question) for room, question in zip(rooms[2:4], QUESTIONS, strict=False)]
    await slack.wait_for(lambda: slack.sockets.opened > opened and slack.connections, SECONDS)
    asked += [await room.ask(question) for room, question in zip(rooms[4:], QUESTIONS, strict=False)]
    for room, ts in zip(rooms, asked, strict=True):
        await room.one_answer(ts)


@pytest.mark.parametrize("bot", ["http"], indirect=True, scope="module")
async def test_a_request_that_slack_did_not_sign_is_refused(bot: Bot, room: Room) -> None:
    slack = bot.slack
    ts = await unheard(room, DELIVERY)
    event = slack.body(slack.workspace.message(room.channel, ts)) | {"channel": room.channel, "channel_type": "channel"}
    body = json.dumps(slack.event_payload(event))
    assert (await slack.post(body, secret="forged")).status == 401
    assert (await slack.post(body, timestamp=1_600_000_000)).status == 401
    assert (await slack.post(body, headers={"X-Slack-Signature": ""})).status == 401
    await room.silence(ts)
    assert (await slack.post(body)).status == 200
    await room.one_answer(ts)


# death


@pytest.mark.parametrize(
    ("mode", "database"),
    [("socket", ""), ("http", ""), pytest.param("socket", "postgres_url", marks=pytest.mark.postgres)],
    indirect=["database"],
)
async def test_killed_in_mid_answer_the_next_start_finishes_everything_in_place(
    shop: Knowledge, tmp_path: Path, mode: str, database: str
) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, mode=mode, database=database) as bot:
        slack.retry_schedule = OFTEN
        before_status, before_stream, unheard_of, in_stream, in_edit, direct = (
            *(Room(bot) for _ in range(5)),
            Direct(bot),
        )
        edited = await in_edit.ask(GIFTS)
        stood = await in_edit.one_answer(edited)

        asked, holds = {}, []
        for room, method in (
            (before_status, "assistant.threads.setStatus"),
            (before_stream, "chat.startStream"),
            (unheard_of, "chat.startStream"),
            (in_stream, "chat.stopStream"),
            (direct, "chat.stopStream"),
        ):
            holds.append(slack.hold(method))
            asked[room] = await room.ask(DELIVERY)
            await holds[-1].begun()
        holds.append(slack.hold("chat.update"))
        await slack.edit(in_edit.channel, edited, f"<@{slack.bot_user}> {DELIVERY}")
        await holds[-1].begun()
        await bot.kill()

        holds[2].release()  # Slack does it, and nobody hears of it
        await slack.wait_for(lambda: unheard_of.said(asked[unheard_of]), SECONDS)
        open_streams = {room: room.said(asked[room])[0] for room in (unheard_of, in_stream, direct)}
        assert all(message.streaming for message in open_streams.values())
        missed = Room(bot)
        asked[missed] = await missed.ask(PAYMENT)  # while nobody listens

        await bot.start()
        for room, ts in asked.items():
            answer = await room.one_answer(ts)
            assert "Sources" in answer.shown and not answer.streaming
            if room in open_streams:
                assert answer is open_streams[room]
        assert (await in_edit.one_answer(edited, containing="working days")).ts == stood.ts


async def test_a_command_that_waited_when_the_process_was_killed_is_answered(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, FRONTDESK_WORKERS="1") as bot:
        room, asker = Room(bot), Room(bot)
        hold = slack.hold("chat.startStream")
        ts = await room.ask(DELIVERY)
        await hold.begun()
        await slack.command("/ask", asker.asker, asker.channel, PAYMENT)
        await bot.kill()
        await bot.start()
        await room.one_answer(ts)
        (answer,) = await slack.wait_for(lambda: slack.bot_messages(asker.channel), SECONDS)
        assert answer.ephemeral_to == asker.asker and "Visa" in answer.shown


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_told_to_end_it_finishes_what_is_in_flight_and_leaves_the_rest(
    shop: Knowledge, tmp_path: Path, mode: str
) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, mode=mode, FRONTDESK_WORKERS="1") as bot:
        slack.retry_schedule = OFTEN
        first, second, third = Room(bot), Room(bot), Room(bot)
        hold = slack.hold("chat.startStream")
        in_flight = await first.ask(DELIVERY)
        await hold.begun()
        waits = await second.ask(PAYMENT)
        await slack.settled(SECONDS)
        ended = asyncio.create_task(bot.terminate())
        while (await bot.get("/readyz"))[0] == 200:  # noqa: ASYNC110  (it is another process that says so)
            await asyncio.sleep(0.02)
        late = await third.ask(GIFTS)
        hold.release()
        assert await ended == 0
        assert not first.said(in_flight)[0].streaming and "working days" in first.shown(in_flight)[0]
        assert bot.states() == {in_flight: "answered", waits: "owed"}
        assert second.said(waits) == third.said(late) == []
        await bot.start()
        await first.one_answer(in_flight)
        await second.one_answer(waits)
        await third.one_answer(late)


async def test_told_to_end_it_waits_no_longer_than_its_limit(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, FRONTDESK_DRAIN_SECONDS="0.5") as bot:
        room = Room(bot)
        hold = slack.hold("chat.stopStream")
        ts = await room.ask(DELIVERY)
        await hold.begun()
        assert await bot.terminate(timeout=8) == 0
        assert room.said(ts)[0].streaming
        await bot.start()
        await room.one_answer(ts)


@pytest.mark.postgres
async def test_two_processes_on_one_database_answer_once_and_stand_in_for_each_other(
    shop: Knowledge, tmp_path: Path, postgres_url: str
) -> None:
    settings = {"database": postgres_url, "FRONTDESK_LEASE_SECONDS": "3"}
    async with SlackStandIn() as slack, AsyncExitStack() as stack:
        slack.retry_schedule = OFTEN
        one = await stack.enter_async_context(Bot(slack, shop, tmp_path / "one", **settings))
        rooms = [Room(one), *(Room(one) for _ in range(6)), *(Direct(one) for _ in range(6))]
        hold = slack.hold("chat.startStream")
        held = await rooms[0].ask(DELIVERY)
        await hold.begun()
        await stack.enter_async_context(Bot(slack, shop, tmp_path / "two", **settings))
        await slack.wait_for(lambda: slack.connections == 2, SECONDS)

        # A mention's two events go to both; what is said in private goes to each in turn.
        asked = {room: await room.ask(QUESTIONS[n % len(QUESTIONS)]) for n, room in enumerate(rooms[1:])}
        for sent in [sent for sent in slack.deliveries if sent.kind == EVENTS and sent.attempt == 0]:
            await slack.deliver_again(sent.payload["event_id"])
        for room, ts in asked.items():
            await room.one_answer(ts)
        assert {sent.connection for sent in slack.deliveries} == {1, 2}
        connection = await asyncpg.connect(postgres_url)
        assert len(await connection.fetch("SELECT DISTINCT owner FROM inbox")) == 2
        await connection.close()

        await one.kill()  # … with one answer begun: the other takes it over
        await rooms[0].one_answer(held)


# load


async def test_a_burst_with_duplicates_and_a_kill_in_the_middle(
    shop: Knowledge, tmp_path: Path, record_property: Any
) -> None:
    """2,000 events, 667 of them duplicates, from 100 people at 250 a second, the process killed in the middle."""
    settings = {"FRONTDESK_LEASE_SECONDS": "3", "FRONTDESK_USER_BUDGET": "0", "FRONTDESK_LOG_LEVEL": "WARNING"}
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, **settings) as bot:
        slack.retry_schedule = OFTEN
        people = [f"U9{number:03}" for number in range(100)]
        slack.add_channel("C9", people)
        asked: dict[str, str] = {}  # ts: channel
        events = 0

        async def burst(first: int, last: int) -> None:
            nonlocal events
            for number in range(first, last):
                user, question = people[number % 100], QUESTIONS[number % len(QUESTIONS)]
                mention = number % 4 == 0  # arrives as two events
                channel = "C9" if mention else slack.dm(user)
                asked[await slack.say(channel, user, question, mention=mention)] = channel
                events += 1 + mention
                if number % 4 == 1:
                    await slack.deliver_again()
                    events += 1
                await asyncio.sleep(0.006 if mention or number % 4 == 1 else 0.003)

        await burst(0, 667)
        await slack.wait_for(lambda: sum(state != "owed" for state in bot.states().values()) > 30, 60)
        await bot.kill()
        await burst(667, 700)  # nobody listens
        await bot.start()
        await burst(700, 1333)
        assert (events, len(asked)) == (2000, 1333)

        def answered() -> bool:
            return sum(state == "answered" for state in bot.states().values()) == len(asked)

        for _ in range(600):
            if answered():
                break
            await asyncio.sleep(0.25)
        await slack.settled(60)
        assert bot.states() == dict.fromkeys(asked, "answered")
        for ts, channel in asked.items():
            (answer,) = slack.bot_messages(channel, ts)
            assert answer.metadata and not answer.streaming and answer.shown
            assert slack.status(channel, ts) == ""
        seconds = sorted(ack.seconds for ack in slack.acks if ack.kind == EVENTS and not ack.late)
        late = [ack for ack in slack.acks if ack.late]
        p50, p99 = statistics.median(seconds), seconds[int(len(seconds) * 0.99)]
        record_property(
            "acks", f"{len(seconds)}: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, worst {seconds[-1]}"
        )
        assert not late and seconds[-1] < 3


# helpers


async def unheard(room: Room, text: str) -> str:
    """A question in the workspace of which the bot is told nothing."""
    subscriptions, room.slack.subscriptions = room.slack.subscriptions, set()
    try:
        return await room.ask(text)
    finally:
        room.slack.subscriptions = subscriptions


def attempts(slack: SlackStandIn, ts: str) -> list[int]:
    return [sent.attempt for sent in slack.deliveries if sent.payload.get("event", {}).get("ts") == ts]
