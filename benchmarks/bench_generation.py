"""What the bot adds to a vLLM server: the same prompts sent through the whole use case and straight to the server.

A real server on this machine's CPU (`make vllm` installs it) serves SmolLM2-135M-Instruct, which takes both cores as
long as it writes: the bot's own work is done beside it. What the bot asks of the model in a turn is noted, decisions
and drafts, and asked again of the server directly, each up to the word at which the bot had enough. All questions were
asked before, so that the server's prefix cache holds every prompt, which makes the direct way as fast as it gets.

first_token   until the server's first token of a draft is back
throughput    answers a second
own_ms        processor time that the process which is the bot takes for an answer, its client included; the client's
              alone is that of the direct way
cached        the share of prompt tokens that the server's prefix cache held, by its own metrics: of the prompts of a
              conversation as the bot lays them out, and of the same texts with the question first and the rules last
guessing      the direct way beside a second server, which guesses tokens from the prompt (`--speculate`)
forgetting    the same beside one without a prefix cache
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import ExitStack, aclosing, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.chat.reply_stream import follow_answer
from examples.serve import serving
from inference.errors import GeneratorTooLong
from inference.interfaces import Limits, Message, Role
from inference.vllm import VllmGenerator
from tests.support.bots import crawled
from tests.support.vllm.install import MODEL
from tests.support.vllm.server import CACHE_HITS, CACHE_QUERIES, GENERATED, GUESSED_RIGHT, VllmServer, python

LEVELS = (1, 8, 32)
ROUNDS = {1: 8, 8: 2, 32: 1}
TOKENS = 80  # of an answer where servers are compared
ENDED = 600  # characters, by which a draft has come to its end
PATIENCE = 300.0
QUESTIONS = (
    "How do I return something?",
    "Who pays for the return postage?",
    "When will I get my money back?",
    "Can I exchange an item for another one?",
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
    "Can I send back tea that I have opened?",
)
_CONVERSATION: ContextVar[str] = ContextVar("conversation")


@dataclass
class Call:
    """What was asked of the model, and how many characters of a draft were taken; a decision has a schema."""

    messages: Sequence[Message]
    options: Mapping[str, Any]
    schema: Mapping[str, Any] | None = None
    taken: int = 0
    first: float = 0.0


class Recorder:
    """A Generator that notes what was asked of it in each conversation, and when the first words came."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: dict[str, list[Call]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def stream_text(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[str, None]:
        call = self._note_call(Call(messages, options))
        async with aclosing(self._inner.stream_text(messages, **options)) as pieces:
            async for piece in pieces:
                call.first = call.first or time.perf_counter()
                call.taken += len(piece)
                yield piece

    async def generate_json(self, messages: Sequence[Message], schema: Mapping[str, Any], **options: Any) -> Any:
        self._note_call(Call(messages, options, schema))
        return await self._inner.generate_json(messages, schema, **options)

    def _note_call(self, call: Call) -> Call:
        self.calls.setdefault(_CONVERSATION.get(), []).append(call)
        return call


def run() -> dict[str, float]:
    """-> for each level: times to the first token in ms, answers a second, processor time, and ratios."""
    folder = python().parents[1] / MODEL
    with tempfile.TemporaryDirectory() as place, serving() as site, ExitStack() as servers:
        home = Path(place)
        data = crawled(home / "data", f"{site.url}/").data

        def start(**options: Any) -> VllmServer:
            return servers.enter_context(VllmServer(folder, home, name="smollm2", dtype="bfloat16", **options))

        server = start()
        figures, prompts = asyncio.run(_measure(server, data))
        others = {"guessing": start(speculate=True), "forgetting": start(extra=("--no-enable-prefix-caching",))}
        for name, other in others.items():
            figures |= asyncio.run(_compare_servers(name, server, other, prompts))
        return figures


