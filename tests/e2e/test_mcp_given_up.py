"""The MCP server while an answer takes long: clients that go away, and a service that is stopped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.api_keys.models import Scope
from tests.support.api import ServedApi, copy_knowledge, served_api
from tests.support.bots import Bot, Knowledge
from tests.support.mcp_clients import ERAS, SECONDS, call, http_client, process_client, refusal
from tests.support.openai_server import HANG, OpenAiServer, Script

QUESTION = "How do I return something?"
SENTENCE = "You have 30 days from the day it arrived, as long as it is unused [1]."
SLOW = Script([f"{SENTENCE} Print", *[" and"] * 7200], between=0.5)  # a sentence, and one of an hour
AGES = {"vllm_seconds": 2 * HANG, "first_line_seconds": HANG, "answer_seconds": 2 * HANG}


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def model() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer(SLOW) as server:
        yield server


@pytest.fixture
async def served(shop: Knowledge, tmp_path: Path, model: OpenAiServer) -> AsyncIterator[ServedApi]:
    """One whose model writes a sentence, and then one that does not end."""
    async with served_api(copy_knowledge(shop, tmp_path), api=False, mcp=True, vllm_url=(model.url,), **AGES) as served:
        yield served


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_leaves_before_its_answer_ends_the_work_and_leaves_others_alone(
    served: ServedApi, model: OpenAiServer, era: str
) -> None:
    model.scripts = [SLOW, Script([SENTENCE])]
    key = (await served.application.api_keys.create_key("assistant", [Scope.ASK])).token

    async def ask() -> None:
        async with http_client(f"{served.url}/mcp", key, era) as client:
            await call(client, "ask_help", question=QUESTION)

    asking = asyncio.create_task(ask())
    await until(lambda: model.running)
    async with http_client(f"{served.url}/mcp", key, era) as other:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        answered = await call(other, "ask_help", question=QUESTION)
    inbox, turns = served.application.inbox, served.application.conversations
    await until(lambda: not model.running and not inbox.working_count and not inbox.waiting_count)
    assert model.aborted > 0
    assert [turn.id for turn in await turns.list_turns()] == [answered["turn"]]


async def test_a_client_is_told_how_far_its_answer_is(served: ServedApi, model: OpenAiServer) -> None:
    model.scripts = [Script([SENTENCE])]
    key = (await served.application.api_keys.create_key("assistant", [Scope.ASK])).token
    told: list[str | None] = []

    async def note(_progress: float, _total: float | None, message: str | None) -> None:
        told.append(message)

    async with http_client(f"{served.url}/mcp", key) as client:
        result = await client.call_tool("ask_help", {"question": QUESTION}, progress_callback=note)
    assert not result.is_error and told == ["searching", "writing"]


@pytest.mark.slow
async def test_a_stop_lets_go_who_still_waits(shop: Knowledge, tmp_path: Path, model: OpenAiServer) -> None:
    ages = {f"FRONTDESK_{name.upper()}": str(value) for name, value in AGES.items()}
    settings = {"FRONTDESK_MCP": "true", "FRONTDESK_VLLM_URL": model.url, "FRONTDESK_DRAIN_SECONDS": "1"} | ages
    async with Bot(None, shop, tmp_path, **settings) as bot:
        key = json.loads((await bot.command("keys", "add", "assistant", "--scope", "ask", "--json")).out)["key"]
        async with http_client(f"http://127.0.0.1:{bot.port}/mcp", key) as client:
            asking = asyncio.create_task(refusal(client, "ask_help", question=QUESTION))
            await until(lambda: model.running)
            assert await bot.terminate() == 0
            assert "being stopped" in await asking
        assert set(bot.states().values()) == {"excused"} and "Traceback" not in bot.log


@pytest.mark.slow
async def test_a_process_whose_client_goes_away_in_mid_answer_ends_and_owes_nothing(
    shop: Knowledge, tmp_path: Path, model: OpenAiServer
) -> None:
    ages = {f"FRONTDESK_{name.upper()}": str(value) for name, value in AGES.items()}
    bot = Bot(None, shop, tmp_path, FRONTDESK_VLLM_URL=model.url, **ages)

    async def ask() -> None:
        with (tmp_path / "mcp.log").open("w") as log:
            async with process_client(bot.settings, tmp_path, log) as client:
                await call(client, "ask_help", question=QUESTION)

    asking = asyncio.create_task(ask())
    await until(lambda: model.running)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: not model.running)
    assert not bot.sql("SELECT id FROM turns")
    assert "Traceback" not in (tmp_path / "mcp.log").read_text()
