"""What can wait is asked when nobody else asks, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from inference.errors import GeneratorSlow, GeneratorUnavailable
from inference.interfaces import Limits, Message, Role
from inference.spare_time import SpareTime
from inference.vllm import VllmGenerator
from tests.support.openai_server import HANG, OpenAiServer, Script

LATER, NOW = [Message(Role.USER, "later")], [Message(Role.USER, "now")]
SCHEMA = {"type": "object"}


@asynccontextmanager
async def models(server: OpenAiServer, seconds: float = 20) -> AsyncIterator[tuple[SpareTime, VllmGenerator]]:
    generator = VllmGenerator([server.url], limits=Limits(first=20, between=20, total=60, concurrency=4))
    try:
        yield SpareTime(generator, seconds), generator
    finally:
        await generator.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (what it waits for sets no event)
            await asyncio.sleep(0.01)


async def ask_now(generator: VllmGenerator) -> str:
    return "".join([piece async for piece in generator.stream_text(NOW, max_tokens=5)])


async def test_a_server_that_is_idle_is_asked_at_once_and_one_request_at_a_time() -> None:
    async with OpenAiServer(Script(['{"n": 1}'], first=0.1)) as server, models(server) as (spare, _):
        asked = [spare.generate_json(LATER, SCHEMA, max_tokens=5) for _ in range(3)]
        assert await asyncio.gather(*asked) == [{"n": 1}] * 3
        assert server.most_running == 1
        assert await spare.model_name() == "tiny"


async def test_it_waits_until_what_others_asked_is_answered_here_or_elsewhere() -> None:
    async with OpenAiServer(Script(["{}"])) as server, models(server) as (spare, _):
        server.elsewhere = 1
        asking = asyncio.create_task(spare.generate_json(LATER, SCHEMA, max_tokens=5))
        await asyncio.wait({asking}, timeout=0.4)
        assert not asking.done() and not server.requests
        server.elsewhere = 0
        assert await asking == {}


async def test_who_asks_meanwhile_has_it_broken_off_and_it_is_asked_again() -> None:
    async with OpenAiServer(Script(["{}"], first=HANG), Script(["Hello."]), Script(["{}"])) as server:
        async with models(server) as (spare, generator):
            asking = asyncio.create_task(spare.generate_json(LATER, SCHEMA, max_tokens=5))
            await until(lambda: server.running == 1)
            server.scripts[0] = Script(["Hello."], first=1.0)
            assert await ask_now(generator) == "Hello."
            assert server.aborted == 1
            assert await asking == {}
        assert [body["messages"][0]["content"] for body in server.requests] == ["later", "now", "later"]


async def test_a_server_without_time_to_spare_is_given_up_and_no_fault_is_counted() -> None:
    async with OpenAiServer(Script(["Hello."])) as server, models(server, seconds=0.5) as (spare, generator):
        server.elsewhere = 2
        with pytest.raises(GeneratorSlow, match="no time to spare"):
            await spare.generate_json(LATER, SCHEMA, max_tokens=5)
        assert await ask_now(generator) == "Hello."
        assert await generator.count_requests() == 2


async def test_what_goes_wrong_is_told_and_a_server_that_counts_nothing_is_asked() -> None:
    async with OpenAiServer(Script(status=500), Script(["{}"])) as server, models(server) as (spare, generator):
        with pytest.raises(GeneratorUnavailable):
            await spare.generate_json(LATER, SCHEMA, max_tokens=5)
        server.elsewhere = "?"  # type: ignore[assignment]
        assert await generator.count_requests() == 0
        assert await spare.generate_json(LATER, SCHEMA, max_tokens=5) == {}
