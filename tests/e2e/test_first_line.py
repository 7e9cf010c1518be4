"""A customer has a first useful line in time, however slowly a model writes; what comes later may replace it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den
from tests.support.openai_server import HANG, OpenAiServer, Script
from tests.support.rooms import SECONDS, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.workspace import Message

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

FIRST_LINE = 1.0
QUESTION = "How do I return something?"
QUOTED = "Print the label"  # of the page's own words
SAME = "You have 30 days from the day it arrived, as long as it is unused [1]."
REPLACED = "This replaces"


def write_more(body: dict[str, Any]) -> str:
    """What a model might write of the second passage of its prompt, after the first."""
    prompt = body["messages"][-1]["content"]
    found = re.search(r"<passage 2>\n[^\n]*\n\n(.*?)\n</passage>", prompt, re.DOTALL)
    assert found, prompt
    sentence = re.split(r"(?<=[.!?])\s", found[1].strip())[0].rstrip(".!?")
    return f"{SAME} {sentence} [2]."


class Both(NamedTuple):
    """A bot in both stand-ins, and the server that it asks."""

    bot: Bot
    discord: DiscordStandIn
    server: OpenAiServer

    def write(self, *pieces: str, **more: Any) -> None:
        """What the model writes from now on, of itself where no `pieces` are given."""
        self.server.answer = lambda body: Script(pieces or [write_more(body)], **more)

    async def aborted(self) -> None:
        """The server works on nothing any more."""
        for _ in range(100):
            if not self.server.running:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the server still writes")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    folder = tmp_path_factory.mktemp("first-line")
    async with OpenAiServer() as server, SlackStandIn() as slack, DiscordStandIn(limits=False) as discord:
        settings = {
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_VLLM_URL": server.url,
            "FRONTDESK_FIRST_LINE_SECONDS": str(FIRST_LINE),
            "FRONTDESK_ANSWER_THRESHOLD": "0.1",
        }
        async with Bot(slack, shop, folder, discord=discord, **settings) as bot:
            yield Both(bot, discord, server)


@pytest.fixture
def room(both: Both) -> Room:
    return Room(both.bot)


# In this order: those first that find the server slow. Of a server that is known to be fast and stalls, a draft is
# dropped sooner.


async def interim(room: Room, ts: str) -> Message:
    """The quote, as soon as it stands, without what stands below a complete answer."""
    begun = time.monotonic()
    [quote] = await room.slack.wait_for(lambda: room.said(ts), SECONDS, "a first line")
    assert FIRST_LINE / 2 < time.monotonic() - begun < 3 * FIRST_LINE, "it is due after a second"
    assert QUOTED in quote.shown and "Sources" not in quote.shown and REPLACED not in quote.shown
    return quote  # type: ignore[no-any-return]


async def complete(room: Room, ts: str) -> Message:
    """The answer, once it is complete; nothing else stands."""

    def found() -> list[Message]:
        return [reply for reply in room.said(ts) if "Sources" in reply.shown]

    await room.slack.wait_for(found, SECONDS, "a complete answer")
    return await room.one_answer(ts)


async def test_a_draft_that_says_more_replaces_the_quote_in_the_same_message_and_says_so(
    both: Both, room: Room
) -> None:
    both.write(first=2.5)
    ts = await room.ask(QUESTION)
    quote = await interim(room, ts)
    answer = await complete(room, ts)
    assert answer.ts == quote.ts and answer.shown.startswith("You have 30 days from the day it arrived")
    assert REPLACED in answer.shown and QUOTED not in answer.shown
    [(text, model)] = both.bot.sql("SELECT answer, model FROM turns ORDER BY created_at DESC LIMIT 1")
    assert model == "tiny" and REPLACED in text


async def test_in_discord_the_quote_stands_in_time_and_a_draft_replaces_it(both: Both) -> None:
    den = Den(both.bot, both.discord)
    both.write(first=2.5)
    begun = time.monotonic()
    asked = await den.ask(QUESTION)
    quote = await den.says(asked, QUOTED)
    assert FIRST_LINE / 2 < time.monotonic() - begun < 3 * FIRST_LINE
    answer = await den.one_answer(asked, containing=REPLACED)
    assert answer.id == quote.id and "You have 30 days" in shown(answer) and QUOTED not in shown(answer)


async def test_a_draft_that_says_the_same_is_dropped_and_the_quote_completed(both: Both, room: Room) -> None:
    both.write(SAME, first=2.0)
    ts = await room.ask(QUESTION)
    quote = await interim(room, ts)
    answer = await complete(room, ts)
    assert answer.ts == quote.ts and QUOTED in answer.shown and REPLACED not in answer.shown
    [(model,)] = both.bot.sql("SELECT model FROM turns ORDER BY created_at DESC LIMIT 1")
    assert model == "extractive"


async def test_a_late_refusal_makes_a_suggestion_of_the_quote(both: Both, room: Room) -> None:
    both.write("NO_ANSWER", first=2.0)
    ts = await room.ask(QUESTION)
    quote = await interim(room, ts)
    answer = await room.answer(ts, containing="nearest thing")
    assert answer.ts == quote.ts and "NO_ANSWER" not in answer.shown


async def test_a_deleted_question_takes_the_quote_along_and_stops_the_model(both: Both, room: Room) -> None:
    both.write(first=HANG)
    ts = await room.ask(QUESTION)
    await interim(room, ts)
    await room.slack.delete(room.channel, ts)
    await room.slack.wait_for(lambda: both.bot.states().get(ts) == "withdrawn", SECONDS)
    await both.aborted()
    assert room.said(ts) == []


async def test_an_edited_question_is_answered_anew_in_the_quotes_place(both: Both, room: Room) -> None:
    both.write(first=HANG)
    ts = await room.ask(QUESTION)
    quote = await interim(room, ts)
    both.write("Yes, gift cards expire after three years [1].")
    await room.slack.edit(room.channel, ts, f"<@{room.slack.bot_user}> Do gift cards expire?")
    answer = await complete(room, ts)
    assert answer.ts == quote.ts and QUOTED not in answer.shown


async def test_a_process_that_dies_meanwhile_leaves_one_answer_all_the_same(both: Both, room: Room) -> None:
    both.write(first=HANG)
    ts = await room.ask(QUESTION)
    quote = await interim(room, ts)
    await both.bot.kill()
    both.write(SAME)
    await both.bot.start()
    answer = await complete(room, ts)
    assert answer.ts == quote.ts


async def test_a_command_has_the_quote_in_time_and_nothing_in_its_place(both: Both, room: Room) -> None:
    both.write(first=HANG)
    begun = time.monotonic()
    await room.slack.command("/ask", room.asker, room.channel, QUESTION)
    [answer] = await room.slack.wait_for(lambda: room.slack.bot_messages(room.channel), SECONDS)
    assert QUOTED in answer.shown and "Sources" in answer.shown and time.monotonic() - begun < 4 * FIRST_LINE
    await both.aborted()


async def test_in_discord_a_deleted_question_takes_the_quote_along(both: Both) -> None:
    den = Den(both.bot, both.discord)
    both.write(first=HANG)
    asked = await den.ask(QUESTION)
    await den.says(asked, QUOTED)
    await den.asker.delete(den.channel.history()[0])
    await den.done(asked)
    await both.aborted()
    await both.discord.wait_for(lambda: not den.said(asked), SECONDS, "nothing")
