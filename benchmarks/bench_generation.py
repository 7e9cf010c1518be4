"""What the bot adds to a vLLM server: the same questions asked of it directly and through the whole use case.

A real server on this machine's CPU (`make vllm` installs it) serves a model of some million parameters that answers in
one cited sentence. That is unflattering: a model people use takes a hundred times as long for a word, and the bot's own
time stays the same. Both ways send the very same prompts, so that the work of the server is the same.

first_token   until the server's first token is back
cached        the share of prompt tokens that the server's prefix cache held, by its own metrics: of the prompts of a
              conversation as the bot lays them out, and of the same texts with the question first and the rules last
first_shown   through the bot: until the first sentence that was checked is let out; directly: until that sentence ends
cpu           this process's time for an answer, through the bot and directly. Every answer is the same sentence, which
              is embedded once; another one takes some 4 ms more on the machine of docs/quality.md
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from bot.chat.reply_stream import AnswerView, follow_answer
from examples.serve import serving
from inference.errors import GeneratorUnavailable
from tests.support.bots import FRONTDESK
from tests.support.vllm.chain_model import write_chain_model
from tests.support.vllm.server import CACHE_HITS, CACHE_QUERIES, VllmServer

LEVELS = (1, 8, 32)
ROUNDS = {1: 60, 8: 12, 32: 4}
ANSWER = ["You", " have", " 30", " days", " from", " the day", " it", " arrived", " [1]", "."]
QUESTION = "How do I return something?"
QUESTIONS = (
    QUESTION,
    "Who pays for the return postage?",
    "When will I get my money back?",
    "Can I exchange an item for another one?",
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
    "Can I send back tea that I have opened?",
)


class Recorder:
    """A Generator that notes what it was asked and when its first words came."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.prompts: list[Any] = []
        self.first: dict[str, float] = {}
        self.decides = True

    async def stream_text(self, messages: Any, **options: Any) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        async with aclosing(self._inner.stream_text(messages, **options)) as pieces:
            async for piece in pieces:
                self.first.setdefault(asyncio.current_task().get_name(), time.perf_counter())  # type: ignore[union-attr]
                yield piece

    async def generate_json(self, messages: Any, schema: Mapping[str, Any], **options: Any) -> Any:
        if not self.decides:
            raise GeneratorUnavailable("decides nothing in this part")
        return await self._inner.generate_json(messages, schema, **options)

    async def count_tokens(self, messages: Any) -> int:
        return int(await self._inner.count_tokens(messages))

    async def context_length(self) -> int:
        return int(await self._inner.context_length())

    async def model_name(self) -> str:
        return str(await self._inner.model_name())


def run() -> dict[str, float]:
    """-> for each level: times to first token and first shown sentence in ms, answers a second, their ratios, and the
    processor time of an answer."""
    with tempfile.TemporaryDirectory() as folder, serving() as site:
        home = Path(folder)
        settings = {
            "FRONTDESK_DATA_DIR": str(home / "data"),
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_CRAWL_DELAY": "0",
        }
        subprocess.run(
            [*FRONTDESK, "crawl", f"{site.url}/"], env=os.environ | settings, check=True, capture_output=True
        )
        model = write_chain_model(home / "model", {"": ANSWER})
        with VllmServer(model, home) as server:
            return asyncio.run(_measure(server, home / "data"))


async def _measure(server: VllmServer, data: Path) -> dict[str, float]:
    from bot.app import open_application
    from bot.settings import Settings

    settings = Settings(data_dir=data, vllm_url=(server.url,), vllm_concurrency=64, log_level="ERROR")
    figures: dict[str, float] = {}
    async with open_application(settings) as application:
        recorder = Recorder(application.generator)
        application.generator = recorder  # type: ignore[assignment]
        try:
            await application.warm_up()
            figures |= await _measure_cached(application, recorder, server)
            for level in LEVELS:
                figures |= await _measure_level(application, recorder, level)
        finally:
            application.generator = recorder._inner
    return figures


