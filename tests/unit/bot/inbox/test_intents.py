"""Messages are read in batches beside the event loop, each once, in the order in which they came."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from bot.chat.intent import UNREAD, MessageReading
from bot.inbox.intents import IntentReadings
from tests.fakes import FakeIntents


class Slow(FakeIntents):
    """Reads when it is let to, and notes what it was given together."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()
        self.go = threading.Event()

    def read_messages(self, texts: Sequence[str], language: str = "") -> Sequence[MessageReading]:
        assert self.go.wait(5)
        self.batches.append(list(texts))
        self.threads.add(threading.get_ident())
        return super().read_messages(texts, language)


class Broken(FakeIntents):
    def read_messages(self, texts: Sequence[str], language: str = "") -> Sequence[MessageReading]:
        raise RuntimeError("a model that cannot be loaded")


async def test_what_comes_while_another_is_read_is_read_together() -> None:
    reader = Slow()
    readings = IntentReadings(reader)
    first = asyncio.create_task(readings.read_message("first?"))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(readings.read_message(f"Where is parcel {number}?")) for number in range(100)]
    await asyncio.sleep(0.05)
    reader.go.set()
    assert all(reading.asks for reading in await asyncio.gather(first, *others))
    assert [len(batch) for batch in reader.batches] == [1, 64, 36]
    assert threading.get_ident() not in reader.threads


async def test_what_needs_no_reading_waits_for_what_came_before_it_and_no_longer() -> None:
    reader = Slow()
    readings = IntentReadings(reader)
    assert await readings.read_message("") is UNREAD
    order: list[str] = []

    async def note(text: str) -> None:
        await readings.read_message(text)
        order.append(text)

    tasks = [asyncio.create_task(note("one?"))]
    await asyncio.sleep(0.05)
    tasks.append(asyncio.create_task(note("")))
    await asyncio.sleep(0.05)
    assert order == []
    reader.go.set()
    await asyncio.gather(*tasks)
    assert order == ["one?", ""]


async def test_languages_are_read_apart_and_put_together_again() -> None:
    reader = Slow()
    reader.go.set()
    readings = IntentReadings(reader)
    texts = ["hello", "怎么退货?", "Where is my parcel?", "谢谢"]
    read = await asyncio.gather(*(readings.read_message(text) for text in texts))
    assert [reading.asks for reading in read] == [False, True, True, False]


async def test_a_message_that_cannot_be_read_goes_on_unread() -> None:
    readings = IntentReadings(Broken())
    assert await asyncio.gather(readings.read_message("one?"), readings.read_message("two?")) == [UNREAD, UNREAD]


async def test_who_gave_up_keeps_nobody_waiting() -> None:
    reader = Slow()
    readings = IntentReadings(reader)
    gone, stays = (asyncio.create_task(readings.read_message(text)) for text in ("gone?", "stays?"))
    await asyncio.sleep(0.05)
    gone.cancel()
    reader.go.set()
    assert (await stays).asks
