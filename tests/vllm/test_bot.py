"""`frontdesk serve` in Slack with answers written by a real vLLM server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.answering.prompt import SYSTEM, answer_prompt
from inference.interfaces import Limits, Message, Role
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from tests.e2e.conftest import shop  # noqa: F401 - a fixture
from tests.fakes import passage
from tests.support.bots import Bot, Knowledge
from tests.support.rooms import SECONDS, Room
from tests.support.slack import SlackStandIn
from tests.support.vllm.server import CACHE_HITS, CACHE_QUERIES, GENERATED, RUNNING, VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.asyncio(loop_scope="module")]

QUESTION = "How do I return something?"
ANSWER = "You have 30 days from the day it arrived, if it is unused [1]."
ENDLESS = f"{QUESTION} giraffe"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    vllm: VllmServer,
    shop: Knowledge,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Bot]:
    folder: Path = tmp_path_factory.mktemp("vllm-bot")
    settings = {"FRONTDESK_VLLM_URL": vllm.url, "FRONTDESK_ANSWER_THRESHOLD": "0.1"}
    async with SlackStandIn() as slack, Bot(slack, shop, folder, **settings) as bot:
        yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    return Room(bot)


async def metrics(server: VllmServer) -> dict[str, float]:
    return await asyncio.to_thread(server.metrics)


@asynccontextmanager
async def held(server: VllmServer, before: float) -> AsyncIterator[None]:
    """While a model is held in the middle of an answer: it runs in short steps until it is seen to write one, so that
    none comes to its end meanwhile, however busy the machine is. `before` is what it had generated until then."""
    while True:
        with server.frozen():
            await asyncio.sleep(0.2)  # until what it made is counted
            now = await metrics(server)
            if now[RUNNING] and now[GENERATED] > before:
                yield
                return
        await asyncio.sleep(0.01)


async def test_the_model_writes_the_answer_with_its_source(bot: Bot, room: Room) -> None:
    answer = await room.one_answer(await room.ask(QUESTION))
    assert answer.shown.startswith(ANSWER) and "How do I return something?" in answer.shown.partition("Sources")[2]
    ((model,),) = bot.sql("SELECT model FROM turns ORDER BY created_at DESC LIMIT 1")
    assert model == "tiny"


async def test_a_refusal_is_a_suggestion(room: Room) -> None:
    answer = await room.one_answer(await room.ask(f"{QUESTION} weather"))
    assert "NO_ANSWER" not in answer.shown and "nearest thing" in answer.shown


async def test_a_deleted_question_is_aborted_on_the_server(bot: Bot, room: Room, vllm: VllmServer) -> None:
    before = (await metrics(vllm))[GENERATED]
    ts = await room.ask(ENDLESS)
    async with held(vllm, before):
        await room.slack.delete(room.channel, ts)
        await room.slack.wait_for(lambda: bot.states().get(ts) in {"retracting", "withdrawn"}, SECONDS)
        await asyncio.sleep(2)  # until the connection is closed
    for _ in range(40):
        if not (await metrics(vllm))[RUNNING]:
            break
        await asyncio.sleep(0.05)
    made = (await metrics(vllm))[GENERATED]
    await asyncio.sleep(1)
    after = await metrics(vllm)
    assert after[RUNNING] == 0 and after[GENERATED] == made, "nothing is generated after the abort"
    assert made - before < 700, "it was stopped before its end"
    assert room.said(ts) == []


async def test_eight_conversations_at_once_are_each_answered(bot: Bot, vllm: VllmServer) -> None:
    rooms = [Room(bot) for _ in range(8)]
    asked = [await room.ask(QUESTION) for room in rooms]
    for room, ts in zip(rooms, asked, strict=True):
        assert (await room.one_answer(ts)).shown.startswith(ANSWER)


def _prompts(naive: bool, questions: Sequence[str]) -> list[list[Message]]:
    """What the bot asks for a question of each of a conversation's turns; or all in one message, the question first."""
    shelf = [
        passage(Document(f"https://shop.example/{n}", f"What about {n}?", f"{n}: " + "The shop sends it. " * 30))
        for n in range(12)
    ]
    prompts = []
    for number, question in enumerate(questions):
        messages = answer_prompt(question, "en", shelf[number : number + 4], [])
        if naive:
            asked = messages[-1].content
            messages = [Message(Role.USER, f"{question}\n\n{asked}\n\n{SYSTEM}")]
        prompts.append(messages)
    return prompts


async def test_the_prompts_layout_is_served_by_the_prefix_cache(vllm: VllmServer) -> None:
    generator = VllmGenerator([vllm.url], limits=Limits())

    async def share(naive: bool) -> float:
        questions = [f"Question {number} of {'naive' if naive else 'ours'}?" for number in range(8)]
        before = await metrics(vllm)
        for prompt in _prompts(naive, questions):
            _ = [piece async for piece in generator.stream_text(prompt, max_tokens=20)]
        after = await metrics(vllm)
        return (after[CACHE_HITS] - before[CACHE_HITS]) / (after[CACHE_QUERIES] - before[CACHE_QUERIES])

    ours, naive = await share(naive=False), await share(naive=True)
    await generator.close()
    assert ours > 0.1 and naive < 0.02


async def test_a_server_killed_in_mid_answer_leaves_an_honest_answer_and_is_used_again(
    bot: Bot, room: Room, vllm: VllmServer
) -> None:
    ts = await room.ask(ENDLESS)
    await room.slack.wait_for(lambda: room.said(ts), SECONDS)
    await asyncio.to_thread(vllm.kill)
    answer = await room.one_answer(ts)
    assert "30 days from the day it arrived" in answer.shown
    marked = "could not finish" in answer.shown
    if not marked:  # nothing had come yet: the passage is quoted
        assert "as long as it is unused" in answer.shown
    quoted = await room.one_answer(await room.ask(QUESTION))
    assert "as long as it is unused" in quoted.shown
    fault = re.search(r"generator fault\s+.*fault=(\w{8})", re.sub(r"\x1b\[[0-9;]*m", "", bot.log))
    assert fault and "frontdesk_generator_faults_total" in (await bot.get("/metrics"))[1]
    await asyncio.to_thread(vllm.start)
    for _ in range(60):
        answer = await room.one_answer(await room.ask(QUESTION))
        if answer.shown.startswith(ANSWER):
            return
        await asyncio.sleep(1)
    raise AssertionError("the model must write again by itself")
