"""Slack's agent surface: a session that says it is at work, and the native button that stops it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.bots import SLOW_FRONTDESK, Bot, Knowledge
from tests.support.rooms import SECONDS, Direct
from tests.support.slack import SlackStandIn

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG, SHORT = "What are all the watering rules of the orchard?", "How heavy are the apple boxes?"
SOME_SECONDS = "What is the pear harvest month?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchard(lore: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    folder = tmp_path_factory.mktemp("agent")
    slow = {"TEST_WRITER_PAUSE": "0.1"}
    async with SlackStandIn() as slack, Bot(slack, lore, folder, program=SLOW_FRONTDESK, **slow) as bot:
        yield bot


async def test_a_session_is_at_work_until_its_answer_is_there(orchard: Bot) -> None:
    direct = Direct(orchard)
    ts = await direct.ask(SOME_SECONDS)
    await direct.answer(ts)
    await direct.slack.settled(SECONDS, 0.3)
    told = [call.args["status"] for call in direct.slack.called("agents.sessions.setStatus")][-2:]
    assert told == ["processing", "active"]


async def test_an_answer_that_is_there_at_once_needs_no_button_to_stop_it(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path) as bot:
        direct = Direct(bot)
        await direct.answer(await direct.ask("Do gift cards expire?"))  # loads what the first answer needs
        before = len(slack.calls)
        await direct.answer(await direct.ask("How long does delivery take?"))
        await slack.settled(SECONDS, 0.3)
        methods = [call.method for call in slack.calls[before:]]
        assert methods == ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"]


async def test_the_stop_button_ends_the_answer_and_leaves_what_is_shown(orchard: Bot) -> None:
    slack, direct = orchard.slack, Direct(orchard)
    ts = await direct.ask(LONG)
    stream = await slack.wait_for(
        lambda: next((m for m in direct.said(ts) if m.streaming and m.text), None), SECONDS, "a stream"
    )
    await slack.wait_for(
        lambda: slack.workspace.sessions.get((direct.channel, ts)) == "processing", SECONDS, "a button"
    )
    await slack.stop_agent(direct.asker, direct.channel, ts)
    await slack.wait_for(lambda: any(m.shown == "Stopped." for m in direct.said(ts)), SECONDS, "a line that says so")
    shown = stream.shown
    await slack.settled(SECONDS, 2.0)
    assert stream.shown == shown and not stream.streaming and len(direct.said(ts)) == 2
    assert slack.workspace.sessions[direct.channel, ts] == "active" and orchard.states()[ts] == "excused"
    follow = await direct.ask(SHORT)
    assert "3 kg" in (await direct.answer(follow)).shown


async def test_the_stop_button_pressed_before_anything_is_shown(orchard: Bot) -> None:
    slack, direct = orchard.slack, Direct(orchard)
    held = slack.hold("chat.startStream")
    ts = await direct.ask(LONG)
    await slack.wait_for(lambda: slack.workspace.sessions.get((direct.channel, ts)) == "processing", SECONDS)
    await slack.stop_agent(direct.asker, direct.channel, ts)
    held.release()
    await slack.wait_for(lambda: any(m.shown == "Stopped." for m in direct.said(ts)), SECONDS, "a line that says so")
    await slack.settled(SECONDS, 2.0)
    assert orchard.states()[ts] == "excused" and not any(m.streaming for m in direct.said(ts))


async def test_where_there_are_no_sessions_answers_come_as_ever(orchard: Bot) -> None:
    slack = orchard.slack
    slack.is_agent = False
    before = len(slack.called("agents.sessions.setStatus"))
    for _ in range(2):
        direct = Direct(orchard)
        assert "September" in (await direct.answer(await direct.ask(SOME_SECONDS))).shown
    await slack.settled(SECONDS, 0.3)
    assert len(slack.called("agents.sessions.setStatus")) == before + 1  # refused once, asked no more


async def test_the_manifest_declares_what_is_listened_to(orchard: Bot) -> None:
    manifest = json.loads((await orchard.command("slack", "manifest")).out)
    events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    assert {"app_home_opened", "assistant_thread_started", "agent_session_stopped"} <= events
    assert "agent_view" in manifest["features"] and "files:read" in manifest["oauth_config"]["scopes"]["bot"]
    names = [each["name"] for each in manifest["features"]["shortcuts"]]
    assert "Answer from the FAQ" in names
