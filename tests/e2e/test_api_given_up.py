"""The HTTP API while an answer takes long: callers who go away, and a service that is stopped or killed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import SECONDS, ApiClient, Event, ServedApi, copy_knowledge, served_api
from tests.support.bots import Bot, Knowledge
from tests.support.openai_server import HANG, OpenAiServer, Script
from tests.support.pairs import LAMP, VAGUE

QUESTION = "How do I return something?"
SENTENCE = "You have 30 days from the day it arrived, as long as it is unused [1]."
SLOW = Script([f"{SENTENCE} Print", *[" and"] * 7200], between=0.5)  # a sentence, and one of an hour
AGES = {"vllm_seconds": 2 * HANG, "first_line_seconds": HANG, "answer_seconds": 2 * HANG}


def as_seen(text: str) -> str:
    """Without what shows nothing."""
    return re.sub("[\u200b\u2060]", "", text)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def server() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer(SLOW) as server:
        yield server


@pytest.fixture
async def api(shop: Knowledge, tmp_path: Path, server: OpenAiServer) -> AsyncIterator[ServedApi]:
    """One whose model writes a sentence, and then one that does not end."""
    async with served_api(copy_knowledge(shop, tmp_path), vllm_url=(server.url,), **AGES) as api:
        yield api


async def is_given_up(api: ServedApi, server: OpenAiServer) -> bool:
    """Nothing is done any more, nothing was kept, and nothing is owed."""
    inbox, turns = api.application.inbox, api.application.conversations
    await until(lambda: not server.running and not inbox.working_count and not inbox.waiting_count)
    await asyncio.sleep(2.5)  # in which a process looks twice for what it owes
    owed = await api.application.inbox_store.own_revisions()
    return server.aborted > 0 and not server.running and not owed and not await turns.list_turns()


async def test_a_caller_who_leaves_a_stream_ends_the_model_s_work(api: ServedApi, server: OpenAiServer) -> None:
    client = await api.client("helpdesk")
    async with client.stream(QUESTION) as events:
        async for event in events:
            if event.name == "delta":
                break
    assert event.data["text"].startswith("You have 30 days")
    assert await is_given_up(api, server)


async def test_a_caller_who_leaves_before_the_answer_ends_the_model_s_work(
    api: ServedApi, server: OpenAiServer
) -> None:
    client = await api.client("helpdesk")
    asking = asyncio.create_task(client.ask(QUESTION))
    await until(lambda: server.running)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert await is_given_up(api, server)


async def test_who_waits_behind_another_is_told_so_and_leaves_the_other_alone(
    api: ServedApi, server: OpenAiServer
) -> None:
    """Both are one customer's, who is answered one at a time."""
    client = await api.client("helpdesk")
    first: asyncio.Queue[Event] = asyncio.Queue()

    async def listen() -> None:
        async with client.stream(QUESTION, user="42") as events:
            async for event in events:
                first.put_nowait(event)

    listening = asyncio.create_task(listen())
    await until(lambda: server.running)
    async with client.stream("How long does delivery take?", user="42") as events:
        assert (await anext(events)) == Event("status", {"stage": "waiting", "ahead": 1})
    await until(lambda: not api.application.inbox.waiting_count)
    assert server.running == 1 and not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert await is_given_up(api, server)


async def test_a_caller_who_reads_no_more_holds_nobody_up(api: ServedApi, server: OpenAiServer) -> None:
    server.scripts = [SLOW, Script([SENTENCE])]
    client = await api.client("helpdesk")
    async with client.stream(QUESTION):
        await until(lambda: server.running)
        assert (await client.ask(QUESTION))["decision"] == "answer"


async def test_what_is_asked_back_is_chosen_by_its_number(pairs: Knowledge, tmp_path: Path) -> None:
    async with served_api(copy_knowledge(pairs, tmp_path)) as api:
        client = await api.client("helpdesk")
        asked = await client.ask(VAGUE)
        assert asked["decision"] == "clarify" and len(asked["suggestions"]) == 2
        [lamp] = [each for each in asked["suggestions"] if as_seen(each["title"]) == LAMP]
        assert "@everyone" not in lamp["title"]  # which would ring a bell in a chat
        assert lamp["url"].startswith(pairs.site) and "Unplug the lamp" in lamp["gist"]
        chosen = await client.ask(str(lamp["number"]), conversation=asked["conversation"])
        assert chosen["decision"] == "answer" and "knob twice" in chosen["text"]
        assert [as_seen(each["title"]) for each in chosen["citations"]] == [LAMP]
        async with client.stream(VAGUE) as events:  # nothing of what is to be chosen comes in pieces
            told = [event async for event in events]
        assert [event.name for event in told] == ["status", "status", "final"]


# -- processes ----------------------------------------------------------------------------------------------------


async def key_of(bot: Bot) -> ApiClient:
    made = await bot.command("keys", "add", "helpdesk", "--scope", "ask,sources", "--json")
    return ApiClient(f"http://127.0.0.1:{bot.port}/api/v1", json.loads(made.out)["key"])


def serve(shop: Knowledge, folder: Path, server: OpenAiServer, **settings: str) -> Bot:
    ages = {f"FRONTDESK_{name.upper()}": str(value) for name, value in AGES.items()}
    return Bot(None, shop, folder, FRONTDESK_API="true", FRONTDESK_VLLM_URL=server.url, **ages, **settings)


@pytest.mark.slow
async def test_a_stop_lets_go_who_still_waits_and_the_next_start_owes_them_nothing(
    shop: Knowledge, tmp_path: Path, server: OpenAiServer
) -> None:
    async with serve(shop, tmp_path, server, FRONTDESK_DRAIN_SECONDS="1") as bot:
        client = await key_of(bot)
        asking = asyncio.create_task(client.post("/ask", question=QUESTION))
        streamed: list[Event] = []

        async def listen() -> None:
            async with client.stream(QUESTION) as events:
                streamed.extend([event async for event in events])

        listening = asyncio.create_task(listen())
        await until(lambda: server.running == 2)
        assert await bot.terminate() == 0
        reply = await asking
        assert reply.status == 503 and reply.data["type"] == "urn:frontdesk:problem:unavailable"
        await listening
        assert streamed[-1].name == "error" and streamed[-1].data["status"] == 503
        await bot.start()
        assert (await client.get("/sources")).status == 200
        assert set(bot.states().values()) == {"excused"} and len(server.requests) == 2
        assert "Traceback" not in bot.log


@pytest.mark.slow
async def test_what_a_killed_process_was_asked_is_not_answered_for_nobody(
    shop: Knowledge, tmp_path: Path, server: OpenAiServer
) -> None:
    async with serve(shop, tmp_path, server) as bot:
        client = await key_of(bot)
        asking = asyncio.create_task(client.post("/ask", question=QUESTION))
        await until(lambda: server.running)
        await bot.kill()
        with suppress(Exception):
            await asking
        await bot.start()
        await until(lambda: set(bot.states().values()) == {"excused"})
        assert len(server.requests) == 1 and not bot.sql("SELECT id FROM turns")


@pytest.mark.slow
async def test_without_a_chat_platform_the_api_has_to_be_switched_on(shop: Knowledge, tmp_path: Path) -> None:
    bot = Bot(None, shop, tmp_path)
    done = await bot.command("serve")
    assert done.code == 2 and "FRONTDESK_API" in done.err and "SLACK_BOT_TOKEN" in done.err