async def _measure(server: VllmServer, data: Path) -> tuple[dict[str, float], list[Sequence[Message]]]:
    """-> the bot's figures, and the prompts of a draft for each question."""
    from bot.app import open_application
    from bot.settings import Settings

    settings = Settings(
        data_dir=data,
        vllm_url=(server.url,),
        vllm_concurrency=64,
        vllm_seconds=PATIENCE,
        first_line_seconds=PATIENCE,  # nobody is to be quoted to meanwhile
        log_level="ERROR",
    )
    async with open_application(settings) as application:
        inner = application.generator
        recorder = Recorder(inner)
        application.generator = recorder  # type: ignore[assignment]
        try:
            await application.warm_up()
            for question in QUESTIONS:  # which the server then remembers
                await _ask_bot(application, recorder, question, [question])
            questions, prompts = _select_answered(recorder)
            figures = await _measure_cached(application, recorder, server)
            for level in LEVELS:
                figures |= await _measure_level(application, recorder, level, questions)
        finally:
            application.generator = inner
    return figures, prompts


async def _measure_cached(application: Any, recorder: Recorder, server: VllmServer) -> dict[str, float]:
    """What the prefix cache serves of the prompts of a conversation, and of a naive layout of the same."""
    from bot.chat.conversation import IncomingMessage

    recorder.calls.clear()
    _CONVERSATION.set("cached")
    for question in QUESTIONS:
        await follow_answer(application.answer_pipeline.answer_message(IncomingMessage("cached", question)))
    prompts = [call.messages for call in recorder.calls["cached"] if call.messages[-1].content.startswith("<passages>")]

    def lay_out_naively(prompt: Sequence[Message]) -> list[Message]:
        system, *earlier, last = (message.content for message in prompt)
        passages, _, question = last.partition("</passages>")
        return [Message(Role.USER, "\n".join([question, passages, *earlier, system]))]

    async def share(messages: Sequence[Sequence[Message]]) -> float:
        before = await asyncio.to_thread(server.metrics)
        for each in messages:
            with suppress(GeneratorTooLong):
                _ = [piece async for piece in recorder.stream_text(each, max_tokens=1)]
        after = await asyncio.to_thread(server.metrics)
        return (after[CACHE_HITS] - before[CACHE_HITS]) / (after[CACHE_QUERIES] - before[CACHE_QUERIES])

    await asyncio.to_thread(server.kill)  # an empty cache
    await asyncio.to_thread(server.start)
    ours = await share(prompts)
    return {"cached": ours, "cached_naive": await share([lay_out_naively(prompt) for prompt in prompts])}


@dataclass
class Sums:
    """Of one way, over all rounds of a level: seconds to each answer's first token, and in all."""

    firsts: list[float]
    seconds: float = 0.0
    processor: float = 0.0


def _select_answered(recorder: Recorder) -> tuple[list[str], list[Sequence[Message]]]:
    """The questions that are answered by drafts which the model brings to an end, and a draft's prompt for each: where
    it goes round in circles, one answer would be all that is measured."""
    drafts = {}
    for question in QUESTIONS:
        calls = recorder.calls.get(f"{question}-0", [])
        draft = _find_draft(calls)
        if draft and all(call.taken <= ENDED for call in calls):
            drafts[question] = draft.messages
    if not drafts:
        raise RuntimeError("the model brought no draft to its end: there is nothing to measure")
    return list(drafts), list(drafts.values())


async def _measure_level(
    application: Any, recorder: Recorder, level: int, questions: Sequence[str]
) -> dict[str, float]:
    bot, direct = Sums([]), Sums([])
    for turn in range(ROUNDS[level] + 1):  # by turns, so that what else the machine does hits both; the first warms up
        recorder.calls.clear()
        asked = [questions[(turn + number) % len(questions)] for number in range(level)]
        through = await _time_together(_ask_bot(application, recorder, f"{level}-{turn}", asked))
        calls = list(recorder.calls.values())
        plainly = await _time_together(_ask_directly(application.generator, calls))
        if turn:
            for sums, new in ((bot, through), (direct, plainly)):
                sums.firsts += new.firsts
                sums.seconds += new.seconds
                sums.processor += new.processor
    answers = len(bot.firsts)
    first, plain = statistics.median(bot.firsts), statistics.median(direct.firsts)
    return {
        f"first_token_ms_at_{level}": first * 1000,
        f"direct_first_token_ms_at_{level}": plain * 1000,
        f"first_token_ratio_at_{level}": first / plain,
        f"answers_a_second_at_{level}": answers / bot.seconds,
        f"throughput_ratio_at_{level}": direct.seconds / bot.seconds,
        f"own_ms_at_{level}": bot.processor / answers * 1000,
        f"client_ms_at_{level}": direct.processor / answers * 1000,
    }


