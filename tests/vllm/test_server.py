"""The client against a real vLLM server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from inference.errors import GeneratorError, GeneratorTooLong, GeneratorUnavailable
from inference.interfaces import Limits, Message, Role
from inference.vllm import VllmGenerator
from tests.support.vllm.server import CACHE_HITS, CACHE_QUERIES, GENERATED, RUNNING, VllmServer
from tests.vllm.conftest import RETURNS

pytestmark = pytest.mark.vllm

SYSTEM = Message(Role.SYSTEM, "You answer from passages. " * 40)


def asked(question: str) -> list[Message]:
    return [SYSTEM, Message(Role.USER, question)]


async def said(generator: VllmGenerator, question: str, max_tokens: int = 60) -> str:
    return "".join([piece async for piece in generator.stream_text(asked(question), max_tokens=max_tokens)])


async def metrics(server: VllmServer) -> dict[str, float]:
    return await asyncio.to_thread(server.metrics)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False


async def test_words_are_streamed_as_they_are_made(generator: VllmGenerator) -> None:
    pieces = [piece async for piece in generator.stream_text(asked("How do I return goods?"), max_tokens=60)]
    assert "".join(pieces) == "".join(RETURNS)
    assert len(pieces) > 1, "what has arrived is handed on at once; tokens that arrive together are one piece"
    assert await said(generator, "如何退货？") == "您可以在送达后三十天内退货[1]。"


async def test_the_server_tells_what_it_serves_and_counts_its_tokens(
    generator: VllmGenerator, vllm: VllmServer
) -> None:
    assert await generator.model_name() == "tiny"
    assert await generator.context_length() == 4096
    messages = asked("How do I return goods?")
    counted = await generator.count_tokens(messages)
    before = (await metrics(vllm))["vllm:prompt_tokens_total"]
    await said(generator, "How do I return goods?")
    assert counted == (await metrics(vllm))["vllm:prompt_tokens_total"] - before
    assert await generator.count_tokens(asked("How do I return goods? " * 20)) > counted


async def test_a_decision_fits_its_schema_whatever_the_model_prefers(generator: VllmGenerator) -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["question", "small_talk"]},
            "answerable": {"type": "boolean"},
            "passages": {"type": "array", "items": {"type": "integer", "enum": [1, 2, 3]}, "maxItems": 3},
        },
        "required": ["kind", "answerable", "passages"],
        "additionalProperties": False,
    }
    decided = await generator.generate_json(asked("How do I return goods?"), schema, max_tokens=100)
    assert decided["kind"] in {"question", "small_talk"} and isinstance(decided["answerable"], bool)
    assert set(decided["passages"]) <= {1, 2, 3} and len(decided["passages"]) <= 3


async def test_an_answer_without_end_stops_where_it_was_told_to(generator: VllmGenerator) -> None:
    with pytest.raises(GeneratorTooLong) as fault:
        await said(generator, "zebra", max_tokens=40)
    assert fault.value.begun


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_an_answer_that_is_given_up_is_aborted_on_the_server(
    generator: VllmGenerator, vllm: VllmServer, how: str
) -> None:
    async def listen(begun: asyncio.Event) -> None:
        async with aclosing(generator.stream_text(asked("zebra"), max_tokens=3000)) as words:
            async for _ in words:
                begun.set()
                if how == "closed":
                    return

    before = (await metrics(vllm))[GENERATED]
    begun = asyncio.Event()
    listening = asyncio.create_task(listen(begun))
    await begun.wait()
    if how == "cancelled":

        async def running() -> bool:
            return (await metrics(vllm))[RUNNING] == 1

        assert await until(running, 5)
        listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    async def idle() -> bool:
        return (await metrics(vllm))[RUNNING] == 0

    assert await until(idle, 5)
    made = (await metrics(vllm))[GENERATED]
    assert made - before < 2000, "it was stopped before its end"
    await asyncio.sleep(1)
    assert (await metrics(vllm))[GENERATED] == made, "tokens were generated after the abort"


async def test_many_conversations_are_served_at_once_and_no_more_than_allowed(vllm: VllmServer) -> None:
    client = VllmGenerator([vllm.url], limits=Limits(concurrency=4, first=60))
    most, done = 0.0, False

    async def watch() -> None:
        nonlocal most
        while not done:
            most = max(most, (await metrics(vllm))[RUNNING])

    answers = await asyncio.gather(*(said(client, f"How do I return goods, number {number}?") for number in range(32)))
    assert set(answers) == {"".join(RETURNS)}
    watching = asyncio.create_task(watch())  # of longer ones: a short one may come and go between two looks
    long = (said(client, f"zebra {number}", max_tokens=300) for number in range(12))
    ends = await asyncio.gather(*long, return_exceptions=True)
    done = True
    await watching
    await client.close()
    assert {type(end) for end in ends} == {GeneratorTooLong}
    assert 1 < most <= 4  # fewer would mean that the watch saw nothing, or that they stood in line


async def test_the_prefix_cache_serves_what_stands_first(generator: VllmGenerator, vllm: VllmServer) -> None:
    """What repeats first, or what differs first: the server's own count of cached tokens tells which layout pays."""
    common = "The shop takes goods back. It sends money back. It packs with straw and string. " * 12

    async def share(messages: Callable[[int], list[Message]]) -> float:
        before = await metrics(vllm)
        for number in range(8):
            _ = [piece async for piece in generator.stream_text(messages(number), max_tokens=20)]
        after = await metrics(vllm)
        return (after[CACHE_HITS] - before[CACHE_HITS]) / (after[CACHE_QUERIES] - before[CACHE_QUERIES])

    first = await share(lambda number: [Message(Role.SYSTEM, common), Message(Role.USER, f"Question {number}?")])
    last = await share(lambda number: [Message(Role.SYSTEM, f"Question {number}? {common}"), Message(Role.USER, "?")])
    assert first > 0.7 and last < 0.1


async def test_a_server_killed_in_mid_stream_is_noticed_left_alone_and_used_again(vllm: VllmServer) -> None:
    client = VllmGenerator([vllm.url], limits=Limits(connect=0.5, first=20, between=10, total=60))
    killed = 0.0
    with pytest.raises(GeneratorError) as fault:
        async with aclosing(client.stream_text(asked("zebra"), max_tokens=3000)) as words:
            async for _ in words:
                if vllm.running:
                    killed = time.monotonic()
                    await asyncio.to_thread(vllm.kill)
    assert fault.value.begun and time.monotonic() - killed < 5
    for _ in range(3):
        with pytest.raises(GeneratorUnavailable):
            await said(client, "How do I return goods?")
    begun = time.monotonic()
    with pytest.raises(GeneratorUnavailable):
        await said(client, "How do I return goods?")
    assert time.monotonic() - begun < 0.1, "the breaker is open"
    await asyncio.to_thread(vllm.start)

    async def answers() -> bool:
        try:
            return await said(client, "How do I return goods?") == "".join(RETURNS)
        except GeneratorUnavailable:
            return False

    assert await until(answers, 70), "it must recover by itself"
    await client.close()


async def test_a_model_that_reads_text_alone_tells_that_it_takes_no_pictures(vllm: VllmServer) -> None:
    client = VllmGenerator([vllm.url])
    assert not await client.takes_pictures()
    assert await said(client, "How do I return goods?") == "".join(RETURNS), "it is well all the same"
    assert not await client.takes_pictures()
    refused = '"POST /v1/chat/completions HTTP/1.1" 400'
    assert vllm.log.count(refused) == 1, "it was asked once, and refused the picture"
    await client.close()