async def _measure_cached(application: Any, recorder: Recorder, server: VllmServer) -> dict[str, float]:
    """What the prefix cache serves of the prompts of a conversation, and of a naive layout of the same."""
    from bot.chat.conversation import IncomingMessage
    from inference.interfaces import Message, Role

    recorder.prompts.clear()
    recorder.decides = False  # so small a model rewrites follow-ups as nonsense: they are read by rules
    for question in QUESTIONS:
        await follow_answer(application.answer_pipeline.answer_message(IncomingMessage("cached", question)))
    recorder.decides = True
    prompts = [prompt for prompt in recorder.prompts if prompt[-1].content.startswith("<passages>")]

    def naive(prompt: Sequence[Message]) -> list[Message]:
        system, *earlier, last = (message.content for message in prompt)
        passages, _, question = last.partition("</passages>")
        return [Message(Role.USER, "\n".join([question, passages, *earlier, system]))]

    async def share(messages: Sequence[Sequence[Message]]) -> float:
        before = await asyncio.to_thread(server.metrics)
        for each in messages:
            async for _ in recorder._inner.stream_text(each, max_tokens=50):
                pass
        after = await asyncio.to_thread(server.metrics)
        return (after[CACHE_HITS] - before[CACHE_HITS]) / (after[CACHE_QUERIES] - before[CACHE_QUERIES])

    await asyncio.to_thread(server.kill)  # an empty cache
    await asyncio.to_thread(server.start)
    ours = await share(prompts)
    return {"cached": ours, "cached_naive": await share([naive(prompt) for prompt in prompts])}


async def _measure_level(application: Any, recorder: Recorder, level: int) -> dict[str, float]:
    bot: list[dict[str, float]] = []
    direct: list[dict[str, float]] = []
    seconds, cpu = {"bot": 0.0, "direct": 0.0}, {"bot": 0.0, "direct": 0.0}
    for turn in range(
        ROUNDS[level] + 1
    ):  # in turns, so that whatever else the machine does hits both; the first warms up
        recorder.prompts.clear()
        through, took, worked = await _ask_together([_ask(application, recorder, level, turn, n) for n in range(level)])
        plainly, took_direct, worked_direct = await _ask_together(
            [_ask_directly(recorder, prompt) for prompt in recorder.prompts]
        )
        if turn:
            bot += through
            direct += plainly
            seconds["bot"] += took
            seconds["direct"] += took_direct
            cpu["bot"] += worked
            cpu["direct"] += worked_direct

    def median(rows: Sequence[Mapping[str, float]], key: str) -> float:
        return statistics.median(row[key] for row in rows)

    own = {f"{key}_ms_at_{level}": median(bot, key) * 1000 for key in ("first_token", "first_shown", "retrieval")}
    plain = {f"direct_{key}_ms_at_{level}": median(direct, key) * 1000 for key in ("first_token", "first_shown")}
    return {
        **own,
        **plain,
        f"first_token_ratio_at_{level}": median(bot, "first_token") / median(direct, "first_token"),
        f"first_shown_ratio_at_{level}": median(bot, "first_shown") / median(direct, "first_shown"),
        f"answers_a_second_at_{level}": len(bot) / seconds["bot"],
        f"throughput_ratio_at_{level}": seconds["direct"] / seconds["bot"],
        f"cpu_ms_at_{level}": cpu["bot"] * 1000 / len(bot),
        f"direct_cpu_ms_at_{level}": cpu["direct"] * 1000 / len(direct),
    }


async def _ask_together(asks: Sequence[Any]) -> tuple[list[dict[str, float]], float, float]:
    """-> what each took, and the seconds of all of them: by the clock, and of this process's work."""
    started, worked = time.perf_counter(), time.process_time()
    rows = await asyncio.gather(*(asyncio.create_task(ask, name=f"ask-{number}") for number, ask in enumerate(asks)))
    return list(rows), time.perf_counter() - started, time.process_time() - worked


class _FirstShown(AnswerView):
    """When something of an answer was shown first."""

    def __init__(self) -> None:
        self.at = 0.0

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self.at = self.at or time.perf_counter()


async def _ask(application: Any, recorder: Recorder, level: int, turn: int, number: int) -> dict[str, float]:
    """Through the use case: load, retrieve, decide, prompt, stream, check, store."""
    from bot.chat.conversation import IncomingMessage

    name = asyncio.current_task().get_name()  # type: ignore[union-attr]
    recorder.first.pop(name, None)
    started, view = time.perf_counter(), _FirstShown()
    message = IncomingMessage(f"{level}-{turn}-{number}", QUESTION)
    answered = await follow_answer(application.answer_pipeline.answer_message(message), view)
    assert answered.answer == "".join(ANSWER), answered.answer
    retrieval = answered.timings_ms["retrieve"] / 1000
    return {"first_token": recorder.first[name] - started, "first_shown": view.at - started, "retrieval": retrieval}


async def _ask_directly(recorder: Recorder, prompt: Any) -> dict[str, float]:
    """The same prompt, straight to the client."""
    started, first, text = time.perf_counter(), 0.0, ""
    async with aclosing(recorder._inner.stream_text(prompt, max_tokens=700)) as pieces:
        async for piece in pieces:
            first = first or time.perf_counter()
            text += piece
    assert text == "".join(ANSWER)
    return {"first_token": first - started, "first_shown": time.perf_counter() - started}