async def _time_together(asking: Coroutine[Any, Any, list[float]]) -> Sums:
    started, worked = time.perf_counter(), time.process_time()
    firsts = await asking
    return Sums(firsts, time.perf_counter() - started, time.process_time() - worked)


async def _ask_bot(application: Any, recorder: Recorder, name: str, questions: Sequence[str]) -> list[float]:
    """Each in a conversation of its own, at once; -> each one's seconds to the first token of a draft."""
    from bot.chat.conversation import IncomingMessage

    async def ask(number: int, question: str) -> float:
        conversation = f"{name}-{number}"
        _CONVERSATION.set(conversation)
        started = time.perf_counter()
        message = IncomingMessage(conversation, question)
        await follow_answer(application.answer_pipeline.answer_message(message))
        draft = _find_draft(recorder.calls.get(conversation, []))
        return draft.first - started if draft else 0.0

    return list(await asyncio.gather(*(asyncio.create_task(ask(*each)) for each in enumerate(questions))))


async def _ask_directly(generator: Any, conversations: Sequence[Sequence[Call]]) -> list[float]:
    """The same calls, straight to the client, each draft up to where the bot had enough of it."""

    async def ask(calls: Sequence[Call]) -> float:
        _CONVERSATION.set("direct")
        started, first = time.perf_counter(), 0.0
        for call in calls:
            if call.schema is not None:
                await generator.generate_json(call.messages, call.schema, **call.options)
                continue
            taken = 0
            with suppress(GeneratorTooLong):
                async with aclosing(generator.stream_text(call.messages, **call.options)) as pieces:
                    async for piece in pieces:
                        first, taken = first or time.perf_counter(), taken + len(piece)
                        if taken >= call.taken:
                            break
        return first - started

    return list(await asyncio.gather(*(asyncio.create_task(ask(calls)) for calls in conversations)))


def _find_draft(calls: Sequence[Call]) -> Call | None:
    return next((call for call in calls if call.schema is None and call.first), None)


async def _compare_servers(
    name: str, server: VllmServer, other: VllmServer, prompts: Sequence[Sequence[Message]]
) -> dict[str, float]:
    """How the same drafts come from another server than `server`, by turns: its speed over the latter's."""
    figures: dict[str, float] = {}
    for level in LEVELS[:2]:
        drafts: dict[VllmServer, list[tuple[float, float]]] = {server: [], other: []}
        for turn in range(3):
            for each in (server, other):
                drafted = await _draft(each, (prompts * level)[: max(level, 4)], level)
                if turn:  # the first fills the cache
                    drafts[each].append(drafted)
        firsts, rates = ([statistics.mean(row[place] for row in drafts[each]) for each in drafts] for place in (0, 1))
        figures[f"{name}_first_token_ratio_at_{level}"] = firsts[1] / firsts[0]
        figures[f"{name}_times_faster_at_{level}"] = rates[1] / rates[0]
    made = await asyncio.to_thread(other.metrics)
    if made[GUESSED_RIGHT]:
        figures[f"{name}_tokens_a_step"] = made[GENERATED] / (made[GENERATED] - made[GUESSED_RIGHT])
    return figures


async def _draft(server: VllmServer, prompts: Sequence[Sequence[Message]], at_once: int) -> tuple[float, float]:
    """-> the median of the seconds to the first token, tokens a second."""
    generator = VllmGenerator([server.url], limits=Limits(first=PATIENCE, total=PATIENCE))
    before, started = (await asyncio.to_thread(server.metrics))[GENERATED], time.perf_counter()

    slots = asyncio.Semaphore(at_once)

    async def ask(prompt: Sequence[Message]) -> float:
        async with slots:
            begun, first = time.perf_counter(), 0.0
            with suppress(GeneratorTooLong):
                async for _ in generator.stream_text(prompt, max_tokens=TOKENS):
                    first = first or time.perf_counter()
            return first - begun

    firsts = await asyncio.gather(*(ask(prompt) for prompt in prompts))
    took = time.perf_counter() - started
    await generator.close()
    made = (await asyncio.to_thread(server.metrics))[GENERATED] - before
    return statistics.median(firsts), made / took
