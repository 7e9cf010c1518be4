"""A draft that a server judges before it is shown, over real HTTP: what stands, and what becomes of it otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.answering.attribution.attributor import Attributor
from bot.answering.first_line import Patience
from bot.answering.generate import GeneratedWriter
from bot.answering.judging import DraftJudge
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.platforms.web.metrics import Metrics
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from tests.fakes import found
from tests.support.openai_server import HANG, OpenAiServer, Script

RETURNS = Document(
    "https://shop.example/returns",
    "How do I return goods?",
    "Send goods back within 30 days of delivery. The refund takes 5 working days.",
    language="en",
)
SENTENCES = ["Send goods back within 30 days of delivery [1]. ", "The refund takes 5 working days [1]."]


async def judged(
    reply: Script, patience: Patience | None = None, draft: Sequence[str] = SENTENCES
) -> tuple[list[AnswerChunk], list[dict[str, Any]]]:
    """What goes out of a draft where the server's judgement is `reply`; and the requests for one."""

    def answer(body: dict[str, Any]) -> Script:
        return reply if "response_format" in body else Script(draft)

    async with OpenAiServer() as server:
        server.answer = answer
        generator, meter = (
            VllmGenerator([server.url], limits=Limits(connect=2, first=10, between=10, total=30)),
            Metrics(),
        )
        writer = GeneratedWriter(
            generator,
            ExtractiveWriter(),
            meter,
            attributor=Attributor(),
            patience=patience or Patience(30),
            judge=DraftJudge(generator, meter),
        )
        brief = WritingRequest("How do I return goods?", "en", found(RETURNS))
        pieces = [piece async for piece in writer.write_answer(brief)]
        await generator.close()
        return pieces, [body for body in server.requests if "response_format" in body]


async def become(is_so: Callable[[], bool]) -> None:
    for _ in range(3000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to be")


def verdicts(*said: str) -> Script:
    return Script([json.dumps({"verdicts": said})])


def texts(pieces: Sequence[AnswerChunk]) -> list[str]:
    return [piece.text for piece in pieces]


async def test_sentences_that_are_judged_to_be_carried_go_out_after_one_call() -> None:
    pieces, asked = await judged(verdicts("carried", "carried"))
    assert texts(pieces) == SENTENCES
    (body,) = asked
    assert "<sentence 2>The refund takes 5 working days [1].</sentence>" in body["messages"][-1]["content"]
    assert body["response_format"]["json_schema"]["schema"]["properties"]["verdicts"]["minItems"] == 2


@pytest.mark.parametrize("verdict", ["contradicted", "not in the passages"])
async def test_a_sentence_that_is_not_carried_is_left_out(verdict: str) -> None:
    assert texts((await judged(verdicts("carried", verdict)))[0]) == SENTENCES[:1]


async def test_where_nothing_stands_the_passage_is_quoted() -> None:
    pieces, _ = await judged(verdicts("contradicted", "contradicted"))
    assert {piece.model for piece in pieces} == {"extractive"}


@pytest.mark.parametrize(
    "reply",
    [
        Script(["no JSON"]),
        Script([json.dumps({"verdicts": ["carried"]})]),
        Script([json.dumps({"verdicts": ["carried", "perhaps"]})]),
        Script([json.dumps(["contradicted", "contradicted"])]),
        Script(status=500),
    ],
)
async def test_a_call_that_fails_changes_nothing(reply: Script) -> None:
    assert texts((await judged(reply))[0]) == SENTENCES


async def test_a_call_that_is_slow_changes_nothing_and_does_not_cost_the_first_line() -> None:
    pieces, _ = await judged(Script(["{}"], first=HANG), Patience(5))
    assert texts(pieces) == SENTENCES


async def test_without_time_left_the_server_is_not_asked() -> None:
    async with OpenAiServer() as server:
        generator = VllmGenerator([server.url])
        judge = DraftJudge(generator, Metrics())
        assert await judge.judge_sentences(["It is so."], [], 0.0) is None
        await generator.close()
        assert server.requests == []


async def test_a_step_that_is_judged_away_is_told() -> None:
    steps = ["1. Send goods back within 30 days of delivery [1].\n", "2. The refund takes 5 working days [1].\n"]
    pieces, _ = await judged(verdicts("carried", "contradicted"), draft=steps)
    assert texts(pieces)[0] == steps[0] and "https://shop.example/returns" in texts(pieces)[-1]


async def test_giving_the_answer_up_while_it_is_judged_ends_the_work_on_the_server() -> None:
    async with OpenAiServer() as server:
        server.answer = lambda body: Script(["{}"], first=HANG) if "response_format" in body else Script(SENTENCES)
        generator, meter = VllmGenerator([server.url]), Metrics()
        writer = GeneratedWriter(
            generator, ExtractiveWriter(), meter, patience=Patience(60), judge=DraftJudge(generator, meter)
        )
        brief = WritingRequest("How do I return goods?", "en", found(RETURNS))
        answering = asyncio.ensure_future(anext(aiter(writer.write_answer(brief))))
        await become(lambda: any("response_format" in body for body in server.requests))
        answering.cancel()
        await asyncio.wait({answering})
        await become(lambda: server.aborted == 1)
        await generator.close()
